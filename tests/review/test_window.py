"""A window holds what the recording holds, at a size that a screen can take."""

from __future__ import annotations

import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import UsageError
from edge.exports.run_record import MISSING, RunRecord
from edge.leads import LEAD
from edge.review import window as of_window
from edge.review.pyramid import WHOLE
from edge.review.tiles import extend, find_tiles
from edge.review.window import MAX_PX, window


@pytest.fixture(scope="module")
def tiled(run: RunRecord) -> RunRecord:
    for _ in extend(run):
        pass
    return run


def brute(run: RunRecord, first: int, step: int, bins: int) -> np.ndarray:
    counts = np.full((bins * step, 12), MISSING, np.int64)
    there = run.counts(first, min(first + bins * step, run.samples))
    counts[: len(there)] = there
    by_bin = counts.reshape(bins, step, 12)
    least = np.where(by_bin == MISSING, 32767, by_bin).min(axis=1)
    return np.stack([np.where(by_bin.max(axis=1) == MISSING, MISSING, least), by_bin.max(axis=1)], axis=-1)


def test_near_by_it_is_the_samples_themselves(tiled):
    seen = window(tiled, find_tiles(tiled), 1234, 2345, 1111)
    assert (seen.first, seen.step, seen.exact) == (1234, 1, True)
    assert np.array_equal(seen.uv[:, :, 0], tiled.counts(1234, 2345))


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_from_afar_it_is_the_least_and_greatest_of_every_sample(tiled, data):
    first = data.draw(st.integers(0, tiled.samples - 2))
    last = data.draw(st.integers(first + 1, tiled.samples + 5000))
    px = data.draw(st.integers(1, max(1, (last - first) // 2)).filter(lambda px: px <= MAX_PX))
    done = data.draw(st.sampled_from([0, WHOLE, find_tiles(tiled).done]))
    seen = window(tiled, replace(find_tiles(tiled), done=done), first, last, px)
    assert seen.exact
    assert seen.first <= first < seen.first + seen.step
    assert seen.first % seen.step == 0
    assert seen.first + len(seen.uv) * seen.step >= min(last, tiled.samples)
    if seen.step > 1:
        assert np.array_equal(seen.uv, brute(tiled, seen.first, seen.step, len(seen.uv)))


@settings(max_examples=30)
@given(px=st.integers(1, MAX_PX))
def test_an_answer_is_bounded_by_the_pixels_that_were_asked_for(tiled, px):
    seen = window(tiled, find_tiles(tiled), 0, tiled.samples, px)
    assert len(seen.uv) < 2 * px + 2


def test_windows_side_by_side_fit_together_also_at_the_end(tiled):
    tiles = find_tiles(tiled)
    parts = [window(tiled, tiles, k * 8192, (k + 1) * 8192, 64) for k in range(3)]
    assert {part.step for part in parts} == {128}
    assert np.array_equal(np.concatenate([part.uv for part in parts]), brute(tiled, 0, 128, -(-tiled.samples // 128)))


def test_a_gap_is_a_hole_in_samples_and_in_bins(tiled):
    assert (window(tiled, find_tiles(tiled), 10_000, 11_500, 1500).uv == MISSING).all()
    bins = window(tiled, find_tiles(tiled), 0, 16_384, 256)
    within = slice(-(-10_000 // bins.step), 11_500 // bins.step)
    assert (bins.uv[within] == MISSING).all()
    assert (bins.uv[: within.start - 1, LEAD["II"]] != MISSING).all()


def test_a_lead_that_is_off_is_a_hole_of_its_own(tiled):
    off = window(tiled, find_tiles(tiled), 2500, 3500, 1000).uv[:, :, 0]
    assert (off[:, LEAD["V2"]] == MISSING).all()
    assert (off[:, LEAD["V1"]] != MISSING).all()


def test_leads_come_in_the_order_asked_for(tiled):
    all_leads = window(tiled, find_tiles(tiled), 0, 100, 100)
    two = window(tiled, find_tiles(tiled), 0, 100, 100, ("v5", "II"))
    assert np.array_equal(two.uv, all_leads.uv[:, [LEAD["V5"], LEAD["II"]]])


def test_without_tiles_a_long_stretch_is_looked_into_and_says_so(tiled, monkeypatch):
    monkeypatch.setattr(of_window, "MAX_RAW_BINS", 4)
    monkeypatch.setattr(of_window, "COARSE_BINS", 8)
    read = []
    counts = RunRecord.counts
    monkeypatch.setattr(RunRecord, "counts", lambda self, a, b: read.append(b - a) or counts(self, a, b))
    seen = window(tiled, replace(find_tiles(tiled), done=0), 0, tiled.samples, 1000)
    assert not seen.exact
    assert len(seen.uv) <= 8
    assert sum(read) <= 8 * of_window.COARSE_SAMPLES
    whole = brute(tiled, 0, seen.step, len(seen.uv))
    there = seen.uv[:, :, 0] != MISSING
    assert (seen.uv[there][:, 0] >= whole[there][:, 0]).all()
    assert (seen.uv[there][:, 1] <= whole[there][:, 1]).all()
    assert (seen.uv[0, LEAD["II"]] == whole[0, LEAD["II"]]).all() or there[0].all()


@pytest.mark.parametrize(
    ("first", "last", "px", "leads"),
    [
        (0, 0, 10, ()),
        (5, 4, 10, ()),
        (10**9, 10**9 + 1, 10, ()),
        (0, 10, 0, ()),
        (0, 10, MAX_PX + 1, ()),
        (0, 9, 9, ("Q",)),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(tiled, first, last, px, leads):
    with pytest.raises(UsageError):
        window(tiled, find_tiles(tiled), first, last, px, leads)


def test_the_bytes_are_a_head_and_then_lead_by_lead(tiled):
    seen = window(tiled, find_tiles(tiled), 512, 8704, 256, ("II", "V1"))
    data = seen.encoded()
    assert struct.unpack_from("<4sBBHIId", data) == (b"EDGW", 1, 1, 2, 32, 256, 512.0)
    body = np.frombuffer(data, "<i2", offset=24).reshape(2, 256, 2)
    assert np.array_equal(body, seen.uv.transpose(1, 0, 2))
