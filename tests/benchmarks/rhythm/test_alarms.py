"""A bedside alarm believed or not: by what was seen, against a limit that other records set."""

from __future__ import annotations

from itertools import pairwise

import pytest

from benchmarks.rhythm.alarms import Case, believed, evidence, limit, longest_silence_s
from benchmarks.rhythm.road import Told
from edge.quality import Cause, Grade, QualityReport
from edge.rhythm.beat import Beat
from edge.rhythm.legible import Legible

RATE = 500


def told(at_s: list[float], kinds: str = "", **fields: list) -> Told:
    """A minute with beats at `at_s`."""
    at = [round(t * RATE) for t in at_s]
    rr = [None, *(1000 * (b - a) / RATE for a, b in pairwise(at))]
    kinds = kinds or "N" * len(at)
    return Told(60 * RATE, [Beat(t, "II", k, r) for t, k, r in zip(at, kinds, rr, strict=True)], **fields)


def every(rr_s: float, first_s: float = 0.5, last_s: float = 60.0) -> list[float]:
    return [first_s + k * rr_s for k in range(int((last_s - first_s) / rr_s))]


def report(second: int, score: float, cause: Cause = Cause.NOISE) -> QualityReport:
    return QualityReport(second * RATE, RATE, {"II": score}, {"II": Grade.BAD}, {"II": cause})


def test_the_evidence_of_a_standstill_is_its_length():
    assert evidence("Asystole", told(every(1.0, last_s=55.0))) == pytest.approx(5.5, abs=1.01)


def test_a_faint_beat_breaks_no_silence():
    said = told(every(1.0, last_s=54.0))
    said.beats.append(Beat(57 * RATE, "II", confidence=1.0, strength=0.1))
    assert evidence("Asystole", said) == pytest.approx(6.5, abs=1.01)


def test_silence_where_nothing_can_be_read_is_none():
    lost = [report(k, 0.0, Cause.LOST) for k in range(50, 60)]
    assert longest_silence_s([49 * RATE], lost, 44 * RATE, 60 * RATE) == pytest.approx(5.0)
    weak = [report(k, 0.0, Cause.WEAK) for k in range(50, 60)]  # what a standstill looks like
    assert longest_silence_s([49 * RATE], weak, 44 * RATE, 60 * RATE) == pytest.approx(11.0)


def test_the_evidence_of_a_bradycardia_is_its_slowest_five_beats_without_t_waves():
    slow = every(1.5)
    assert evidence("Bradycardia", told(slow)) == pytest.approx(-40.0)
    assert evidence("Bradycardia", told(sorted([*slow, *(t + 0.3 for t in slow)]))) == pytest.approx(-40.0)


def test_the_evidence_of_a_tachycardia_is_its_fastest_seventeen_beats():
    assert evidence("Tachycardia", told([*every(1.0, last_s=50.0), *every(0.4, 50.0)])) == pytest.approx(
        150.0, rel=0.01
    )


def test_a_run_of_ventricular_beats_is_as_good_as_the_waveform():
    at = every(0.5)
    assert evidence("Ventricular_Tachycardia", told(at)) == 0.0
    assert evidence("Ventricular_Tachycardia", told(at, "N" * (len(at) - 3) + "VVV")) == pytest.approx(0.6)
    window = Legible(58 * RATE, 1.0, 1.0, 0.1, 0.9)
    assert evidence("Ventricular_Tachycardia", told(at, windows=[window])) == pytest.approx(0.9)


def test_what_lies_before_the_last_seconds_counts_for_nothing():
    old = Legible(40 * RATE, 1.0, 1.0, 0.9, 0.9)
    assert evidence("Ventricular_Flutter_Fib", told(every(1.0), windows=[old])) == 0.0


def test_a_missed_alarm_costs_five_false_ones():
    assert 1.0 < limit([1.0, 2.0, 3.0, 4.0], [False, True, False, True]) < 2.0
    assert limit([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], [True, *[False] * 6]) > 6.0  # six false for one true


def test_a_record_has_no_say_in_its_own_limit():
    cases = [Case("a", 0, "Asystole", True, 1.0)]
    cases += [Case(f"t{k}", 1 + k, "Asystole", True, 5.0 + k) for k in range(3)]
    cases += [Case(f"f{k}", 1 + k, "Asystole", False, 2.0 + k / 10) for k in range(8)]
    assert believed(cases) == [False, True, True, True, *[False] * 8]


def test_without_both_answers_among_the_others_the_definition_holds():
    cases = [Case("a", 0, "Asystole", True, 4.5), Case("b", 1, "Asystole", False, 3.5)]
    assert believed(cases) == [True, False]
