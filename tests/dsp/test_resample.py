from fractions import Fraction
from math import floor

import numpy as np
import pytest
from however_cut import assert_same_however_cut, run

from edge.blocks import Block
from edge.dsp.resample import Resample

TO = 500
RATES = [125, 250, 360, 497.5, 1000]


def block_of(mv, rate, start=0, valid=None):
    mv = np.asarray(mv, np.float32)
    mv = mv[:, None] if mv.ndim == 1 else mv
    return Block(start, rate, ("II", "V1", "V5")[: mv.shape[1]], mv, np.isfinite(mv) if valid is None else valid)


def resampled(mv, rate, start=0, valid=None):
    block = block_of(mv, rate, start, valid)
    return run(Resample(rate, TO), block, [0, len(block.mv)])


def input_at(n, rate):
    """The input sample at output sample `n`, or the last one before it; in exact arithmetic."""
    return floor(Fraction(n) * Fraction(str(rate)) / TO)


@pytest.mark.parametrize("rate", RATES)
def test_a_wave_in_the_passband_keeps_its_height_and_its_place(rate):
    for part in (0.004, 0.1, 0.3, 0.38):
        frequency = part * min(rate, TO)
        t = np.arange(round(4 * rate)) / rate
        out = resampled(np.cos(2 * np.pi * frequency * t + 0.5), rate)
        at = np.arange(len(out.mv)) / TO
        inside = (at > 0.5) & (at < 3.5)
        error = out.mv[inside, 0] - np.cos(2 * np.pi * frequency * at[inside] + 0.5)
        assert np.abs(error).max() < 0.001, f"{frequency} Hz"


@pytest.mark.parametrize(("rate", "frequency"), [(1000, 300), (1000, 450), (2000, 900), (720, 340)])
def test_what_500_hz_cannot_hold_is_taken_out_instead_of_folded_back(rate, frequency):
    t = np.arange(2 * rate) / rate
    out = resampled(np.sin(2 * np.pi * frequency * t), rate).mv[250:-250]
    assert np.abs(out).max() < 0.001


@pytest.mark.parametrize("rate", RATES)
def test_a_peak_stays_where_it_is(rate):
    for at_s in (1.0, 1.0137, 1.7):
        t = np.arange(round(3 * rate)) / rate
        out = resampled(np.exp(-((t - at_s) ** 2) / (2 * 0.015**2)), rate).mv[:, 0].astype(np.float64)
        top = int(out.argmax())
        left, middle, right = np.log(out[top - 1 : top + 2])
        found_s = (top + 0.5 * (left - right) / (left - 2 * middle + right)) / TO
        assert abs(found_s - at_s) < 0.00005


@pytest.mark.parametrize("rate", RATES)
def test_after_a_day_the_time_base_is_still_exact(rate):
    start = round(86_400 * rate)  # a whole second of both clocks
    x = np.zeros(round(4 * rate))
    x[round(2 * rate)] = 1.0
    out = resampled(x, rate, start=start)
    assert out.start == 86_400 * TO
    assert out.start + int(out.mv[:, 0].argmax()) == 86_402 * TO


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("samples", [1, 2, 7, 333, 1000])
def test_an_output_sample_is_there_exactly_where_the_input_sample_at_or_before_it_is(rate, samples):
    out = resampled(np.ones(samples), rate)
    assert out.start == 0
    assert input_at(len(out.mv) - 1, rate) < samples <= input_at(len(out.mv), rate)
    assert np.abs(out.mv - 1).max() < 1e-6
    assert out.valid.all()


@pytest.mark.parametrize("rate", RATES)
def test_a_hole_stays_a_hole_and_touches_nothing_beside_it(rate):
    rng = np.random.default_rng(1)
    n = round(6 * rate)
    mv = np.ones((n, 2), np.float32)
    mv[n // 2 :, 0] = 40.0  # another level behind the hole: nothing of it may ring across
    hole = slice(n // 2 - 13, n // 2)
    mv[hole, 0] = np.nan
    for k in rng.integers(n // 2, n, 5):  # single samples too
        mv[k, 0] = np.nan
    out = resampled(mv, rate)
    source = np.array([input_at(k, rate) for k in range(len(out.mv))])
    assert np.array_equal(np.isnan(out.mv), np.isnan(mv[source]))
    there = np.isfinite(out.mv[:, 0])
    assert np.abs(out.mv[there, 0] - mv[source[there], 0]).max() < 1e-4
    assert np.abs(out.mv[:, 1] - 1).max() < 1e-6


def test_bridged_samples_are_used_and_stay_invalid():
    rate = 250
    mv = np.sin(np.arange(1000) / 20)
    valid = np.ones((1000, 1), bool)
    valid[500:505] = False
    out = resampled(mv, rate, valid=valid)
    assert np.array_equal(out.mv, resampled(mv, rate).mv)
    assert np.array_equal(np.flatnonzero(~out.valid[:, 0]), np.arange(1000, 1010))


@pytest.mark.parametrize("rate", [*RATES, 333.333])
def test_the_output_is_the_same_however_the_input_is_cut(rate):
    rng = np.random.default_rng(2)
    mv = rng.normal(0, 1, (1400, 3)).astype(np.float32).cumsum(axis=0)
    mv[:9, 0] = np.nan
    mv[400:460] = np.nan
    mv[480, 1] = np.nan
    mv[700:705, 2] = np.nan
    valid = np.isfinite(mv)
    valid[900:905] = False
    assert_same_however_cut(lambda: Resample(rate, TO), block_of(mv, rate, start=7_777, valid=valid), singles=150)


@pytest.mark.parametrize("rate", RATES)
def test_the_delay_is_the_one_stated(rate):
    stage = Resample(rate, TO)
    mv = np.zeros((round(rate / 2), 1), np.float32)
    behind = []
    for at in range(len(mv)):
        for block in stage.push(block_of(mv[at : at + 1], rate, start=at)):
            behind.append(at * TO / rate - block.start)  # the newest input sample, the oldest of what it let go
    assert stage.delay_samples - 2 * TO / rate - 1 < max(behind) <= stage.delay_samples
    assert stage.delay_samples / TO < 0.12, "a tenth of a second, at the lowest rate"


@pytest.mark.parametrize(("rate", "samples", "expected"), [(250, 500, 1000), (125, 250, 1000), (1000, 2000, 1000)])
def test_two_seconds_in_are_two_seconds_out(rate, samples, expected):
    assert len(resampled(np.ones(samples), rate).mv) == expected
