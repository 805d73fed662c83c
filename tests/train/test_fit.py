"""Training runs: when they end, what they keep, and what they refuse."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from corpora import synthetic_corpus
from runs import outcome, same, small

from edge.errors import InputError, OutputError, UsageError
from train import checkpoint
from train import fit as fit_module
from train.__main__ import main
from train.fit import fit
from train.recipe import Recipe


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "hearts"
    synthetic_corpus(path)
    return path


def test_a_run_ends_when_patience_does_and_keeps_the_best(tmp_path: Path, data: Path):
    # so fast that it only gets worse
    chosen = small(steps=60, patience_epochs=2, ema=0.0, schedule="constant", warm_up=0.0, learning_rate=5.0)
    fit([data], tmp_path / "run", chosen)
    _, curve = outcome(tmp_path / "run")
    best = max(range(len(curve)), key=lambda k: curve[k]["pcc"])
    assert len(curve) == best + 3 < 20
    _, config = checkpoint.load(tmp_path / "run" / "best.safetensors")
    assert config["step"] == curve[best]["step"]
    assert config["validation"]["pcc"] == curve[best]["pcc"]
    fit([data], tmp_path / "run", chosen)  # nothing more to do
    assert outcome(tmp_path / "run")[1] == curve


def test_a_checkpoint_tells_what_it_was_made_of(tmp_path: Path, data: Path):
    fit([data], tmp_path / "run", small())
    net, config = checkpoint.load(tmp_path / "run" / "best.safetensors")
    assert net.window == 1000
    assert config["architecture"] == "unet"
    assert config["shape"]["channels"] == [8, 8, 16]
    assert config["shape"]["stem_kernel"] == 8  # a default, written out
    assert Recipe(**config["recipe"]) == small()
    assert config["data"] == [{"corpus": "hearts", "train": 6, "validation": 3}]
    assert config["validation"]["given"] == "II+V1+V5"


def test_another_seed_makes_another_network_and_the_same_one_the_same(tmp_path: Path, data: Path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        fit([data], tmp_path / name, small(seed=seed, steps=2))
    a, b, c = (outcome(tmp_path / name)[1] for name in "abc")
    assert a == b
    assert a[0]["loss"] != c[0]["loss"]


def test_a_run_begins_with_the_weights_it_is_to_start_from(tmp_path: Path, data: Path):
    fit([data], tmp_path / "first", small(steps=2, ema=0.0))
    best = tmp_path / "first" / "best.safetensors"
    began = fit_module.network(small(start=str(best), seed=7))
    first, _ = checkpoint.load(best)
    assert all(torch.equal(a, b) for a, b in zip(began.state_dict().values(), first.state_dict().values(), strict=True))
    with pytest.raises(UsageError, match="holds another network than this recipe's unet"):
        fit_module.network(small(start=str(best), shape={"channels": [8, 16, 16]}))


def test_a_student_learns_from_its_teachers(tmp_path: Path, data: Path):
    teacher = str(tmp_path / "teacher" / "best.safetensors")
    fit([data], tmp_path / "teacher", small(seed=3))
    fit([data], tmp_path / "alone", small(steps=3))
    fit([data], tmp_path / "taught", small(steps=3, teachers=(teacher,)))
    assert not same(outcome(tmp_path / "alone")[0]["net"], outcome(tmp_path / "taught")[0]["net"])
    fit([data], tmp_path / "other", small("mcma", steps=3))
    with pytest.raises(UsageError, match="has windows of 1024 samples, not 1000"):
        fit([data], tmp_path / "x", small(teachers=(str(tmp_path / "other" / "best.safetensors"),)))


def test_a_folder_with_another_run_is_left_alone(tmp_path: Path, data: Path):
    fit([data], tmp_path / "run", small(steps=2))
    before = (tmp_path / "run" / "state.pt").read_bytes()
    with pytest.raises(UsageError, match='holds another run, with architecture = "unet", not "mcma"'):
        fit([data], tmp_path / "run", small("mcma", steps=2))
    with pytest.raises(UsageError, match=r"holds another run, with learning_rate = 0\.001, not 0\.002"):
        fit([data], tmp_path / "run", small(steps=2, learning_rate=2e-3))
    assert (tmp_path / "run" / "state.pt").read_bytes() == before
    (tmp_path / "run" / "state.pt").unlink()
    with pytest.raises(UsageError, match=r"best\.safetensors is there \(unet\) without state\.pt"):
        fit([data], tmp_path / "run", small(steps=2))


def test_a_damaged_state_is_told(tmp_path: Path, data: Path):
    fit([data], tmp_path / "run", small(steps=2))
    state = tmp_path / "run" / "state.pt"
    state.write_bytes(state.read_bytes()[:5000])
    with pytest.raises(InputError, match="no state of a run, or damaged"):
        fit([data], tmp_path / "run", small(steps=2))


def test_a_full_disk_leaves_the_last_good_state(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch):
    fit([data], tmp_path / "run", small(), stop_after=3)
    state = tmp_path / "run" / "state.pt"
    before = state.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OutputError, match=r"cannot be written \(No space left"):
            fit([data], tmp_path / "run", small())
    assert state.read_bytes() == before
    assert not list((tmp_path / "run").glob("*.part"))
    fit([data], tmp_path / "run", small())
    assert [point["step"] for point in outcome(tmp_path / "run")[1]] == [3, 6]


def test_a_corpus_that_cannot_serve_is_told(tmp_path: Path, data: Path):
    with pytest.raises(InputError, match="is no whole corpus"):
        fit([tmp_path / "nothing"], tmp_path / "run", small())
    with pytest.raises(InputError, match=r"none of its 12 recordings is in train_folds \[2\]"):
        fit([data], tmp_path / "run", small(train_folds=(2,)))
    with pytest.raises(InputError, match=r"is in validation_folds \[7\]"):
        fit([data], tmp_path / "run", small(train_folds=(1,), validation_folds=(7,)))


def test_without_validation_the_last_weights_are_kept(tmp_path: Path, data: Path):
    fit([data], tmp_path / "run", small(validation_folds=(), ema=0.0))
    net, config = checkpoint.load(tmp_path / "run" / "best.safetensors")
    assert config["step"] == 6
    assert config["validation"] == {}
    assert same(dict(net.state_dict()), dict(outcome(tmp_path / "run")[0]["net"]))


def test_the_command_says_what_is_wrong_in_one_line(tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "r.toml").write_text("steps = 2\nbtach = 3\n")
    common = ["--data", str(data), "--out", str(tmp_path / "run")]
    assert main(["fit", "--config", str(tmp_path / "r.toml"), *common]) == 2
    assert main(["fit", "--steps", "2", "--data", str(tmp_path), "--out", str(tmp_path / "run")]) == 3
    (tmp_path / "file").touch()
    assert main(["fit", "--steps", "2", "--data", str(data), "--out", str(tmp_path / "file")]) == 6
    assert main(["fit", *common]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 4
    assert "unknown key 'btach'" in lines[0]


def test_events_for_tensorboard_are_written_where_asked(tmp_path: Path, data: Path):
    pytest.importorskip("tensorboard", reason="TensorBoard is an extra of the training")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    fit([data], tmp_path / "run", small(), tensorboard=tmp_path / "tb")
    events = EventAccumulator(str(tmp_path / "tb")).Reload()
    assert [event.step for event in events.Scalars("pcc")] == [3, 6]
    curve = outcome(tmp_path / "run")[1]
    assert [event.value for event in events.Scalars("loss")] == pytest.approx([point["loss"] for point in curve])
