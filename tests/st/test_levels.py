"""Landmarks and levels of an average beat against the heart they were made from."""

from __future__ import annotations

import numpy as np
import pytest
from st.st_heart import J_S, RATE, Heart, origins
from st.test_average_beats import averages

from edge.leads import INDEPENDENT as EIGHT
from edge.leads import LEAD, LEADS, TWELVE_FROM_EIGHT
from edge.st import levels
from edge.st.beat import BEFORE


def read(heart: Heart, *, noise_mv=0.005, seed=0, **how):
    average = averages(heart.mv(11, noise_mv=noise_mv, seed=seed), heart.beats(11), **how)[1]
    found = levels.read(average)
    assert found is not None
    return found


def test_j_and_the_qrs_onset_are_found_within_ten_milliseconds():
    found = read(Heart()).fiducials
    assert found.j == pytest.approx(BEFORE + J_S * RATE, abs=5)
    assert found.onset == pytest.approx(BEFORE - 0.030 * RATE, abs=5)


def test_st_elevation_does_not_move_j():
    up = {"V2": 0.3, "V3": 0.3, "V4": 0.2}
    assert read(Heart(st_mv=up)).fiducials.j == pytest.approx(read(Heart()).fiducials.j, abs=4)


@pytest.mark.parametrize("st_mv", [{}, {"V2": 0.25, "V3": 0.3}, {"II": -0.15, "V5": -0.1}, {"I": -0.1, "II": 0.2}])
def test_st_levels_are_read_within_twenty_microvolts(st_mv):
    wanted = TWELVE_FROM_EIGHT @ [st_mv.get(lead, 0.0) for lead in EIGHT]
    found = read(Heart(st_mv=st_mv, t_mv=dict.fromkeys(EIGHT, 0.0)))
    assert found.st_j60_mv == pytest.approx(wanted, abs=0.02)
    assert found.st_j_mv == pytest.approx(wanted, abs=0.04)


def test_the_standard_error_covers_what_noise_does_to_a_level():
    wanted = read(Heart(), noise_mv=0.0).st_j60_mv
    off = []
    for seed in range(20):
        found = read(Heart(), noise_mv=0.03, seed=seed)
        off.append((found.st_j60_mv - wanted) / found.st_se_mv)
    assert 0.7 < np.std(off) < 1.6


def test_averaging_does_not_lessen_what_the_network_does_not_know():
    found = read(Heart(), origin=origins("II", "V1", "V5"))
    spread = dict(zip(LEADS, found.st_spread_mv, strict=True))
    assert spread["II"] < 0.03
    assert spread["V3"] == pytest.approx(np.hypot(levels.OF_SD * 0.1, levels.READING_MV), abs=0.003)


def test_q_waves_have_their_depth_and_duration():
    found = read(Heart(q_mv={"II": 0.3}, q_sd_s=0.008), noise_mv=0.002)
    assert found.of(found.q_mv, "II") == pytest.approx(0.28, abs=0.05)
    assert 24 <= found.of(found.q_ms, "II") <= 44
    assert found.of(found.q_mv, "I") < 0.05


def test_without_an_r_wave_the_complex_is_qs():
    found = read(Heart(r_mv={"V1": 0.0, "V2": 0.0}))
    assert found.qs[LEAD["V2"]]
    assert not found.qs[LEAD["V4"]]


def test_a_raised_j_point_is_no_r_wave():
    found = read(Heart(r_mv={"V1": 0.0, "V2": 0.0}, st_mv={"V1": 0.2, "V2": 0.3}))
    assert found.qs[[LEAD["V1"], LEAD["V2"]]].all()


def test_the_pr_interval_is_that_of_the_heart():
    short, long = (read(Heart(pr_s=pr), noise_mv=0.002).fiducials.pr_ms for pr in (0.16, 0.24))
    assert short is not None
    assert long is not None
    assert long - short == pytest.approx(80, abs=10)


def test_without_a_p_wave_there_is_no_pr_interval():
    assert read(Heart(p=0.0)).fiducials.pr_ms is None
