"""Intervals: what makes them hold on people who were not there."""

from __future__ import annotations

import numpy as np
import pytest

from edge.population_study import interval_factor


def test_an_interval_holds_nine_samples_of_ten_where_all_people_are_alike():
    people = np.abs(np.random.default_rng(0).standard_normal((200, 500)))
    assert interval_factor(people) == pytest.approx(1.0, abs=0.02)


def test_the_more_people_differ_the_wider_the_interval_beyond_nine_of_ten():
    rng = np.random.default_rng(1)
    alike, various = np.ones((40, 1)), np.exp(0.8 * rng.standard_normal((40, 1)))
    errors = np.abs(rng.standard_normal((40, 500)))
    margins = [interval_factor(errors * size) * 1.645 / np.quantile(errors * size, 0.9) for size in (alike, various)]
    assert 1 < margins[0] < 1.03
    assert margins[1] > 1.05
