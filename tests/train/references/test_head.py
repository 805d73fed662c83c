"""A linear head on a frozen backbone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from published_files import net1d_file

from edge.errors import InputError, UsageError
from edge.synthetic import synthesise
from train.__main__ import main
from train.data import corpus
from train.evaluate import classifier, diagnosis
from train.references import head
from train.references.head import Labelled


def separable(seed: int, records: int = 200) -> Labelled:
    """Two classes in eight features, the second known of half the records only."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((records, 8)).astype(np.float32) * np.linspace(0.1, 9, 8, dtype=np.float32) + 3
    score = np.stack([features[:, 0] / 0.1 - 30, -features[:, 7] / 9 + 1 / 3], axis=1)
    known = np.ones((records, 2), bool)
    known[::2, 1] = False
    true = score + 0.3 * rng.standard_normal(score.shape) > 0
    true[~known] = False
    return Labelled(features, true, known)


def test_a_head_finds_what_separates_the_classes_and_ignores_what_is_not_known():
    tensors, about = head.fit(separable(0), separable(1), ("a", "b"))
    assert about["auroc_fold_8_by_class"]["a"] > 0.95
    assert about["auroc_fold_8_by_class"]["b"] > 0.95
    held = separable(2)
    said = head.probabilities(tensors, held.features)
    found = diagnosis.summary(held.true, said, np.array(about["thresholds"]), ("a", "b"), held.known)
    assert found["mean"]["f1"] > 0.85


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a corpus, an untrained backbone, and the head that the command fitted on it."""
    folder = tmp_path_factory.mktemp("head")
    rows = []
    for k in range(24):
        af = k % 2 == 0
        mv = synthesise("af" if af else "sinus", 2.0, seed=k, bpm=120 if af else 60).mv * (1.5 if af else 1.0)
        row = {"name": str(k), "subject": str(k), "fold": 8 if k % 4 > 1 else 1}
        rows.append((row | {"scp_codes": {"AFIB" if af else "NORM": 0}}, mv))
    corpus.save(folder / "corpus", rows)
    net1d_file(folder / "backbone.pth")
    words = ["classify", "--data", str(folder / "corpus"), "--out", str(folder / "head.safetensors")]
    words += ["--backbone", "ecgfounder", "--weights", str(folder / "backbone.pth"), "--classes", "AF,NORM,VT"]
    assert main(words) == 0
    return folder


def test_the_command_fits_the_classes_it_has_examples_of(fitted: Path, capsys: pytest.CaptureFixture[str]):
    judge = classifier.load(fitted / "head.safetensors")
    assert judge.names == ("AF", "NORM")  # no VT in PTB-XL's words
    said, features = judge.judge(corpus.load(fitted / "corpus").mv())
    assert said.shape == (24, 2)
    assert features is not None
    assert features.shape == (24, 1024)
    assert judge.described["prepared"] == "wearecg"


def test_the_backbone_may_lie_beside_the_head(fitted: Path, tmp_path: Path):
    (tmp_path / "head.safetensors").write_bytes((fitted / "head.safetensors").read_bytes())
    assert classifier.load(tmp_path / "head.safetensors").names == ("AF", "NORM")  # where it lay
    (fitted / "backbone.pth").rename(tmp_path / "backbone.pth")
    try:
        assert classifier.load(tmp_path / "head.safetensors").names == ("AF", "NORM")
        with pytest.raises(InputError, match=r"needs its backbone, backbone.pth.*huggingface"):
            classifier.load(fitted / "head.safetensors")
    finally:
        (tmp_path / "backbone.pth").rename(fitted / "backbone.pth")


def test_another_backbone_than_it_was_fitted_to_is_refused(fitted: Path, tmp_path: Path):
    (tmp_path / "head.safetensors").write_bytes((fitted / "head.safetensors").read_bytes())
    kept = (fitted / "backbone.pth").rename(fitted / "kept.pth")
    try:
        net1d_file(fitted / "backbone.pth", seed=1)
        with pytest.raises(InputError, match="fitted to another backbone"):
            classifier.load(fitted / "head.safetensors")
    finally:
        kept.replace(fitted / "backbone.pth")


def test_what_is_missing_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(UsageError, match="choose from ecgfounder"):
        head.checked("resnet", None)
    with pytest.raises(UsageError, match="needs --weights"):
        head.checked("ecgfounder", None)
    words = ["classify", "--data", str(tmp_path), "--out", str(tmp_path / "h"), "--backbone", "ecgfounder"]
    assert main([*words, "--weights", str(tmp_path / "none.pth")]) == 3
    assert "huggingface.co/PKUDigitalHealth" in capsys.readouterr().err
