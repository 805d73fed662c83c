from __future__ import annotations

import numpy as np
import pytest

from benchmarks.kills import LACKS_S, RATE, TIMED_S, Kills, Trial, Worn, broken, trial

pytest.importorskip("wfdb")


def test_a_run_killed_at_random_instants_lacks_a_second_at_most_and_goes_on_at_the_right_time():
    found = trial(3, seed=4, lives_s=(1.0, 3.0))
    assert broken(found) == []
    assert len(found.time_error_s) >= 2


@pytest.fixture
def looking() -> tuple[Trial, Worn]:
    worn = Worn(8.0, seed=1)
    looking = Trial(None, None, worn)  # type: ignore[arg-type]
    looking._began_s = 1000.0
    return looking, worn


def test_what_is_in_its_place_is_right(looking):
    looks, worn = looking
    looks._compare(worn.mv[200:1200], 1400, 1000.0 + 200 / RATE)
    assert broken(looks.found) == []
    assert looks.found.lacks_s == [0.4]
    assert looks.found.time_error_s == [pytest.approx(0.0)]


def test_more_than_a_second_that_is_missing_is_told(looking):
    looks, worn = looking
    looks._compare(worn.mv[:1000], 1000 + round((LACKS_S + 0.1) * RATE), 1000.0)
    assert "1.10 s are missing" in broken(looks.found)


def test_a_sample_that_was_never_worn_is_told(looking):
    looks, worn = looking
    spoiled = worn.mv[:1000].copy()
    spoiled[700, 1] += 1e-3
    looks._compare(spoiled, 1000, 1000.0)
    assert "not what was worn" in broken(looks.found)[0]


def test_a_segment_at_another_time_is_told(looking):
    looks, worn = looking
    looks._compare(worn.mv[:1000], 1000, 1000.0 + TIMED_S + 0.1)
    assert "s off" in broken(looks.found)[0]


def test_samples_that_changed_since_the_last_kill_are_told(looking):
    looks, worn = looking
    looks._compare(worn.mv[:1000], 1000, 1000.0)
    gap = np.full((100, 3), np.nan)
    looks._compare(np.concatenate([worn.mv[1:1001], gap, worn.mv[1100:1500]]), 1500, 1000.0)
    assert "have changed" in broken(looks.found)[0]


def test_nothing_found_is_nothing_broken():
    assert broken(Kills()) == []
