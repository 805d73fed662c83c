"""One rhythm at a time: the gravest with evidence, and unknown rather than a guess."""

from __future__ import annotations

from edge.rhythm.beat import Beat
from edge.rhythm.ectopy import Bigeminy
from edge.rhythm.rhythm import WFDB, Label
from edge.rhythm.rhythms import Readable, Rhythms, Span

RATE = 500


def beats(per_min: float, seconds: float, start_s: float = 0.0) -> list[Beat]:
    step = 60 / per_min
    count = int(seconds / step)
    return [Beat(round((start_s + k * step) * RATE), "II", "N", 1000 * step if k else None) for k in range(count)]


def told(items, seconds: float) -> list[tuple[Label, float]]:
    rhythms = Rhythms(RATE)
    rhythms.push(items)
    return [(r.label, r.start / RATE) for r in rhythms.advance(round(seconds * RATE))]


def test_a_rate_is_called_slow_ordinary_or_fast():
    for per_min, label in ((45, Label.BRADYCARDIA), (75, Label.SINUS), (130, Label.TACHYCARDIA)):
        assert told(beats(per_min, 30), 30)[-1][0] is label


def test_a_rate_that_sways_about_a_limit_is_one_rhythm():
    items = [beat for k in range(6) for beat in beats(58.5 if k % 2 else 61.5, 20, 20.0 * k)]
    assert [label for label, _ in told(items, 118)].count(Label.SINUS) == 1


def test_the_gravest_rhythm_with_evidence_is_told_from_its_onset():
    items = [*beats(150, 60), Span(20 * RATE, Label.AF, True, 10 * RATE), Span(30 * RATE, Label.VT, True, 28 * RATE)]
    items.append(Span(40 * RATE, Label.VT, False, 38 * RATE))
    assert told(items, 59)[-3:] == [(Label.AF, 10.0), (Label.VT, 28.0), (Label.AF, 38.0)]


def test_what_follows_begins_where_the_rhythm_before_was_over():
    items = [*beats(75, 60), Span(20 * RATE, Label.AF, True, 5 * RATE), Span(50 * RATE, Label.AF, False, 40 * RATE)]
    assert told(items, 59)[-2:] == [(Label.AF, 5.0), (Label.SINUS, 40.0)]


def test_no_readable_lead_is_unknown_whatever_was_before():
    items = [*beats(75, 60), Readable(30 * RATE, False), Readable(40 * RATE, True)]
    labels = told(items, 59)
    assert (Label.UNKNOWN, 30.0) in labels
    assert labels[-1][0] is Label.SINUS


def test_what_motion_draws_is_unknown_but_an_emergency_ends_by_itself():
    motion = [Readable(30 * RATE, False, by_shape=True), Readable(50 * RATE, True, by_shape=True)]
    assert (Label.UNKNOWN, 30.0) in told([*beats(75, 60), *motion], 59)
    fibrillation = [Span(25 * RATE, Label.VF, True, 24 * RATE), Span(55 * RATE, Label.VF, False, 52 * RATE)]
    assert Label.UNKNOWN not in [label for label, at in told([*beats(75, 60), *motion, *fibrillation], 52) if at > 24]


def test_a_short_dropout_changes_nothing():
    items = [*beats(75, 60), Readable(30 * RATE, False), Readable(32 * RATE, True)]
    assert [label for label, _ in told(items, 59)][1:] == [Label.SINUS]


def test_silence_without_evidence_of_standstill_is_unknown():
    assert told(beats(75, 20), 40)[-1][0] is Label.UNKNOWN


def test_bigeminy_lasts_until_its_pattern_is_over():
    items = [*beats(75, 60)]
    items += [Bigeminy(10 * RATE, end * RATE, cycles, False, end * RATE) for cycles, end in ((2, 12), (3, 14), (4, 16))]
    items.append(Bigeminy(10 * RATE, 16 * RATE, 4, True, 17 * RATE))
    assert (Label.BIGEMINY, 10.0) not in told(items[:-3], 13)
    rhythms = Rhythms(RATE)
    rhythms.push([*beats(75, 60), Bigeminy(10 * RATE, 14 * RATE, 3, False, 14 * RATE)])
    assert rhythms.advance(15 * RATE)[-1].label is Label.BIGEMINY
    rhythms.push([Bigeminy(10 * RATE, 16 * RATE, 4, True, 17 * RATE)])
    assert rhythms.advance(20 * RATE)[-1].label is Label.SINUS


def test_changes_are_in_order_and_the_same_however_they_were_pushed():
    items = [*beats(75, 60), Span(20 * RATE, Label.AF, True, 5 * RATE), Span(50 * RATE, Label.AF, False, 40 * RATE)]
    whole, pieces = Rhythms(RATE), Rhythms(RATE)
    whole.push(items)
    at_once = whole.advance(60 * RATE)
    found = []
    for second in range(60):
        pieces.push([i for i in items if second * RATE <= i.sample < (second + 1) * RATE])
        found += pieces.advance((second + 1) * RATE)
    starts = [rhythm.start for rhythm in at_once]
    assert starts == sorted(set(starts))
    assert found == at_once


def test_every_rhythm_has_its_wfdb_name():
    assert set(WFDB) == set(Label)
