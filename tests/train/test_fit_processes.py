"""A run shared by several processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from corpora import synthetic_corpus
from runs import outcome, small

from train.fit import fit
from train.recipe import Recipe

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "hearts"
    synthetic_corpus(path)
    return path


def test_two_processes_learn_what_one_does(tmp_path: Path, data: Path):
    """Without BatchNorm the same within rounding; with it nearly: each normalises by its own half of the batch."""
    recipes = {
        "mcma": small("mcma", masks="single", optimizer="adam", batch=8),
        "unet": small("unet", batch=8, learning_rate=1e-4),
    }
    _fit_by_two(data, {tmp_path / "two" / name: chosen for name, chosen in recipes.items()})
    for name, tolerance in (("mcma", 1e-5), ("unet", 0.25)):
        fit([data], tmp_path / "one" / name, recipes[name])
        (_, one), (_, two) = (outcome(tmp_path / run / name) for run in ("one", "two"))
        for a, b in zip(one, two, strict=True):
            assert b["loss"] == pytest.approx(a["loss"], rel=tolerance)
            assert b["pcc"] == pytest.approx(a["pcc"], abs=1e-5 if name == "mcma" else 0.01)


def _fit_by_two(data: Path, runs: dict[Path, Recipe]) -> None:
    """What torchrun starts, without torchrun."""
    code = "from pathlib import Path; from torch import distributed; from train.fit import fit\n"
    code += "from train.recipe import Recipe\ndistributed.init_process_group('gloo')\n"
    for out, chosen in runs.items():
        code += f"fit([Path({str(data)!r})], Path({str(out)!r}), Recipe(**{chosen.as_table()!r}))\n"
    code += "distributed.destroy_process_group()\n"
    world = {"WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": str(_free_port()), "OMP_NUM_THREADS": "1"}
    ranks = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=CHECKOUT,
            env=os.environ | world | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.DEVNULL,
        )
        for rank in range(2)
    ]
    try:
        assert [rank.wait(100) for rank in ranks] == [0, 0]
    finally:
        for rank in ranks:
            rank.kill()
            rank.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])
