"""Average beats: aligned, of one shape, of leads that can be read; the same however the signal is cut."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from st.st_heart import MEASURED, RATE, Heart, origins, report, twelve

from edge.blocks import Origin
from edge.leads import LEAD, LEADS
from edge.st.average import Averager
from edge.st.beat import BEFORE, LENGTH, levelled

SECONDS = 21.0


def averages(mv, beats, *, origin=MEASURED, edges=None, reports=()):
    stage = Averager()
    for one in reports:
        stage.set_quality(one)
    whole = twelve(mv, origin)
    edges = edges or [0, len(mv)]
    found = []
    waiting = list(beats)
    for a, b in pairwise(edges):
        block = replace(whole, start=a, mv=whole.mv[a:b], sd=whole.sd[a:b])
        told = [beat for beat in waiting if beat.sample < b - 300]
        waiting = [beat for beat in waiting if beat.sample >= b - 300]
        found += stage.push([block], told, b - 300)
    found += stage.push([], waiting, len(mv))
    return found + stage.flush()


def test_an_average_comes_every_five_seconds_and_holds_ten():
    heart = Heart()
    found = averages(heart.mv(SECONDS), heart.beats(SECONDS))
    assert [one.sample for one in found] == [2500, 5000, 7500, 10000, 10500]
    assert found[1].count in (10, 11, 12)
    assert found[1].rr_ms == pytest.approx(800)


def test_noise_falls_with_the_number_of_beats():
    heart = Heart()
    noisy = averages(heart.mv(11, noise_mv=0.05), heart.beats(11))[1]
    clean = averages(heart.mv(11, noise_mv=0.0), heart.beats(11))[1]
    one = np.abs(noisy.beats_mv[0] - clean.beats_mv[0]).mean()
    together = np.abs(noisy.beats_mv.mean(axis=0) - clean.beats_mv.mean(axis=0)).mean()
    assert together < 0.45 * one


def test_r_peaks_that_were_placed_apart_are_laid_over_one_another():
    heart, rng = Heart(), np.random.default_rng(5)
    mv = heart.mv(11, noise_mv=0.002)
    astray = [replace(beat, sample=beat.sample + int(rng.integers(-15, 16))) for beat in heart.beats(11)]
    true = averages(mv, heart.beats(11))[1].beats_mv.mean(axis=0)[:, LEAD["II"]].max()
    assert averages(mv, astray)[1].beats_mv.mean(axis=0)[:, LEAD["II"]].max() == pytest.approx(true, rel=0.02)


def test_beats_of_another_shape_are_left_out():
    heart, odd = Heart(), Heart(r_mv=dict.fromkeys(("I", "II", "V1", "V5"), -0.9), wide=2.0)
    mv, other = heart.mv(11), odd.mv(11)
    at = heart.beats(11)[5].sample
    mv[at - 180 : at + 200] = other[at - 180 : at + 200]
    found = averages(mv, heart.beats(11))[1]
    assert at not in np.clip(found.at, at - 20, at + 20) or not np.any(np.abs(found.at - at) <= 20)
    assert found.count >= 8


def test_beats_classed_as_ventricular_do_not_count():
    heart = Heart()
    beats = [replace(beat, kind="V") if k % 3 == 0 else beat for k, beat in enumerate(heart.beats(11))]
    kept = averages(heart.mv(11), beats)[1].at
    assert not {beat.sample for beat in beats if beat.kind == "V"} & set(kept.tolist())


def test_too_few_beats_make_no_average():
    heart = Heart(rr_s=3.2)
    assert averages(heart.mv(11), heart.beats(11)) == []


def test_a_lead_of_bad_quality_is_left_out_with_all_that_rests_on_it():
    heart = Heart()
    bad = [report(k, {"II": 0.9, "V1": 0.1, "V5": 0.9}) for k in range(11)]
    found = averages(heart.mv(11), heart.beats(11), origin=origins("II", "V1", "V5"), reports=bad)[1]
    readable = {lead for lead, origin in zip(LEADS, found.origin, strict=True) if origin is not Origin.UNAVAILABLE}
    assert readable == {"II", "V5"}
    assert np.isnan(found.beats_mv[:, :, LEAD["V1"]]).all()


def test_of_twelve_measured_leads_a_bad_one_costs_only_itself():
    heart = Heart()
    bad = [report(k, dict.fromkeys(LEADS, 0.9) | {"V3": 0.0}) for k in range(11)]
    found = averages(heart.mv(11), heart.beats(11), reports=bad)[1]
    assert [lead for lead, ok in zip(LEADS, found.readable, strict=True) if not ok] == ["V3"]


def test_beats_in_a_bad_second_do_not_count():
    heart = Heart()
    bad = [report(k, {"II": 0.1 if k == 4 else 0.9, "V1": 0.9, "V5": 0.9}) for k in range(11)]
    found = averages(heart.mv(11), heart.beats(11), origin=origins("II", "V1", "V5"), reports=bad)[1]
    assert found.readable.all()
    at = found.at
    assert not any(4 * RATE - 200 < sample < 5 * RATE + 180 for sample in at)


def test_of_twelve_leads_that_are_bad_in_turn_most_beats_are_kept_and_some_leads_go():
    heart = Heart()
    turns = [report(k, {lead: 0.1 if i % 11 == k else 0.9 for i, lead in enumerate(LEADS)}) for k in range(11)]
    found = averages(heart.mv(11), heart.beats(11), reports=turns)[1]
    assert found.count >= 6
    assert 2 <= found.readable.sum() < 12


def test_a_gap_costs_the_beats_in_it_and_no_more():
    heart = Heart()
    mv = heart.mv(11)
    mv[2400:2700] = np.nan
    at = averages(mv, heart.beats(11))[1].at
    assert len(at) >= 6
    assert not any(2400 - 270 < sample < 2700 + 220 for sample in at)


def test_the_averages_do_not_depend_on_how_the_signal_is_cut():
    heart = Heart(st_mv={"V2": 0.2})
    mv, beats = heart.mv(SECONDS), heart.beats(SECONDS)
    whole = averages(mv, beats)
    edges = [0, *np.sort(np.random.default_rng(3).integers(1, len(mv), 60)).tolist(), len(mv)]
    cut = averages(mv, beats, edges=edges)
    assert [one.sample for one in cut] == [one.sample for one in whole]
    for a, b in zip(cut, whole, strict=True):
        assert a.beats_mv.tobytes() == b.beats_mv.tobytes()
        assert a.sd_mv.tobytes() == b.sd_mv.tobytes()


def test_wander_is_taken_out_between_the_beats():
    heart = Heart()
    mv = heart.mv(11, noise_mv=0.0)
    wander = 0.5 * np.sin(2 * np.pi * 0.3 * np.arange(len(mv)) / RATE).astype(np.float32)
    beats = levelled(averages(mv + wander[:, None], heart.beats(11))[1])
    clean = levelled(averages(mv, heart.beats(11))[1])
    after_j = slice(BEFORE + 30, BEFORE + 70)
    assert np.abs(beats[:, after_j] - clean[:, after_j]).max() < 0.05  # of 500 uV of wander, in any single beat
    assert np.abs(beats.mean(axis=0)[after_j] - clean.mean(axis=0)[after_j]).max() < 0.015
    assert beats.shape[1] == LENGTH


def test_hours_of_nothing_are_held_as_one_piece():
    stage = Averager()
    nothing = twelve(np.full((500, 12), np.nan, np.float32), (Origin.UNAVAILABLE,) * 12)
    for second in range(7200):
        stage.push([replace(nothing, start=500 * second)], [], 5000)  # no beat is told of, so the horizon stands
    assert len(stage._pieces) == 1
    heart = Heart()
    start = 500 * 7200
    beats = [replace(beat, sample=beat.sample + start) for beat in heart.beats(12)]
    found = stage.push([twelve(heart.mv(12), start=start)], beats, start + 6000)
    assert [one.sample for one in found] == [start + 2500, start + 5000]
    assert found[1].count >= 10
