from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from gaussian_ecg import RATE, block, ecg, steady
from however_cut import cuttings, pieces

from edge.blocks import Block
from edge.quality import QualityReport
from edge.rhythm import Beat, BeatDetector
from edge.rhythm.classes import BeatClassifier

WIDE = ((-0.9, 0.0, 0.035), (1.1, 0.06, 0.035), (-0.45, 0.30, 0.06))  # mV, s after R, s: no P, T against the QRS


def heart(
    seconds: float, every: int = 8, early: float = 0.6, scale: float = 1.0, wide: bool = True, seed: int = 0
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    """One lead at 75/min whose every `every`th beat comes early with a full pause; and the times (s) of those."""
    r_s = steady(75, seconds)
    odd = np.arange(every, len(r_s) - 1, every) if every else np.array([], int)
    r_s[odd] -= (1 - early) * 0.8
    narrow = np.delete(r_s, odd) if wide else r_s
    mv = ecg(narrow, seconds, seed=seed).astype(np.float64)
    t = np.arange(len(mv)) / RATE
    for r in r_s[odd] if wide else ():
        for height_mv, at_s, width_s in WIDE:
            mv += height_mv * np.exp(-(((t - r - at_s) / width_s) ** 2) / 2)
    return (scale * mv).astype(np.float32), r_s[odd]


def told(of: Block, edges: list[int] | None = None, quality: tuple[QualityReport, ...] = ()) -> list[Beat]:
    """The classified beats of `of`, pushed in pieces, each second's report before the block that completes it."""
    detector, stage = BeatDetector(), BeatClassifier()
    reports, found = list(quality), []
    for piece in pieces(edges or [0, len(of.mv)]):
        part = of.cut(of.start + piece.start, of.start + piece.stop)
        while reports and reports[0].end <= part.end:
            stage.set_quality(reports.pop(0))
        beats = detector.push(part)
        found += stage.push(part, beats, detector.horizon)
    found += stage.push(of.cut(of.end, of.end), detector.flush(), of.end)
    return found + stage.flush()


def kinds_near(beats: list[Beat], at_s: npt.NDArray[np.float64]) -> list[str]:
    samples = np.array([beat.sample for beat in beats]) / RATE
    return [beats[int(np.abs(samples - s).argmin())].kind for s in at_s]


def reports(seconds: int, score: dict[str, float]) -> tuple[QualityReport, ...]:
    return tuple(QualityReport(500 * k, 500, score, {}, {}) for k in range(seconds))


@pytest.mark.parametrize("lead", ["II", "V1", "chest"])
@pytest.mark.parametrize("scale", [1.0, -1.0, 0.3])
def test_early_wide_beats_are_ventricular_in_any_lead_and_the_others_are_not(lead: str, scale: float) -> None:
    mv, odd_s = heart(90, scale=scale)
    beats = told(block(0, mv, (lead,)))
    late = odd_s[odd_s > 15]
    assert kinds_near(beats, late) == ["V"] * len(late)
    others = [beat for beat in beats if np.abs(odd_s - beat.sample / RATE).min() > 0.15]
    assert sum(beat.kind == "V" for beat in others) == 0


def test_early_beats_of_normal_shape_are_supraventricular() -> None:
    mv, odd_s = heart(90, wide=False)
    late = odd_s[odd_s > 15]
    assert kinds_near(told(block(0, mv)), late) == ["S"] * len(late)


@pytest.mark.parametrize("broad", [False, True])
def test_a_steady_rhythm_is_normal_be_it_narrow_or_of_a_bundle_branch_block(broad: bool) -> None:
    mv = ecg(steady(70, 60), 60)
    if broad:
        mv = np.convolve(mv, np.ones(60) / 60, "same").astype(np.float32)
    assert {beat.kind for beat in told(block(0, mv))} == {"N"}


def test_two_leads_are_read_together_and_one_may_be_lost() -> None:
    a, odd_s = heart(90)
    b = -0.6 * a + np.random.default_rng(1).normal(0, 0.01, len(a)).astype(np.float32)
    both = np.stack([a, b], axis=1)
    both[20_000:, 1] = np.nan
    late = odd_s[odd_s > 15]
    assert kinds_near(told(block(0, both, ("II", "V1"))), late) == ["V"] * len(late)


def test_a_lead_that_joins_or_leaves_costs_no_beat() -> None:
    mv, odd_s = heart(90)
    detector, stage, found = BeatDetector(), BeatClassifier(), []
    two = np.stack([mv, mv], axis=1)
    heard = 0
    parts = [
        block(0, mv[:15_000]),
        block(15_000, two[15_000:30_000], ("II", "V5")),
        block(30_000, mv[30_000:], ("V5",)),
    ]
    for part in parts:
        beats = detector.push(part)
        heard += len(beats)
        found += stage.push(part, beats, detector.horizon)
    rest = detector.flush()
    found += stage.push(parts[-1].cut(parts[-1].end, parts[-1].end), rest, parts[-1].end) + stage.flush()
    assert len(found) == heard + len(rest)
    late = odd_s[odd_s > 15]
    assert kinds_near(found, late).count("V") >= len(late) - 2  # one may fall on a seam


def test_beats_without_a_usable_lead_are_unclassified() -> None:
    mv, _ = heart(40)
    good = told(block(0, mv), quality=reports(40, {"II": 0.9}))
    bad = told(block(0, mv), quality=reports(40, {"II": 0.05}))
    assert "Q" not in {beat.kind for beat in good[1:]}
    assert {beat.kind for beat in bad} == {"Q"}


def test_a_bad_lead_has_no_say() -> None:
    mv, odd_s = heart(60)
    noise = np.random.default_rng(2).normal(0, 1.0, len(mv)).astype(np.float32)
    score = reports(60, {"II": 0.9, "V1": 0.0})
    detector, stage = BeatDetector(), BeatClassifier()
    clean, both = block(0, mv), block(0, np.stack([mv, noise], axis=1), ("II", "V1"))
    beats = detector.push(clean) + detector.flush()
    for report in score:
        stage.set_quality(report)
    found = stage.push(both, beats, both.end) + stage.flush()
    alone = told(clean, quality=reports(60, {"II": 0.9}))
    assert [beat.kind for beat in found] == [beat.kind for beat in alone]
    assert kinds_near(found, odd_s[odd_s > 15]).count("V") == int((odd_s > 15).sum())


def test_every_beat_comes_back_once_in_order_and_the_same_however_cut() -> None:
    mv, _ = heart(30, every=5)
    mv[7000:7900] = np.nan
    whole = block(3, mv)
    quality = tuple(QualityReport(500 * k, 500, {"II": 0.05 if k == 12 else 0.8}, {}, {}) for k in range(30))
    once = told(whole, quality=quality)
    detector = BeatDetector()
    assert [beat.sample for beat in once] == [beat.sample for beat in detector.push(whole) + detector.flush()]
    for edges in cuttings(len(mv), ways=2, singles=100):
        assert told(whole, edges, quality) == once


def test_a_beat_comes_in_time_and_never_before_the_horizon() -> None:
    mv, _ = heart(40)
    detector, stage = BeatDetector(), BeatClassifier()
    horizon = 0
    for first in range(0, len(mv), 50):
        part = block(first, mv[first : first + 50])
        beats = detector.push(part)
        found = stage.push(part, beats, detector.horizon)
        assert all(beat.sample >= horizon for beat in found)
        assert all(part.end - beat.sample <= detector.delay_samples + stage.delay_samples for beat in found)
        assert horizon <= stage.horizon <= detector.horizon
        horizon = stage.horizon


def test_memory_does_not_grow_with_the_recording() -> None:
    mv, _ = heart(100)
    detector, stage = BeatDetector(), BeatClassifier()
    for first in range(0, len(mv), 500):
        part = block(first, mv[first : first + 500])
        stage.set_quality(QualityReport(first, 500, {"II": 0.9}, {}, {}))
        stage.push(part, detector.push(part), detector.horizon)
    measures = stage._measures
    assert len(measures._waiting) <= 3
    assert len(measures._reports) <= 8
    assert len(measures._known["II"].features.templates.all) <= 10
