"""Areas with intervals, subjects drawn as a whole."""

import numpy as np
import pytest

from benchmarks.classify import resampling
from train.evaluate.diagnosis import auroc


def test_the_first_row_is_the_figure_itself():
    rng = np.random.default_rng(0)
    has = rng.random(80) < 0.3
    score = np.round(has + rng.normal(size=80), 1)  # with ties
    drawn = resampling.weights([str(k) for k in range(80)], 10)
    assert resampling.areas(has, score, drawn)[0] == pytest.approx(auroc(has, score))


def test_a_row_is_the_area_of_the_records_it_draws():
    rng = np.random.default_rng(1)
    has, score = rng.random(40) < 0.5, rng.normal(size=40)
    drawn = resampling.weights([str(k) for k in range(40)], 3)
    again = np.repeat(np.arange(40), drawn[2].astype(int))
    assert resampling.areas(has, score, drawn)[2] == pytest.approx(auroc(has[again], score[again]))


def test_all_records_of_a_subject_are_drawn_together():
    drawn = resampling.weights(["a", "b", "a", "c", "b"], 50)
    assert (drawn[:, 0] == drawn[:, 2]).all()
    assert (drawn[:, 1] == drawn[:, 4]).all()
    assert (drawn[:, [0, 1, 3]].sum(1) == 3).all()


def test_the_interval_holds_the_truth_nineteen_times_in_twenty():
    rng, held = np.random.default_rng(2), 0
    truth = 0.7602  # of two normals a deviation apart
    for trial in range(60):
        has = np.arange(150) < 60
        score = rng.normal(size=150) + has
        areas = resampling.areas(has, score, resampling.weights([str(k) for k in range(150)], 300, seed=trial))
        low, high = resampling.interval(areas)
        held += low <= truth <= high
    assert held >= 50
