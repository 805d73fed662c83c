"""Small training runs, and what came out of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from networks import SMALL

from train.recipe import Recipe

WHEN = ("s", "windows_per_s", "waiting", "gpu")  # of a curve's point: what depends on the machine's day


def small(architecture: str = "unet", **changes: Any) -> Recipe:
    usual = {"steps": 6, "steps_per_epoch": 3, "batch": 4, "learning_rate": 1e-3, "shape": SMALL[architecture]}
    return Recipe(**{"architecture": architecture, **usual, **changes})


def outcome(run: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The state's trained parts, and the curve without its times."""
    state = torch.load(run / "state.pt", weights_only=True)
    curve = json.loads((run / "curve.json").read_text())
    return state["trainer"], [{key: v for key, v in point.items() if key not in WHEN} for point in curve]


def same(one: Any, two: Any) -> bool:
    if isinstance(one, torch.Tensor):
        return torch.equal(one, two)
    if isinstance(one, dict):
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(two) and all(map(same, one, two))
    return bool(one == two)
