"""Runs that were interrupted or killed go on as if nothing had been."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from corpora import synthetic_corpus
from runs import outcome, same, small

from train.fit import fit

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "hearts"
    synthetic_corpus(path)
    return path


@pytest.mark.parametrize(
    ("architecture", "changes"),
    [
        ("unet", {}),
        ("unet", {"hearts": 2, "ema": 0.0, "schedule": "cosine"}),
        ("wearecg", {"precision": "bf16", "batch": 2, "steps": 4, "steps_per_epoch": 2}),
    ],
    ids=["unet", "hearts shown twice", "wearecg in bf16, which draws its latent"],
)
def test_an_interrupted_run_goes_on_to_the_same_curve_and_weights(
    tmp_path: Path, data: Path, architecture: str, changes: dict[str, Any]
):
    chosen = small(architecture, **changes)
    fit([data], tmp_path / "whole", chosen)
    fit([data], tmp_path / "cut", chosen, stop_after=1)  # in the middle of an epoch
    fit([data], tmp_path / "cut", chosen, stop_after=chosen.steps_per_epoch)
    fit([data], tmp_path / "cut", chosen)
    assert same(outcome(tmp_path / "whole"), outcome(tmp_path / "cut"))
    best = [(tmp_path / run / "best.safetensors").read_bytes() for run in ("whole", "cut")]
    assert best[0] == best[1]


def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come in time"
        time.sleep(0.02)


def test_a_killed_run_goes_on_to_the_same_curve_and_weights(tmp_path: Path, data: Path):
    chosen = small(steps=400, steps_per_epoch=2)
    settings = [
        "batch=4",
        "learning_rate=1e-3",
        "steps_per_epoch=2",
        "shape={channels=[8,8,16], blocks=[1,1,1], basis=4}",
    ]
    command = [
        sys.executable,
        "-m",
        "train",
        "fit",
        "--data",
        str(data),
        "--out",
        str(tmp_path / "cut"),
        "--steps",
        "400",
    ]
    command += [part for text in settings for part in ("--set", text)]
    with subprocess.Popen([*command, "--threads", "1"], cwd=CHECKOUT, stdout=subprocess.DEVNULL) as killed:
        curve = tmp_path / "cut" / "curve.json"
        until(lambda: killed.poll() is not None or (curve.exists() and len(json.loads(curve.read_text())) >= 3))
        killed.send_signal(signal.SIGKILL)
    assert killed.returncode == -signal.SIGKILL
    reached = torch.load(tmp_path / "cut" / "state.pt", weights_only=True)["progress"]["step"]
    assert 4 <= reached < 400
    goal = reached + 6
    for run in ("cut", "whole"):
        fit([data], tmp_path / run, chosen, stop_after=goal)
    assert same(outcome(tmp_path / "whole"), outcome(tmp_path / "cut"))
