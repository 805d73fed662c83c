from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from gaussian_ecg import RATE, beats_of, block, ecg, samples, steady

from edge.rhythm import Beat, BeatDetector


def assert_found(beats: list[Beat], r_s: npt.NDArray[np.float64], rate: float = RATE, within_ms: float = 20) -> None:
    """Exactly these beats, each in its place."""
    found = samples(beats) / rate
    assert len(found) == len(r_s), f"{len(found)} beats found of {len(r_s)}"
    assert np.abs(found - r_s).max() * 1000 <= within_ms


@pytest.mark.parametrize("per_min", [30, 40, 60, 100, 140, 200, 250])
def test_every_beat_of_a_steady_rhythm_is_found_in_its_place(per_min: float) -> None:
    r_s = steady(per_min, 30)
    beats = beats_of(ecg(r_s, 30))
    assert_found(beats, r_s)
    assert beats[0].rr_ms is None
    assert np.allclose([beat.rr_ms for beat in beats[1:]], 60_000 / per_min, atol=8)


@pytest.mark.parametrize("rate", [125.0, 250.0, 360.0, 1000.0])
def test_beats_are_found_at_other_rates(rate: float) -> None:
    r_s = steady(75, 20)
    assert_found(beats_of(ecg(r_s, 20, rate), rate=rate), r_s, rate)


@pytest.mark.parametrize("scale", [-1.0, 0.15, -0.15, 8.0])
def test_inverted_low_and_high_leads_are_read_as_well(scale: float) -> None:
    r_s = steady(70, 20)
    assert_found(beats_of(scale * ecg(r_s, 20, noise_mv=0.01 / abs(scale) if abs(scale) < 1 else 0.01)), r_s)


def test_an_irregular_rhythm_is_followed() -> None:
    r_s = 0.5 + np.cumsum(np.random.default_rng(3).uniform(0.4, 1.3, 60))
    assert_found(beats_of(ecg(r_s, r_s[-1] + 1)), r_s)


def test_the_t_wave_of_a_low_qrs_is_no_beat() -> None:
    r_s = steady(60, 30)
    tall_t = ecg(r_s, 30) + 2 * np.float32(0.25) * sum(
        np.exp(-(((np.arange(15_000) / RATE - r - 0.25) / 0.05) ** 2) / 2) for r in r_s
    ).astype(np.float32)
    assert_found(beats_of(tall_t), r_s)


@pytest.mark.parametrize("factor", [0.2, 5.0])
def test_a_sudden_change_of_amplitude_is_followed_within_two_seconds(factor: float) -> None:
    r_s = steady(75, 40)
    mv = ecg(r_s, 40)
    change_s = 20.2
    mv[round(change_s * RATE) :] *= factor
    found = samples(beats_of(mv)) / RATE
    late = found[(found < change_s) | (found > change_s + 2)]
    true = r_s[(r_s < change_s) | (r_s > change_s + 2)]
    assert len(late) == len(true)
    assert np.abs(late - true).max() < 0.02


def test_a_lead_that_dies_leaves_the_beats_to_the_others() -> None:
    r_s = steady(80, 30)
    mv = np.stack([ecg(r_s, 30), 0.6 * ecg(r_s, 30, seed=1), -0.8 * ecg(r_s, 30, seed=2)], 1)
    mv[7000:, 0] = np.nan
    beats = beats_of(mv, ("II", "V1", "V5"))
    assert_found(beats, r_s)
    assert {beat.lead for beat in beats if beat.sample > 7200} <= {"V1", "V5"}
    assert all(beat.rr_ms for beat in beats[1:]), "no gap: the other leads went on"


def test_a_lead_of_noise_does_not_outvote_a_clear_one() -> None:
    r_s = steady(80, 60)
    noise = np.random.default_rng(5).normal(0, 0.5, 30_000).astype(np.float32)
    assert_found(beats_of(np.stack([ecg(r_s, 60), noise], 1), ("II", "V5")), r_s)


