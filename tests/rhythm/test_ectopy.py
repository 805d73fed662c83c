"""Couplets, runs, bigeminy and burden, told from classed beats."""

from __future__ import annotations

from edge.rhythm.beat import Beat
from edge.rhythm.ectopy import Bigeminy, Burden, Ectopy, Run

RATE = 500.0


def beats(kinds: str, rr_s: float = 0.5, start: int = 0) -> list[Beat]:
    """One beat a letter; a space is a gap before the next one."""
    found: list[Beat] = []
    sample, broken = start, True
    for kind in kinds:
        sample += round(rr_s * RATE)
        if kind == " ":
            broken = True
            continue
        found.append(Beat(sample, "II", kind, None if broken else 1000 * rr_s))
        broken = False
    return found


def ended(kinds: str, of: type) -> list:
    ectopy = Ectopy()
    return [f for f in ectopy.push(beats(kinds)) + ectopy.flush() if isinstance(f, of) and f.over]


def test_two_in_a_row_are_a_couplet_and_one_alone_is_nothing():
    assert [run.beats for run in ended("NNVNNVVNN", Run)] == [2]


def test_a_run_tells_its_length_first_and_last_beat_and_rate():
    (run,) = ended("NNVVVVVN", Run)
    at = [beat.sample for beat in beats("NNVVVVVN")]
    assert (run.start, run.end, run.beats) == (at[2], at[6], 5)
    assert run.rate_per_min(RATE) == 120


def test_a_run_is_told_as_it_grows():
    lengths = [run.beats for run in Ectopy().push(beats("NVVVV")) if isinstance(run, Run)]
    assert lengths == [2, 3, 4]


def test_what_is_over_is_told_by_the_beat_that_ends_it():
    (run,) = ended("NVVN", Run)
    assert run.told == beats("NVVN")[3].sample


def test_a_gap_or_an_unreadable_beat_ends_a_run():
    assert [run.beats for run in ended("NVV VVV", Run)] == [2, 3]
    assert [run.beats for run in ended("NVVQVVV", Run)] == [2, 3]


def test_every_second_beat_ventricular_is_bigeminy():
    (pattern,) = ended("NNVNVNVNN", Bigeminy)
    at = [beat.sample for beat in beats("NNVNVNVNN")]
    assert (pattern.start, pattern.end, pattern.cycles) == (at[2], at[6], 3)


def test_trigeminy_and_single_ventricular_beats_are_no_bigeminy():
    assert ended("NNVNNVNNVNN", Bigeminy) == []
    assert ended("NNVNNNNNNNN", Bigeminy) == []


def test_bigeminy_does_not_reach_across_a_gap():
    assert [pattern.cycles for pattern in ended("NVNVN VNVNV", Bigeminy)] == [2, 2]


def test_the_burden_is_a_share_of_the_last_hour_and_of_all():
    burden = Burden(RATE, over_s=120.0)
    for beat in beats("NV" * 60, rr_s=0.5):  # a minute
        burden.push(beat)
    assert burden.recent == (120, 60)
    for beat in beats("N" * 300, rr_s=1.0, start=round(60 * RATE)):
        burden.push(beat)
    recent, ventricular = burden.recent
    assert ventricular == 0
    assert recent <= 121
    assert (burden.beats, burden.ventricular) == (420, 60)
