from __future__ import annotations

import pytest

from edge.rhythm import Beat, HeartRate
from edge.rhythm.rate import artefacts, rr_is_artefact
from edge.rhythm.scores import CONDITIONS, RhythmScores


def beats(rr_ms: list[float], first: int = 0) -> list[Beat]:
    at, made = first, [Beat(first, "II")]
    for rr in rr_ms:
        at += round(rr / 2)
        made.append(Beat(at, "II", rr_ms=rr))
    return made


def test_the_rate_is_the_median_of_the_last_intervals() -> None:
    heart = HeartRate(500.0)
    for beat in beats([800, 800, 400, 1200, 800, 800]):  # an early beat and its pause
        heart.push(beat)
    assert heart.at(2500) == pytest.approx(75)


def test_there_is_no_rate_from_too_few_beats() -> None:
    heart = HeartRate(500.0)
    for beat in beats([800, 800]):
        heart.push(beat)
    assert heart.at(900) is None


def test_a_rate_goes_stale_when_no_beat_comes() -> None:
    heart = HeartRate(500.0)
    for beat in beats([800] * 8):
        heart.push(beat)
    last = 8 * 400
    assert heart.at(last + 2500) == pytest.approx(75)
    assert heart.at(last + 2501) is None


def test_an_interval_across_a_gap_is_none() -> None:
    heart = HeartRate(500.0)
    for beat in [*beats([800] * 4), *beats([600] * 2, first=60_000)]:
        heart.push(beat)
    assert heart.at(60_700) is None, "two intervals since the gap, and the old ones are too old"


def test_missed_and_extra_beats_are_marked_as_artefacts() -> None:
    marks = artefacts([None, 800, 810, 1610, 790, 300, 500, 800, 820])
    assert marks == [True, False, False, True, False, True, False, False, False]


def test_an_interval_shorter_than_the_refractory_period_is_an_artefact() -> None:
    assert rr_is_artefact(150, None)
    assert not rr_is_artefact(250, 260)


@pytest.mark.parametrize(
    ("rr_ms", "high", "low"), [(1500, "brady", "tachy"), (450, "tachy", "brady"), (750, None, None)]
)
def test_slow_and_fast_rhythms_score_as_such(rr_ms: float, high: str | None, low: str | None) -> None:
    scores = RhythmScores(500.0)
    scores.push(beats([rr_ms] * 12))
    found = scores.scores()
    assert set(found) == set(CONDITIONS)
    if high and low:
        assert found[high] > 0.9
        assert found[low] < 0.1
    else:
        assert max(found["brady"], found["tachy"]) < 0.1
    assert found["pause"] < 0.01
    assert found["af"] is None


def test_a_long_interval_scores_as_a_pause() -> None:
    scores = RhythmScores(500.0)
    scores.push(beats([800, 800, 800, 3600, 800, 800]))
    assert scores.scores()["pause"] > 0.9


def test_scores_are_none_where_there_were_no_beats() -> None:
    assert set(RhythmScores(500.0).scores().values()) == {None}
