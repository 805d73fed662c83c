"""Fitted trees give on the device what they gave where they were fitted."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edge.errors import InputError
from edge.rhythm.trees import Boosted

STUMP = {"class": 0, "feature": [0, 0, 0], "threshold": [1.5, 0, 0], "nan_left": [1, 0, 0]}
STUMP |= {"left": [1, 1, 2], "right": [2, 1, 2], "value": [0.0, -2.0, 2.0]}
TABLE = {"format": 1, "features": ["rr_ratio"], "classes": ["no", "yes"], "base": [0.0], "trees": [STUMP]}


def test_a_sample_goes_left_up_to_the_threshold_and_right_beyond_it():
    model = Boosted(TABLE)
    assert model.scores(np.array([1.5]))[0] == -2
    assert model.scores(np.array([1.6]))[0] == 2
    assert model.probabilities(np.array([1.6]))[1] == pytest.approx(1 / (1 + np.exp(-2)))


def test_an_unknown_feature_goes_the_way_its_node_says():
    assert Boosted(TABLE).scores(np.array([np.nan]))[0] == -2
    other = {**TABLE, "trees": [{**STUMP, "nan_left": [0, 0, 0]}]}
    assert Boosted(other).scores(np.array([np.nan]))[0] == 2


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"features": []},
        {"base": [0.0, 0.0]},
        {"trees": [{**STUMP, "left": [1, 0, 2]}]},
        {"trees": [{**STUMP, "right": [2, 1]}]},
        {"trees": [{**STUMP, "class": 3}]},
        {"trees": [{}]},
    ],
)
def test_a_model_that_makes_no_sense_is_refused(change):
    with pytest.raises(InputError):
        Boosted({**TABLE, **change})


def test_a_file_that_is_no_model_is_refused_by_name(tmp_path):
    path = tmp_path / "broken.json"
    path.write_text("{")
    with pytest.raises(InputError, match=r"broken\.json"):
        Boosted.read(path)


@pytest.mark.parametrize("classes", [("N", "V"), ("N", "S", "V")])
def test_the_device_agrees_with_the_library_that_fitted_the_trees(classes, tmp_path):
    pytest.importorskip("sklearn")
    from train.rhythm import boosting

    rng = np.random.default_rng(3)
    x = rng.normal(size=(600, 4))
    y = np.digitize(x[:, 0] + x[:, 1] ** 2, [0.3, 1.5][: len(classes) - 1])
    x[rng.random(x.shape) < 0.1] = np.nan
    path = tmp_path / "model.json"
    names = ("a", "b", "c", "d")
    path.write_text(json.dumps(boosting.fit(x, y, names, classes, max_iter=20)))
    model = Boosted.read(path)
    theirs = boosting.classifier(max_iter=20).fit(x, y).predict_proba(x)
    ours = np.array([model.probabilities(row) for row in x])
    assert model.features == names
    assert np.abs(ours - theirs).max() < 1e-5


def test_out_of_fold_answers_come_from_trees_that_saw_nothing_of_the_group():
    pytest.importorskip("sklearn")
    from train.rhythm import boosting

    rng = np.random.default_rng(4)
    groups = np.repeat(np.arange(12), 40)
    x = np.column_stack([groups + 0.001 * rng.normal(size=len(groups)), rng.normal(size=len(groups))])
    y = (rng.random(12) < 0.5).astype(int)[groups]  # each group has its own answer, told by its number alone
    answers = boosting.out_of_fold(x, y, groups, folds=100, max_iter=20, min_samples_leaf=5)
    right = [(answers[groups == g, 1].mean() > 0.5) == bool(y[groups == g][0]) for g in range(12)]
    assert np.mean(right) < 0.9  # whoever had seen the group would know all
