"""A committee into a bundle, and out of it again in both engines."""

import json
import shutil

import numpy as np
import pytest
import torch

from edge import engines
from edge.bundle import open_bundle
from edge.bundle_classifier import RECONSTRUCTED, TRUE
from edge.config import DEFAULT_BUNDLE
from edge.errors import UsageError
from edge.leads import INDEPENDENT
from train.diagnosis import committee, views
from train.diagnosis.committee import Column, Fitted
from train.diagnosis.views import Views
from train.models.diagnosis import Committee, Diagnosis, DiagnosisConfig

pytest.importorskip("litert_torch", reason="the export extra is not installed")
pytest.importorskip("onnxscript", reason="the export extra is not installed")

pytestmark = pytest.mark.filterwarnings("ignore")  # the converters' own, about themselves
NAMES = ("normal", "mi")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A committee drawn, not fitted, beside views of a few noisy records, and a bundle to put it in."""
    folder = tmp_path_factory.mktemp("classifier")
    torch.manual_seed(0)
    shape = DiagnosisConfig(outputs=5, channels=(8, 8))
    net = Committee([Diagnosis(shape) for _ in range(2)]).eval()
    about = {
        **{"recipe": {}, "weights": 1, "learnt_from": "nothing"},
        "calibration": {view: [[1.0, 0.0]] * 2 for view in (TRUE, RECONSTRUCTED)},
        "thresholds": {view: [0.5, 0.5] for view in (TRUE, RECONSTRUCTED)},
    }
    committee.save(folder / "c.safetensors", Fitted(net, Column(INDEPENDENT, (TRUE,)), NAMES, about))
    x = np.random.default_rng(0).normal(size=(8, 8, 1000)).astype(np.float32)
    table = [{"name": str(k), "fold": 8, "scp_codes": {("NORM", "IMI")[k % 2]: 100}} for k in range(8)]
    signals = dict.fromkeys((TRUE, RECONSTRUCTED, views.ENROLLED), x)
    views.save(folder / "v.npz", Views(signals, np.ones(8, bool), table, ("II", "V1", "V5")))
    shutil.copytree(DEFAULT_BUNDLE, folder / "bundle")
    return folder, net, x


def test_what_comes_out_of_the_bundle_is_what_was_trained(made):
    from export.classifier import add

    folder, net, x = made
    refused = add(folder / "c.safetensors", folder / "v.npz", folder / "bundle")
    bundle = open_bundle(folder / "bundle")
    assert bundle.classifier.names == NAMES
    assert {variant.name for variant in bundle.classifier.variants} >= {"onnx-float32"}
    assert set(refused) <= {"litert-int8-dynamic"}, "a float file that differs would be a broken converter"
    with torch.no_grad():
        meant = net(torch.from_numpy(x[:1])[:, :, None])[0, :2].numpy()
    for engine in ("litert", "onnx"):
        assert bundle.load_classifier(engine).logits(x[0]) == pytest.approx(meant, abs=0.05)
    listed = {one["file"] for one in json.loads((bundle.path / "manifest.json").read_text())["classifier"]["variants"]}
    assert {file.name for file in bundle.path.glob("classifier-*")} == listed, "nothing else stays behind"


def test_a_classifier_of_another_shape_does_not_load(made):
    folder, _, _ = made
    bundle = open_bundle(folder / "bundle")
    file = bundle.path / bundle.classifier.choose("onnx").file
    with pytest.raises(Exception, match="shapes"):
        engines.load_classifier("onnx", file, (8, 1000, 7))


def test_the_command_says_what_it_needs(capsys, monkeypatch):
    from export.__main__ import _main

    monkeypatch.setattr("sys.argv", ["export", "--classifier", "x", "--out", "y"])
    with pytest.raises(UsageError, match="--views"):
        _main()
    monkeypatch.setattr("sys.argv", ["export", "--out", "y"])
    with pytest.raises(UsageError, match="checkpoint"):
        _main()
