"""How strong a beat is beside the usual: what breaks a silence, and what does not."""

from __future__ import annotations

import numpy as np
import pytest
from rhythm.gaussian_ecg import beats_of, ecg, steady

from edge.rhythm.beat import Beat
from edge.rhythm.usual import Usual

BOTH = np.array([True, True])
TOPS = np.array([0.4, 0.2])


def test_a_beat_as_always_is_as_strong_as_usual():
    usual = Usual()
    assert [usual.take(TOPS, BOTH, 1.0) for _ in range(20)] == pytest.approx([1.0] * 20, rel=1e-3)


def test_the_lead_in_which_it_is_strongest_counts_if_it_can_be_used():
    usual = Usual()
    for _ in range(10):
        usual.take(TOPS, BOTH, 1.0)
    assert usual.take(TOPS * (0.1, 0.5), BOTH, 0.0) == pytest.approx(0.5, rel=1e-3)
    assert usual.take(TOPS * (0.1, 0.5), np.array([True, False]), 0.0) == pytest.approx(0.1, rel=1e-3)


def test_a_beat_that_stays_small_becomes_the_usual_one():
    usual = Usual()
    for _ in range(40):
        usual.take(TOPS, BOTH, 1.0)
    told = [usual.take(0.2 * TOPS, BOTH, 1.0) for _ in range(25)]
    assert told[0] == pytest.approx(0.2, rel=1e-3)
    assert told[-1] == pytest.approx(1.0, rel=1e-3)


def test_what_nobody_is_sure_of_makes_no_usual_beat():
    usual = Usual()
    for _ in range(40):
        usual.take(0.01 * TOPS, BOTH, 0.1)
    assert usual.take(TOPS, BOTH, 1.0) == 1.0


def test_after_a_lead_was_lost_the_usual_is_learnt_anew():
    usual = Usual()
    for _ in range(10):
        usual.take(TOPS, BOTH, 1.0)
    usual.forget()
    assert usual.take(0.1 * TOPS, BOTH, 1.0) == 1.0


def test_a_heart_that_beats_on_is_strong_and_what_is_left_after_it_stops_is_faint():
    beating = steady(70, 30)
    p_waves = 0.15 * ecg(steady(50, 15), 15, noise_mv=0.0)  # as regular, and a sixth as high
    found = beats_of(np.concatenate([ecg(beating, 30), p_waves]))
    before = [beat for beat in found if beat.sample < 29 * 500]
    after = [beat for beat in found if beat.sample > 31 * 500]
    assert len(before) >= len(beating) - 2
    assert all(beat.breaks_silence for beat in before)
    assert after
    assert not any(beat.breaks_silence for beat in after)


@pytest.mark.parametrize(("confidence", "strength", "breaks"), [(1.0, 1.0, True), (0.2, 1.0, False), (1.0, 0.2, False)])
def test_a_silence_is_broken_by_what_is_sure_and_strong(confidence: float, strength: float, breaks: bool):
    assert Beat(0, "II", confidence=confidence, strength=strength).breaks_silence is breaks
