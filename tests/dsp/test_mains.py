import numpy as np
import pytest
from however_cut import assert_same_however_cut, run

from edge.blocks import Block
from edge.dsp.mains import Notch
from edge.leads import LEAD
from edge.synthetic import synthesise

RATE = 500


def block_of(mv):
    mv = np.asarray(mv, np.float32)
    mv = mv[:, None] if mv.ndim == 1 else mv
    return Block(0, RATE, ("II", "V1", "V5")[: mv.shape[1]], mv, np.isfinite(mv))


def notched(x, mains_hz=50.0):
    return run(Notch(RATE, mains_hz), block_of(x), [0, len(x)]).mv[:, 0].astype(np.float64)


@pytest.mark.parametrize("mains_hz", [50.0, 60.0])
@pytest.mark.parametrize("off_hz", [-0.05, 0.0, 0.05])
def test_the_mains_is_down_to_a_twentieth_within_a_second_even_a_little_off_its_frequency(mains_hz, off_hz):
    t = np.arange(4 * RATE) / RATE
    out = notched(0.5 * np.sin(2 * np.pi * (mains_hz + off_hz) * t + 1), mains_hz)
    assert np.abs(out[RATE:]).max() < 0.5 / 20
    if off_hz == 0:
        assert np.abs(out[2 * RATE :]).max() < 0.5 / 1000


def test_a_qrs_changes_by_at_most_2_percent_of_its_height():
    x = synthesise("sinus", 10).mv[:, LEAD["II"]].astype(np.float64)
    changed = notched(x) - x
    height = x.max() - x.min()
    assert np.abs(changed).max() < 0.02 * height
    assert np.abs(changed).max() > 0.001 * height, "every notch costs something"


@pytest.mark.parametrize("frequency", [1, 10, 25, 40, 100])
def test_the_rest_passes(frequency):
    t = np.arange(4 * RATE) / RATE
    out = notched(np.sin(2 * np.pi * frequency * t))[2 * RATE :]
    assert np.sqrt(2 * np.mean(out**2)) == pytest.approx(1, abs=0.01)


def test_an_offset_makes_no_transient():
    assert np.abs(notched(np.full(RATE, 7.0)) - 7.0).max() < 1e-5


def test_it_starts_afresh_after_a_gap_and_keeps_the_gap():
    x = np.ones(2 * RATE)
    x[RATE:] = 30.0
    x[RATE - 50 : RATE] = np.nan
    out = notched(x)
    assert np.array_equal(np.isnan(out), np.isnan(x))
    assert np.abs(out[RATE:] - 30).max() < 1e-4


def test_the_output_is_the_same_however_the_input_is_cut():
    rng = np.random.default_rng(3)
    mv = rng.normal(0, 1, (1500, 3)).astype(np.float32)
    mv[:20, 2] = np.nan
    mv[300:340] = np.nan
    mv[500, 1] = np.nan
    assert_same_however_cut(lambda: Notch(RATE, 50.0), block_of(mv))
