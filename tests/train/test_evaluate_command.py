"""python -m train evaluate, as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from corpora import synthetic_corpus

from edge.bundle import RATE
from edge.config import DEFAULT_BUNDLE
from edge.leads import LEADS, TWELVE_FROM_EIGHT
from edge.synthetic import synthesise
from train import checkpoint
from train.__main__ import main
from train.evaluate import reconstructors, signal_level
from train.evaluate.scoring import Protocol, rows, score
from train.models import registry

SMALL = {"channels": [8, 8, 16], "blocks": [1, 1, 1], "basis": 4}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "hearts"
    synthetic_corpus(path, records=12, seconds=8.0)
    return path


def evaluate(*arguments: object) -> int:
    return main(["evaluate", *map(str, arguments)])


def test_the_report_holds_every_level_of_every_model_side_by_side(data: Path, tmp_path: Path):
    pytest.importorskip("neurokit2", reason="heart rates need neurokit2 (extra train)")
    torch.manual_seed(0)
    net = registry.build("unet", SMALL)
    checkpoint.save(tmp_path / "unet.safetensors", net, {"architecture": "unet", "shape": SMALL})
    models = ("--bundle", DEFAULT_BUNDLE, "--model", tmp_path / "unet.safetensors", "--baseline", "linear,measured")
    assert evaluate("--data", data, "--folds", "9", *models, "--no-pictures", "--out", tmp_path / "out") == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["records"] == 3
    names = list(report["models"])
    assert len(names) == 4
    assert {"linear", "measured"} < set(names)
    for name, model in report["models"].items():
        assert model["leaks"] is False, name
        assert set(model["signal"]) == set(signal_level.BANDS)
        assert model["signal"]["0.5-40 Hz"]["by_lead"]["II"]["pcc"] == pytest.approx(1.0, abs=1e-3), name
        assert model["features"]["axis_deg"]["missing"]["n"] + model["features"]["axis_deg"]["missing"]["lost"] == 3
        assert "heart_rate" in model
    assert report["models"]["linear"]["signal"]["0.5-40 Hz"]["missing"]["pcc"] > 0.99  # a dipole is linear
    assert [name for name in names if "calibration" in report["models"][name]] == names[:2]
    page = (tmp_path / "out" / "report.md").read_text()
    assert all(f"| {name} |" in page for name in names)


def test_the_pictures_are_drawn(data: Path, tmp_path: Path):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib (extra demo)")
    model = ("--bundle", DEFAULT_BUNDLE, "--no-heart-rates")
    assert evaluate("--data", data, "--folds", "9", "--every", 2, *model, "--out", tmp_path) == 0
    drawn = {path.name.split("_")[0] for path in tmp_path.glob("*.png")}
    assert drawn == {"error", "calibration.png", "r", "paper"}


def test_where_all_follows_from_what_is_measured_no_interval_is_drawn(data: Path, tmp_path: Path):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib (extra demo)")
    leads = ("--leads", "I,II,V1,V2,V3,V4,V5,V6", "--bundle", DEFAULT_BUNDLE, "--no-heart-rates")
    assert evaluate("--data", data, "--folds", "9", "--every", 3, *leads, "--out", tmp_path) == 0
    assert (tmp_path / "error_by_lead.png").exists()
    assert not (tmp_path / "calibration.png").exists()


def test_enrolment_is_scored_on_the_rest_for_everyone(data: Path, tmp_path: Path):
    quick = ("--no-pictures", "--no-heart-rates")
    models = ("--baseline", "patient-linear,dower")
    assert evaluate("--data", data, "--folds", "9", *models, "--enrol", 3, *quick, "--out", tmp_path) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert list(report["models"]) == ["patient-linear, enrolled", "dower"]
    assert report["enrol_s"] == 3.0
    assert not any(model["leaks"] for model in report["models"].values())
    assert report["models"]["patient-linear, enrolled"]["signal"]["0.5-40 Hz"]["missing"]["pcc"] > 0.99


def test_what_lies_in_the_enrolment_is_scored_for_nobody(data: Path):
    from train.data import corpus

    hearts = corpus.load(data).select([9])
    spoilt = corpus.Corpus(np.array(hearts.uv[:]), hearts.table)
    rest = round(3 * RATE)
    spoilt.uv[:, rest + 1 :, LEADS.index("V2")] = 0  # the scored part of V2 is flat, its enrolment is not
    table = rows(reconstructors.baselines(["measured"], hearts), rest)
    score(spoilt, table, Protocol(("II", "V1", "V5"), rest, heart_rates=False), lambda done, total: None)
    figures = table[0].gathered.level("0.5-40 Hz")
    assert np.isnan(figures["pcc"][:, LEADS.index("V2")]).all()


def test_a_model_that_leaks_is_named_and_fails_the_command(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def cheats(names: object, train: object) -> list[reconstructors.Reconstructor]:
        return [reconstructors.Reconstructor("too good", "baseline", lambda mv, given: reconstructors.Estimate(mv))]

    monkeypatch.setattr(reconstructors, "baselines", cheats)
    quick = ("--no-pictures", "--no-heart-rates")
    assert evaluate("--data", data, "--folds", "9", "--baseline", "x", *quick, "--out", tmp_path) == 1
    assert "too good" in capsys.readouterr().err
    assert "LEAKS" in (tmp_path / "report.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--baseline", "magic"), "no baseline 'magic'"),
        (("--baseline", "patient-linear"), "needs --enrol"),
        ((), "nothing to evaluate"),
        (("--baseline", "dower", "--leads", "II,V9"), "names of standard leads"),
        (("--baseline", "dower", "--leads", "II,MLII"), "each once"),
        (("--baseline", "dower", "--leads", ",".join(LEADS)), "nothing is left"),
        (("--baseline", "dower", "--folds", "nine"), "joined by commas"),
        (("--baseline", "dower", "--folds", "5"), "no record in folds 5"),
        (("--baseline", "dower", "--every", "0"), "1 or more"),
        (("--baseline", "dower", "--enrol", "7"), "leaves 1 s"),
        (("--baseline", "dower,dower"), "two models are called dower"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
):
    assert evaluate("--data", data, *arguments, "--out", tmp_path / "never") == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "never").exists()


def test_a_fitted_baseline_asks_for_training_records(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    from train.data import corpus

    heart = synthesise("sinus", 6.0, seed=1).mv
    corpus.save(tmp_path / "test set", [({"name": "a", "subject": "a", "fold": None}, heart)])
    quick = ("--no-pictures", "--no-heart-rates", "--out", tmp_path / "out")
    assert evaluate("--data", tmp_path / "test set", "--baseline", "linear", *quick) == 2
    assert "give another to --fit" in capsys.readouterr().err
    assert (
        evaluate("--data", tmp_path / "test set", "--baseline", "dower", "--leads", "I,II,V1,V2,V3,V4,V5,V6", *quick)
        == 0
    )


def test_a_network_given_augmented_leads_reads_what_was_measured():
    torch.manual_seed(1)
    net = registry.build("unet", SMALL)
    mv = np.random.default_rng(0).standard_normal((1500, 12)).astype(np.float32)
    model = reconstructors._any_lead(net.eval(), "n", {})
    for given in (("aVF", "V2"), ("I", "III"), ("II", "V1", "V5"), ("aVR",)):
        twelve = model(mv, given)
        columns = [LEADS.index(lead) for lead in given]
        assert np.array_equal(twelve[:, columns], mv[:, columns]), given
        shown = reconstructors._shown(mv, given)
        assert np.allclose((shown @ TWELVE_FROM_EIGHT.T)[:, columns], mv[:, columns], atol=1e-5), given
