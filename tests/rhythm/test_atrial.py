from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from edge.blocks import Block
from edge.errors import InputError
from edge.quality import Cause, Grade, QualityReport
from edge.rhythm import Beat
from edge.rhythm.atrial import FEATURES, AfEvidence, AfModel, AtrialFibrillation
from edge.rhythm.rr_features import FEATURES as RR
from edge.rhythm.rr_features import rr_features
from tests.however_cut import cuttings, pieces
from tests.rhythm.gaussian_ecg import RATE, WAVES, block, ecg

Floats = npt.NDArray[np.float64]
P_WAVE = WAVES[0]


def times(rr_s: Floats) -> Floats:
    return np.asarray(0.5 + np.cumsum(rr_s))


def irregular(seconds: float, seed: int = 1) -> Floats:
    """R peaks of fibrillation: intervals that repeat neither in value nor in order."""
    rr = np.clip(np.random.default_rng(seed).normal(0.65, 0.14, int(3 * seconds)), 0.35, 1.2)
    at = times(rr)
    return at[at < seconds - 0.5]


def steady(seconds: float, ectopic_every: int = 0, breath: float = 0.03) -> Floats:
    """R peaks of sinus rhythm that breathes, with an early beat and its pause every few."""
    n = int(2 * seconds)
    rr = 0.8 * (1 + breath * np.sin(np.arange(n) * 0.8 * 2 * np.pi / 4))
    if ectopic_every:
        rr[ectopic_every::ectopic_every] *= 0.6
        rr[ectopic_every + 1 :: ectopic_every] *= 1.4
    at = times(rr)
    return at[at < seconds - 0.5]


def strip(at: Floats, seconds: float, p: bool, seed: int = 2) -> npt.NDArray[np.float32]:
    """One lead; without P waves, 6 Hz fibrillatory waves."""
    x = ecg(at, seconds, noise_mv=0.015, seed=seed).astype(np.float64)
    if not p:
        height, place, width = P_WAVE
        t = np.arange(len(x)) / RATE
        for r in at:
            x -= height * np.exp(-(((t - r - place) / width) ** 2) / 2)
        x += 0.05 * np.sin(2 * np.pi * 6.1 * t)
    return x.astype(np.float32)


def beats_at(at: Floats, lead: str = "II", kinds: dict[int, str] | None = None) -> list[Beat]:
    rr = [None, *(float(1000 * step) for step in np.diff(at))]
    kinds = kinds or {}
    return [Beat(round(t * RATE), lead, kinds.get(k, "N"), r) for k, (t, r) in enumerate(zip(at, rr, strict=True))]


def judged(signal: Block, beats: list[Beat], reports: list[QualityReport] | None = None) -> list[AfEvidence]:
    stage = AtrialFibrillation(RATE)
    for report in reports or []:
        stage.set_quality(report)
    return stage.push(signal, beats, signal.end) + stage.flush()


def score(signal: Block, beats: list[Beat]) -> float | None:
    stage = AtrialFibrillation(RATE)
    stage.push(signal, beats, signal.end)
    stage.flush()
    return stage.score()


def test_irregular_beats_without_p_waves_are_fibrillation() -> None:
    at = irregular(60)
    found = judged(block(0, strip(at, 60, p=False)), beats_at(at))
    late = [e.probability for e in found if e.end >= 30 * RATE]
    assert len(late) >= 15
    assert all(p is not None and p > 0.8 for p in late)


@pytest.mark.parametrize("ectopic_every", [0, 2, 3, 5])
def test_sinus_rhythm_with_or_without_ectopic_beats_is_not(ectopic_every: int) -> None:
    at = steady(60, ectopic_every)
    found = judged(block(0, strip(at, 60, p=True)), beats_at(at))
    late = [e.probability for e in found if e.end >= 30 * RATE]
    assert len(late) >= 15
    assert all(p is not None and p < 0.5 for p in late)


def test_deep_breathing_is_not_fibrillation() -> None:
    at = steady(40, breath=0.15)
    value = score(block(0, strip(at, 40, p=True)), beats_at(at))
    assert value is not None
    assert value < 0.3


def test_a_visible_p_wave_lowers_the_probability_of_the_same_intervals() -> None:
    at = irregular(40)
    with_p, without = (score(block(0, strip(at, 40, p=p)), beats_at(at)) for p in (True, False))
    assert with_p is not None
    assert without is not None
    assert with_p < without


