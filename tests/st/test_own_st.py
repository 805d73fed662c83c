"""A patient's own ST: from the recording that was enrolled, and from a run's beginning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from st.st_heart import RATE, Heart
from st.test_levels import read

from edge.blocks import Block
from edge.leads import LEAD, LEADS
from edge.st.own import FEWEST_READINGS, RUNNING_S, RunningBaseline, Source, of_recording

ELEVATED = Heart(st_mv={"V2": 0.2, "V3": 0.25})


def recorded(heart: Heart, seconds: float, leads=LEADS) -> Block:
    mv = heart.mv(seconds)[:, [LEAD[lead] for lead in leads]]
    return Block(0, float(RATE), tuple(leads), mv, np.isfinite(mv))


def test_four_seconds_of_twelve_leads_tell_a_patients_own_st():
    own = of_recording(recorded(ELEVATED, 4.0))
    assert own is not None
    assert own.source is Source.ENROLLED
    assert own.j60_mv[LEAD["V3"]] == pytest.approx(read(ELEVATED).st_j60_mv[LEAD["V3"]], abs=0.03)
    assert np.isfinite(own.j_mv).all()


def test_leads_that_follow_from_the_recorded_ones_are_known_and_others_are_not():
    own = of_recording(recorded(ELEVATED, 6.0, ("I", "II", "V1", "V5")))
    known = {lead for lead, level in zip(LEADS, own.j_mv, strict=True) if np.isfinite(level)}
    assert known == {"I", "II", "III", "aVR", "aVL", "aVF", "V1", "V5"}


def test_a_single_beat_is_no_baseline():
    assert of_recording(recorded(ELEVATED, 1.2)) is None


def test_a_running_baseline_is_the_median_of_the_first_two_minutes():
    levels, running = read(ELEVATED), RunningBaseline()
    odd = replace(levels, st_j_mv=levels.st_j_mv + 1.0)
    for k in range(round(RUNNING_S / 5) + 1):
        assert running.own is None
        now = odd if k == 4 else levels
        running.push(replace(now, average=replace(now.average, sample=2500 * (k + 2))))
    assert running.own.source is Source.RUNNING
    assert running.own.j_mv == pytest.approx(levels.st_j_mv)


def test_a_running_baseline_waits_for_enough_readings():
    levels, running = read(ELEVATED), RunningBaseline()
    for k in range(FEWEST_READINGS - 1):
        running.push(replace(levels, average=replace(levels.average, sample=60_000 * (k + 1))))
    assert running.own is None