def test_a_lead_of_bad_quality_has_no_vote() -> None:
    r_s = steady(80, 20)
    spikes = ecg(steady(47, 20), 20)
    detector = BeatDetector(RATE)
    detector.set_quality(0, {"II": 1.0, "V5": 0.0})
    beats = detector.push(block(0, np.stack([ecg(r_s, 20), spikes], 1), ("II", "V5"))) + detector.flush()
    assert_found(beats, r_s)
    assert {beat.lead for beat in beats} == {"II"}


def test_quality_counts_from_its_sample_on() -> None:
    r_s = steady(60, 30)
    detector = BeatDetector(RATE)
    detector.set_quality(5000, {"II": 0.0})
    detector.set_quality(10_000, {"II": 0.9})
    found = samples(detector.push(block(0, ecg(r_s, 30))) + detector.flush())
    assert not ((found >= 5000) & (found < 10_000)).any()
    assert (found < 5000).sum() == 10
    assert (found > 10_000).sum() == 10


def test_a_gap_holds_no_beat_and_no_interval_crosses_it() -> None:
    r_s = steady(60, 30)
    mv = ecg(r_s, 30)
    mv[6100:7400] = np.nan
    beats = beats_of(mv)
    found = samples(beats)
    assert not ((found >= 6100) & (found < 7400)).any()
    after = next(beat for beat in beats if beat.sample >= 7400)
    assert after.rr_ms is None
    assert sum(beat.rr_ms is None for beat in beats) == 2
    outside = r_s[(r_s < 12.2) | (r_s > 14.8)]
    assert_found(beats, outside)


def test_beats_between_frequent_short_gaps_are_found() -> None:
    r_s = steady(60, 30)
    mv = ecg(r_s, 30)
    for start in range(500, 14_500, 500):
        mv[start : start + 40] = np.nan  # half a beat away from every R peak
    assert_found(beats_of(mv), r_s)


def test_a_missing_stretch_is_the_same_as_one_marked_lost() -> None:
    mv = ecg(steady(60, 30), 30)
    marked = mv.copy()
    marked[6100:7400] = np.nan
    detector = BeatDetector(RATE)
    skipped = detector.push(block(0, mv[:6100])) + detector.push(block(7400, mv[7400:])) + detector.flush()
    assert skipped == beats_of(marked)


def test_an_hour_of_silence_is_skipped_at_once() -> None:
    mv = ecg(steady(60, 10), 10)
    hour = round(3600 * RATE)
    detector = BeatDetector(RATE)
    beats = detector.push(block(0, mv)) + detector.push(block(hour, mv)) + detector.flush()
    assert len(beats) == 2 * len(steady(60, 10))
    assert [beat.sample for beat in beats if beat.rr_ms is None] == pytest.approx([250, hour + 250], abs=2)


def test_a_bridged_sample_does_not_break_the_rhythm() -> None:
    r_s = steady(60, 20)
    whole = block(0, ecg(r_s, 20))
    whole.valid[3000:3008] = False  # bridged: finite, marked
    detector = BeatDetector(RATE)
    beats = detector.push(whole) + detector.flush()
    assert_found(beats, r_s)
    assert sum(beat.rr_ms is None for beat in beats) == 1


def test_finite_samples_that_are_marked_invalid_for_long_hold_no_beat() -> None:
    whole = block(0, ecg(steady(60, 20), 20))
    whole.valid[3000:5000] = False
    detector = BeatDetector(RATE)
    found = samples(detector.push(whole) + detector.flush())
    assert not ((found >= 3000) & (found < 5000)).any()


