import numpy as np
import pytest
from however_cut import assert_same_however_cut, bits, run

from edge.blocks import Block
from edge.dsp.baseline import Baseline, remove_baseline
from edge.leads import LEAD
from edge.synthetic import synthesise

RATE = 500
J_S, ST_S, PR_S = 0.045, 0.060, -0.070  # from the R peak: the J point; from J: where ST is read; where PR is flat


def block_of(mv, start=0, valid=None):
    mv = np.asarray(mv, np.float32)
    mv = mv[:, None] if mv.ndim == 1 else mv
    names = ("II", "V1", "V5", "I", "III")[: mv.shape[1]]
    return Block(start, RATE, names, mv, np.isfinite(mv) if valid is None else valid)


def filtered(x):
    return remove_baseline(np.asarray(x, np.float32)[:, None], RATE)[:, 0].astype(np.float64)


def gain_at(frequency, seconds):
    t = np.arange(round(seconds * RATE)) / RATE
    tail = slice(len(t) // 2, None)
    turning = np.exp(-2j * np.pi * frequency * t[tail])
    return abs(np.mean(filtered(np.sin(2 * np.pi * frequency * t))[tail] * turning)) * 2


def beats_with_st(elevation_mv, rate_bpm, onset_s, seconds=20.0):
    """Gaussian P, QRS and T on a flat line; from `onset_s` on each beat carries a plateau from J to the T wave."""
    t = np.arange(round(seconds * RATE)) / RATE
    x = np.zeros(len(t))
    r_peaks = np.arange(0.5, seconds - 0.6, 60 / rate_bpm)
    for r in r_peaks:
        for at, sd, height in ((-0.16, 0.02, 0.15), (-0.022, 0.006, -0.1), (0, 0.009, 1.2), (0.022, 0.007, -0.25)):
            x += height * np.exp(-((t - r - at) ** 2) / (2 * sd**2))
        x += 0.3 * np.exp(-((t - r - 0.25) ** 2) / (2 * 0.04**2))
        if r >= onset_s:
            up, down = (np.tanh((t - r - at) / 0.008) for at in (J_S, J_S + 0.14))
            x += elevation_mv * (up - down) / 2
    return x, r_peaks[r_peaks > 1]


def st_levels(x, r_peaks):
    """ST at J + 60 ms against the PR segment, beat by beat (mV)."""
    j60 = np.round((r_peaks + J_S + ST_S) * RATE).astype(int)
    pr = np.round((r_peaks + PR_S) * RATE).astype(int)
    return x[j60] - x[pr]


def test_a_3_mv_impulse_of_100_ms_leaves_at_most_100_uv_of_undershoot_and_300_uv_a_second_of_slope():
    x = np.zeros(10 * RATE)
    x[5 * RATE : 5 * RATE + RATE // 10] = 3.0
    after = filtered(x)[5 * RATE + RATE // 10 :]
    assert after.min() >= -0.1
    assert np.abs(np.diff(after)).max() * RATE <= 0.3
    assert after.min() < -0.05, "it is a high-pass at 0.05 Hz: without any undershoot nothing was filtered"


@pytest.mark.parametrize("rate_bpm", [40, 75, 140])
@pytest.mark.parametrize("elevation_mv", [-0.2, 0.1, 0.2, 0.5])
@pytest.mark.parametrize("onset_s", [0.0, 10.0])
def test_an_st_step_is_bent_by_at_most_25_uv_at_j60(elevation_mv, rate_bpm, onset_s):
    x, r_peaks = beats_with_st(elevation_mv, rate_bpm, onset_s)
    error = st_levels(filtered(x), r_peaks) - st_levels(x, r_peaks)
    assert np.abs(error).max() <= 0.025
    assert st_levels(x, r_peaks)[-1] == pytest.approx(elevation_mv, abs=0.03)  # the test signal is what it says


def test_an_electrode_offset_is_gone_from_the_first_sample_on():
    assert np.abs(filtered(np.full(3 * RATE, 280.0))).max() < 1e-6


def test_a_beat_on_an_offset_starts_where_a_settled_filter_would_have_it():
    x = synthesise("sinus", 30).mv[:, LEAD["II"]]
    late, start = filtered(x), filtered(x[15 * RATE :] + 100)
    assert np.abs(start[: 5 * RATE] - late[15 * RATE : 20 * RATE]).max() < 0.1


def test_the_heart_passes_and_the_slowest_drift_does_not():
    assert gain_at(0.5, 32) == pytest.approx(1, abs=0.006)
    assert gain_at(40, 4) == pytest.approx(1, abs=0.001)
    assert gain_at(0.005, 800) < 0.11


def test_the_filter_starts_afresh_after_a_gap():
    heart = synthesise("sinus", 12, seed=3).mv[:, LEAD["II"]]
    broken = heart.copy()
    broken[6 * RATE :] += 50  # the electrode was put on again
    broken[6 * RATE : 6 * RATE + 100] = np.nan
    out = filtered(broken)
    assert np.array_equal(np.isnan(out), np.isnan(broken))
    assert bits(out[: 6 * RATE]) == bits(filtered(heart)[: 6 * RATE])
    alone = filtered(broken[6 * RATE + 100 :])
    assert bits(out[6 * RATE + 100 :]) == bits(alone)
    assert np.abs(alone).max() < 2, "nothing is left of the step"


def test_a_lead_that_drops_out_does_not_disturb_the_others():
    mv = synthesise("sinus", 6).mv[:, :3].copy()
    alone = remove_baseline(mv, RATE)
    mv[1000:1400, 1] = np.nan
    out = remove_baseline(mv, RATE)
    assert bits(out[:, [0, 2]]) == bits(alone[:, [0, 2]])
    assert np.isnan(out[1000:1400, 1]).all()


def test_bridged_samples_keep_the_filter_going_and_stay_invalid():
    mv = synthesise("sinus", 6).mv[:, :2] + np.float32(3)
    valid = np.ones(mv.shape, bool)
    valid[1500:1510, 0] = False
    out = run(Baseline(RATE), block_of(mv, valid=valid), [0, len(mv)])
    assert bits(out.mv) == bits(remove_baseline(mv, RATE))
    assert np.array_equal(out.valid, valid)


@pytest.mark.parametrize("seconds", [0.3, 1.0, 8.0])
def test_einthovens_law_survives_the_start_of_the_filter(seconds):
    rng = np.random.default_rng(7)
    n = round(seconds * RATE)
    one, three = rng.gamma(1, 0.4, (2, n)) + rng.uniform(-5, 5, (2, 1))  # skewed: a median would not add up
    out = remove_baseline(np.stack([one, one + three, three], axis=1).astype(np.float32), RATE).astype(np.float64)
    assert np.abs(out[:, 0] + out[:, 2] - out[:, 1]).max() < 0.001


def test_the_output_is_the_same_however_the_input_is_cut():
    mv = synthesise("pvc", 9, seed=5).mv[:, [1, 6, 10]] + np.float32([0.5, -2, 9])
    mv[:40, 1] = np.nan  # a late start
    mv[1200:1500] = np.nan  # a gap of all
    mv[1650:1700, 2] = np.nan  # a hole shortly after: a run of less than a second
    mv[3000:3011, 0] = np.nan
    mv[-200:-150, 1] = np.nan
    out = assert_same_however_cut(lambda: Baseline(RATE), block_of(mv, start=12_345))
    assert (out.start, len(out.mv)) == (12_345, len(mv))
    assert np.array_equal(np.isnan(out.mv), np.isnan(mv))


@pytest.mark.parametrize("samples", [1, 2, 499, 500, 501])
def test_every_sample_of_a_short_recording_comes_out(samples):
    out = run(Baseline(RATE), block_of(np.ones((samples, 2))), [0, samples])
    assert len(out.mv) == samples
    assert np.isfinite(out.mv).all()


def test_nothing_comes_of_nothing():
    assert Baseline(RATE).flush() == []
    assert remove_baseline(np.zeros((0, 3), np.float32), RATE).shape == (0, 3)


def test_no_more_than_a_second_is_held_back():
    stage = Baseline(RATE)
    mv = synthesise("sinus", 3).mv[:, :2]
    seen = 0
    for at in range(0, len(mv), 50):
        block = block_of(mv[at : at + 50], start=at)
        seen += sum(len(b.mv) for b in stage.push(block))
        assert at + 50 - seen <= RATE
    assert seen == len(mv), "once the run has started nothing is held"


def limb_leads_with_holes():
    """I, II and III of one heart under wander, each with a hole of its own."""
    rng = np.random.default_rng(5)
    mv = synthesise("sinus", 12, seed=5).mv[:, [LEAD["I"], LEAD["II"], LEAD["III"]]].astype(float)
    wander = rng.normal(0, 0.01, (len(mv), 2)).cumsum(axis=0)
    mv += np.stack([wander[:, 0], wander[:, 1], wander[:, 1] - wander[:, 0]], axis=1)
    mv += np.array([5.0, -3.0, -8.0])  # electrode offsets
    mv = mv.astype(np.float32)
    mv[1500:1550, 0] = np.nan
    mv[1800:1900, 2] = np.nan  # within the second in which the others start
    mv[2100:2111, 0] = np.nan
    mv[4000:, 1] = np.nan
    return mv


def test_einthovens_law_survives_a_hole_in_one_of_three_limb_leads():
    mv = limb_leads_with_holes()
    out = run(Baseline(RATE, together=True), block_of(mv), [0, len(mv)]).mv
    there = np.isfinite(out).all(axis=1)
    law = np.abs(out[there, 0] + out[there, 2] - out[there, 1])
    assert np.array_equal(np.isnan(out), np.isnan(mv))
    assert law.max() < 2e-5, "mV; float32's rounding of several mV on the way in"
    alone = run(Baseline(RATE), block_of(mv), [0, len(mv)]).mv
    assert np.abs(alone[there, 0] + alone[there, 2] - alone[there, 1]).max() > 1e-3, "which it would not, each alone"


def test_leads_that_start_together_do_so_however_the_input_is_cut():
    assert_same_however_cut(lambda: Baseline(RATE, together=True), block_of(limb_leads_with_holes(), start=77))
