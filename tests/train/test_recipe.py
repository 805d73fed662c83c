"""Recipes: what a training run is told, and what it refuses to be told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from edge.errors import UsageError
from train import recipe
from train.models import registry
from train.recipe import Recipe
from train.schedule import optimizer, schedule

CONFIGS = sorted((Path(__file__).parents[2] / "train" / "configs").glob("*.toml"))


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_recipe_that_is_shipped_builds_its_network(path: Path):
    chosen = recipe.read(path)
    with torch.device("meta"):  # no need to fill the weights
        net = registry.build(chosen.architecture, chosen.shape)
    assert registry.weights(net) > 1000


def test_an_unknown_key_is_an_error_that_names_it_and_the_file(tmp_path: Path):
    path = written(tmp_path / "r.toml", "steps = 10\nlerning_rate = 1e-3\n")
    with pytest.raises(UsageError, match=r"r\.toml: unknown key 'lerning_rate'; the keys are architecture, shape"):
        recipe.read(path)


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ('learning_rate = "fast"', "learning_rate is 'fast': it must be a number"),
        ("batch = 0", "batch is 0: it must be a whole number from 1"),
        ("steps = true", "steps is True: it must be a whole number"),
        ('optimizer = "sgd"', "optimizer is 'sgd': it must be adam, adamw or muon"),
        ('masks = ["II", "V9"]', "masks is .*: it must be"),
        ("train_folds = [7, 8]", "fold 8 is in train_folds and in validation_folds"),
        ("hearts = 5", "batch is 64: it must be a multiple of hearts, 5"),
        ("epochs = 3", "either steps or epochs"),
    ],
)
def test_a_value_that_makes_no_sense_is_named_with_its_rule(tmp_path: Path, line: str, rule: str):
    text = f"steps = 10\n{line}\n" if "steps =" not in line else line
    with pytest.raises(UsageError, match=rule):
        recipe.read(written(tmp_path / "r.toml", text))


def test_the_command_line_wins_over_the_file(tmp_path: Path):
    path = written(tmp_path / "r.toml", "epochs = 10\nbatch = 8\n[shape]\nkernels = [5, 5, 3]\n")
    chosen = recipe.read(path, ["batch=16", "shape.channels=[8, 8, 16]", "masks=single"], steps=20, seed=None)
    assert (chosen.batch, chosen.steps, chosen.epochs, chosen.seed) == (16, 20, 0, 0)
    assert chosen.shape == {"kernels": [5, 5, 3], "channels": [8, 8, 16]}
    assert chosen.masks == "single"
    assert recipe.read(path, ["shape={basis=4}"]).shape == {"basis": 4}


def test_leads_are_known_as_people_write_them():
    assert recipe.read(None, ['masks=["v5", "MLII", "V1"]', "steps=1"]).masks == (("II", "V1", "V5"),)
    assert recipe.read(None, ['masks=[["II"], ["I", "V3"]]', "steps=1"]).masks == (("II",), ("I", "V3"))


def test_a_recipe_survives_json():
    chosen = recipe.read(None, ['masks=["II"]', "steps=7", "shape.channels=[8,8,16]"])
    assert Recipe(**json.loads(json.dumps(chosen.as_table()))) == chosen


def rates(chosen: Recipe) -> list[float]:
    moved = optimizer(chosen, torch.nn.Linear(1, 1))
    plan = schedule(chosen, chosen.steps, moved)
    out = []
    for _ in range(chosen.steps):
        out.append(moved.param_groups[0]["lr"])
        moved.step()
        plan.step()
    return out


@pytest.mark.parametrize("name", ["onecycle", "cosine"])
def test_the_learning_rate_rises_to_its_highest_and_falls_to_its_last(name: str):
    chosen = Recipe(
        steps=200,
        schedule=name,
        learning_rate=5e-5,
        warm_up=0.2,
        initial_learning_rate=1e-5,
        final_learning_rate=1e-7,
    )
    rate = rates(chosen)
    assert rate[0] == pytest.approx(1e-5)
    assert max(rate) == pytest.approx(5e-5, rel=1e-3)
    assert rate.index(max(rate)) == pytest.approx(40, abs=1)
    assert rate[-1] == pytest.approx(1e-7, rel=0.2)


def test_a_constant_learning_rate_is_constant_after_the_warm_up():
    rate = rates(Recipe(steps=50, schedule="constant", learning_rate=1e-3, warm_up=0.2))
    assert rate[0] == pytest.approx(1e-3 / 25)
    assert set(rate[10:]) == {1e-3}