def test_an_inverted_lead_says_the_same() -> None:
    at = irregular(40)
    x = strip(at, 40, p=False)
    assert score(block(0, -x), beats_at(at)) == pytest.approx(score(block(0, x), beats_at(at)), abs=1e-6)


def test_ten_seconds_have_a_score_and_four_have_none() -> None:
    at = irregular(10)
    x = strip(at, 10, p=False)
    value = score(block(0, x), beats_at(at))
    assert value is not None
    assert value > 0.5
    short = at[at < 4]
    assert score(block(0, x[: 4 * 500]), beats_at(short)) is None


def test_intervals_beside_ventricular_beats_do_not_count() -> None:
    at = steady(40)
    early = dict.fromkeys(range(4, len(at), 7), "V")
    for k in early:
        at[k] -= 0.3
    beats = beats_at(at, kinds=early)
    rr = np.array([np.nan if b.rr_ms is None else b.rr_ms for b in beats])
    sinus = judged(block(0, strip(at, 40, p=True)), beats)[-1].evidence
    everything = rr_features(rr[-36:])
    assert everything is not None
    assert sinus["rr_changed_share"] < 0.05 < everything[RR.index("rr_changed_share")]


def test_poor_signal_cannot_be_judged() -> None:
    at = irregular(40)
    bad = [QualityReport(500 * k, 500, {"II": 0.0}, {"II": Grade.BAD}, {"II": Cause.NOISE}) for k in range(40)]
    stage = AtrialFibrillation(RATE)
    x, found = block(0, strip(at, 40, p=False)), []
    beats = beats_at(at)
    for report in bad:
        stage.set_quality(report)
        piece = x.cut(report.start, report.end)
        found += stage.push(piece, [b for b in beats if piece.start <= b.sample < piece.end], piece.end)
    found += stage.flush()
    assert found
    assert all(e.probability is None for e in found)
    assert stage.score() is None


def test_after_a_gap_the_old_beats_are_forgotten_and_a_beatless_time_is_unknown() -> None:
    at = irregular(40)
    x = strip(at, 40, p=False)
    stage = AtrialFibrillation(RATE)
    stage.push(block(0, x), beats_at(at), 40 * 500)
    later = Block.nothing(40 * 500, 3600 * 500, RATE, ("II",))
    found = stage.push(later, [], later.end)
    assert found[-1].probability is None
    assert len(found) < 40, "an hour of nothing is not told over and over"


def test_leads_are_witnesses_and_a_flat_one_does_not_count() -> None:
    at = irregular(40)
    x = strip(at, 40, p=False)
    two = np.stack([x, np.full_like(x, np.nan)], axis=1)
    alone = score(block(0, x), beats_at(at))
    assert score(block(0, two, ("II", "patch 7")), beats_at(at)) == alone


def test_the_evidence_is_the_same_however_the_signal_is_cut() -> None:
    at = irregular(40)
    x, beats = block(0, strip(at, 40, p=False)), beats_at(at)

    def run(edges: list[int]) -> list[AfEvidence]:
        stage, found, told = AtrialFibrillation(RATE), [], 0
        for piece in pieces(edges):
            horizon = max(piece.stop - 700, 0) if piece.stop < len(x.mv) else len(x.mv)
            ready = [b for b in beats if told <= b.sample < horizon]
            told = max(told, horizon)
            found += stage.push(x.cut(piece.start, piece.stop), ready, horizon)
        return found + stage.flush()

    whole = run([0, len(x.mv)])
    assert len(whole) > 15
    for edges in cuttings(len(x.mv)):
        assert run(edges) == whole


def test_memory_does_not_grow_with_the_recording() -> None:
    import pickle

    stage = AtrialFibrillation(RATE)
    at = irregular(40)
    x, beats = block(0, strip(at, 40, p=False)), beats_at(at)
    sizes = []
    for k in range(6):
        moved = Block(k * 20_000, RATE, x.leads, x.mv, x.valid)
        shifted = [Beat(b.sample + k * 20_000, b.lead, b.kind, b.rr_ms) for b in beats]
        stage.push(moved, shifted, moved.end)
        sizes.append(len(pickle.dumps(stage)))
    assert sizes[-1] < 1.05 * sizes[1]


def test_a_model_that_does_not_fit_the_measures_is_refused() -> None:
    with pytest.raises(InputError, match="atrial fibrillation"):
        AfModel({"format": 1, "features": [*FEATURES][:-1], "mean": [], "scale": [], "weights": [], "intercept": 0})