@pytest.mark.parametrize("cut", ["single", "random", "hops"])
def test_the_same_beats_come_however_the_input_is_cut(cut: str) -> None:
    rng = np.random.default_rng(11)
    r_s = 0.5 + np.cumsum(rng.uniform(0.4, 1.3, 30))
    mv = np.stack([ecg(r_s, 24), -0.4 * ecg(r_s, 24, seed=4), rng.normal(0, 0.1, 12_000).astype(np.float32)], 1)
    mv[4000:4700] = np.nan
    mv[6000:9500, 1] = np.nan
    leads = ("II", "V1", "V5")
    start = 137  # off the hops' grid
    detector = BeatDetector(RATE)
    whole = detector.push(block(start, mv, leads)) + detector.flush()
    assert len(whole) > 20
    sizes = {"single": [1] * len(mv), "random": rng.integers(1, 400, 500).tolist(), "hops": [50] * 240}[cut]
    detector = BeatDetector(RATE)
    pieces: list[Beat] = []
    at = 0
    for size in sizes:
        pieces += detector.push(block(start + at, mv[at : at + size], leads))
        at = min(at + size, len(mv))
    assert pieces + detector.flush() == whole


def test_beats_come_in_order_within_the_stated_delay_and_never_behind_the_horizon() -> None:
    rng = np.random.default_rng(2)
    r_s = 0.5 + np.cumsum(rng.uniform(0.3, 1.9, 60))
    mv = (
        ecg(r_s, r_s[-1] + 1, noise_mv=0.05) * np.repeat(rng.uniform(0.3, 1.5, 40), 2000)[: round((r_s[-1] + 1) * RATE)]
    )
    detector = BeatDetector(RATE)
    last = horizon = -1
    usual = 0
    for start in range(0, len(mv), 10):
        piece = block(start, mv[start : start + 10])
        beats = detector.push(piece)
        for beat in beats:
            assert beat.sample > last
            assert beat.sample >= horizon
            assert piece.end - beat.sample <= detector.delay_samples
            usual += piece.end - beat.sample <= detector.typical_delay_samples
            last = beat.sample
        assert detector.horizon >= horizon
        horizon = detector.horizon
    assert usual > 40
    assert horizon > len(mv) - detector.delay_samples - round(2 * RATE)


@pytest.mark.parametrize("signal", ["flat", "mains", "small noise", "slow wander", "nothing"])
def test_where_there_is_no_heart_there_are_no_beats(signal: str) -> None:
    t = np.arange(30_000) / RATE
    mv = {
        "flat": np.zeros(30_000),
        "mains": 2 * np.sin(2 * np.pi * 50 * t) + 0.5 * np.sin(2 * np.pi * 60 * t),
        "small noise": np.random.default_rng(1).normal(0, 0.02, 30_000),
        "slow wander": 3 * np.sin(2 * np.pi * 0.3 * t),
        "nothing": np.full(30_000, np.nan),
    }[signal]
    assert beats_of(mv.astype(np.float32)) == []


def test_loud_noise_gives_few_beats() -> None:
    noise = np.random.default_rng(1).normal(0, 0.3, 30_000).astype(np.float32)
    assert len(beats_of(noise)) < 30  # a minute of it


def test_p_waves_alone_are_an_asystole_not_a_rhythm() -> None:
    r_s = steady(70, 10)
    t = np.arange(10_000) / RATE
    p_waves = sum(0.1 * np.exp(-(((t - p) / 0.025) ** 2) / 2) for p in np.arange(10.3, 19.5, 0.85))
    mv = np.concatenate([ecg(r_s, 10), np.zeros(5000, np.float32)]) + p_waves.astype(np.float32)
    assert_found(beats_of(mv), r_s)


def test_blocks_that_go_back_are_refused() -> None:
    detector = BeatDetector(RATE)
    detector.push(block(0, np.zeros(500, np.float32)))
    with pytest.raises(ValueError, match="must not go back"):
        detector.push(block(400, np.zeros(100, np.float32)))


def test_a_rate_outside_of_the_stated_ones_is_refused() -> None:
    with pytest.raises(ValueError, match="125 to 1000"):
        BeatDetector(50.0)
