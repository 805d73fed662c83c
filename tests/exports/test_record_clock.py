"""When a recording's samples were taken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from edge.exports.record_clock import ENOUGH_S, RecordClock

BEGAN = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
RATE = 500.0
DAY_S = 86_400
INF, NAIVE = {"sample": float("inf"), "utc": BEGAN.isoformat()}, {"sample": 9, "utc": "2026-03-01T22:00:01"}


def told(*times: tuple[float, float]) -> list[dict[str, object]]:
    """Of (s by the patch's clock, s by the wall's)."""
    return [{"sample": round(p * RATE), "utc": (BEGAN + timedelta(seconds=w)).isoformat()} for p, w in times]


def clock(*times: tuple[float, float]) -> RecordClock:
    return RecordClock.of(BEGAN, RATE, told(*times))


def test_where_nothing_was_told_the_rate_is_as_it_is_written():
    for one in (clock(), RecordClock.of(BEGAN, RATE, None)):
        assert one.knots == ((0, 0.0),)
        assert one.utc(1_800_000) == BEGAN + timedelta(hours=1)


def test_a_day_of_a_patch_that_is_late_ends_when_it_did():
    late = 200e-6
    one = clock(*((s, s * (1 + late)) for s in range(60, DAY_S, 60)))
    assert len(one.knots) == 2, "a straight line needs no more"
    assert one.seconds(12 * 3600 * RATE) == pytest.approx(12 * 3600 * (1 + late), abs=ENOUGH_S)
    assert one.seconds((DAY_S - 60) * RATE) == pytest.approx((DAY_S - 60) * (1 + late), abs=1e-6)


def test_a_drift_that_changes_is_followed_by_few_lines():
    patch_s = np.arange(60.0, DAY_S, 60.0)
    wall_s = patch_s + 0.4 * np.sin(2 * np.pi * patch_s / DAY_S)  # as it gets warm and cold
    one = clock(*zip(patch_s.tolist(), wall_s.tolist(), strict=True))
    assert len(one.knots) < 20
    found = np.array([one.seconds(s * RATE) for s in patch_s])
    assert np.abs(found - wall_s).max() <= ENOUGH_S + 1e-6


def test_it_never_goes_back():
    one = clock((60, 60.5), (60.2, 60.4), (120, 120.4))
    at = [one.seconds(sample) for sample in range(0, 80_000, 10)]
    assert all(a < b for a, b in pairwise(at))


def test_what_was_told_before_the_hosts_clock_was_set_is_not_believed():
    one = clock((600, 4200.0), (1200, 1200.1))
    assert one.knots == ((0, 0.0), (600_000, pytest.approx(1200.1)))


@pytest.mark.parametrize(
    "odd", [{}, {"sample": 9}, {"sample": "x", "utc": BEGAN.isoformat()}, {"sample": 9, "utc": 7}, INF, NAIVE, 3]
)
def test_what_is_no_time_is_left_out(odd):
    assert RecordClock.of(BEGAN, RATE, [odd, *told((60, 60.1))]).knots == ((0, 0.0), (30_000, pytest.approx(60.1)))


def test_before_the_first_sample_the_line_goes_on():
    assert clock((60, 60.6)).seconds(-500) == pytest.approx(-1.01)
