from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from edge.blocks import Block
from edge.errors import InputError
from edge.rhythm.beat import Beat
from edge.rhythm.emergency import Emergencies, Emergency
from edge.rhythm.ventricular import Ventricular, VentricularEvidence
from edge.rhythm.vf_model import Model

RATE = 500
LEADS = ("II", "V1")


def beating(seconds: int, rr_s: float = 0.8, seed: int = 1) -> tuple[npt.NDArray[np.float32], list[Beat]]:
    """Narrow complexes with T waves in two leads, and where they are."""
    t = np.arange(seconds * RATE) / RATE
    x = np.random.default_rng(seed).normal(0, 0.01, len(t))
    peaks = np.arange(0.5, seconds - 0.5, rr_s)
    for p in peaks:
        x += np.exp(-0.5 * ((t - p) / 0.012) ** 2) + 0.2 * np.exp(-0.5 * ((t - p - 0.25) / 0.05) ** 2)
    beats = [Beat(round(p * RATE), "II", "N", None if k == 0 else 1000 * rr_s) for k, p in enumerate(peaks)]
    return np.column_stack([x, -0.7 * x]).astype(np.float32), beats


def fibrillating(seconds: int, seed: int = 2) -> npt.NDArray[np.float32]:
    """Waves of 4 to 6 Hz that wander in rate and height."""
    rng = np.random.default_rng(seed)
    t = np.arange(seconds * RATE) / RATE
    hz = 5 + np.interp(t, np.arange(0, seconds + 1, 0.5), rng.normal(0, 0.7, 2 * seconds + 2))
    x = 0.4 * (1 + 0.3 * np.sin(2 * np.pi * 0.4 * t)) * np.sin(2 * np.pi * np.cumsum(hz) / RATE)
    return np.column_stack([x, 0.8 * np.roll(x, 20)]).astype(np.float32)


def evidence(mv: npt.NDArray[np.float32], beats: list[Beat], cut: int | None = None) -> list[VentricularEvidence]:
    stage, found = Ventricular(RATE), []
    step = cut or len(mv)
    waiting = list(beats)
    for first in range(0, len(mv), step):
        part = mv[first : first + step]
        end = first + len(part)
        horizon = max(end - 400, 0)
        known = [beat for beat in waiting if beat.sample < horizon]
        waiting = waiting[len(known) :]
        found += stage.push(Block(first, RATE, LEADS, part, np.isfinite(part)), known, horizon)
    return (
        found + stage.push(Block(len(mv), RATE, LEADS, mv[:0], np.isfinite(mv[:0])), waiting, len(mv)) + stage.flush()
    )


def window(k: int, vf: float | None = 0.0, vt: float | None = 0.0, still: float | None = None) -> VentricularEvidence:
    return VentricularEvidence((k - 4) * RATE, k * RATE, vf, vt, {}, still)


def row(rr_s: float, count: int, kind: str = "N", first_s: float = 1.0) -> list[Beat]:
    return [Beat(round((first_s + k * rr_s) * RATE), "II", kind, None if k == 0 else 1000 * rr_s) for k in range(count)]


def began(changes: list[Emergency]) -> list[str]:
    return [change.kind for change in changes if change.on]


def test_a_beating_heart_is_neither_fibrillation_nor_tachycardia() -> None:
    found = evidence(*beating(30))[4:]
    assert len(found) >= 20
    assert all(one.vf is not None and one.vf < 0.1 and one.vt is not None and one.vt < 0.5 for one in found)


def test_fibrillation_is_seen_where_beats_end() -> None:
    quiet, beats = beating(20)
    found = evidence(np.concatenate([quiet, fibrillating(12)]), beats)
    assert all(one.vf is not None and one.vf > 0.7 for one in found if one.start >= 21 * RATE)


def test_standstill_is_still_and_a_constant_lead_that_is_lost_is_no_answer() -> None:
    quiet, beats = beating(20)
    silent = np.random.default_rng(3).normal(0, 0.01, (10 * RATE, 2)).astype(np.float32)
    found = evidence(np.concatenate([quiet, silent]), beats)
    assert found[-1].still is not None
    assert found[-1].still > 0.9
    lost = evidence(np.concatenate([quiet, np.full((10 * RATE, 2), np.nan, np.float32)]), beats)
    assert lost[-1].vf is None
    assert lost[-1].still is None


@pytest.mark.parametrize("cut", [37, 500, 1733])
def test_evidence_does_not_depend_on_how_the_signal_is_cut(cut: int) -> None:
    quiet, beats = beating(12)
    mv = np.concatenate([quiet, fibrillating(8)])
    assert evidence(mv, beats, cut) == evidence(mv, beats)


def test_five_ventricular_beats_in_a_row_at_more_than_a_hundred_are_tachycardia_and_four_are_not() -> None:
    looks = [window(k) for k in range(4, 10)]
    assert "vt" in began(Emergencies().push(row(0.5, 5, "V"), looks))
    assert "vt" not in began(Emergencies().push(row(0.5, 4, "V"), looks))
    assert "vt" not in began(Emergencies().push(row(0.7, 5, "V"), looks))


def test_silence_of_four_seconds_is_asystole_only_where_the_signal_can_be_read() -> None:
    beats = row(0.8, 5)
    assert began(Emergencies().push(beats, [window(k) for k in range(4, 12)])) == ["asystole"]
    blind = [window(k, None, None) if k > 5 else window(k) for k in range(4, 12)]
    assert began(Emergencies().push(beats, blind)) == []


def test_fibrillation_needs_two_windows_and_is_told_with_its_onset_and_ended_once() -> None:
    looks = [window(k, 0.9 if k in (9, 10, 11) else 0.0) for k in range(4, 20)]
    changes = [c for c in Emergencies().push(row(0.8, 25), looks) if c.kind == "vf"]
    assert [(c.on, c.sample // RATE) for c in changes] == [(True, 10), (False, 14)]
    assert changes[0].onset == 5 * RATE
    assert not began(Emergencies().push(row(0.8, 25), [window(k, 0.9 if k == 9 else 0.0) for k in range(4, 20)]))


def test_extreme_rates_need_five_slow_or_seventeen_fast_beats() -> None:
    looks = [window(k) for k in range(4, 16)]
    assert "extreme_bradycardia" in began(Emergencies().push(row(1.6, 6), looks))
    assert "extreme_tachycardia" in began(Emergencies().push(row(0.4, 17), looks))
    assert "extreme_tachycardia" not in began(Emergencies().push(row(0.4, 16), looks))


@pytest.mark.parametrize(
    ("kinds", "vt", "told"),
    [("NVVNVVNVVN", 0.7, False), ("NVVNVVNVVN", 0.9, True), ("NNNVVVNVVN", 0.7, True), ("NNNNNVVVVV", 0.7, True)],
)
def test_couplets_among_other_beats_are_no_tachycardia_unless_the_waveform_is_sure(kinds, vt, told) -> None:
    beats = [Beat(round((0.5 + 0.6 * k) * RATE), "II", kind, 600.0 if k else None) for k, kind in enumerate(kinds)]
    looks = [VentricularEvidence((k - 4) * RATE, k * RATE, 0.0, vt if k == 6 else 0.0, {}, 0.0) for k in range(4, 8)]
    assert ("vt" in began(Emergencies().push(beats, looks))) is told


@pytest.mark.parametrize("legible", [0.1, 0.9])
def test_what_motion_has_drawn_begins_no_emergency(legible: float) -> None:
    looks = [
        VentricularEvidence((k - 4) * RATE, k * RATE, 0.9 if k > 8 else 0.0, 0.0, {}, 0.0, legible, legible)
        for k in range(4, 20)
    ]
    changes = Emergencies().push([*row(0.4, 30), *row(0.8, 1)], looks)
    assert bool(began(changes)) == (legible > 0.5)


def test_faint_beats_break_no_silence() -> None:
    faint = [Beat(round((5 + k) * RATE), "II", "N", 1000.0, 1.0, 0.1) for k in range(8)]
    assert "asystole" in began(Emergencies().push([*row(0.8, 5), *faint], [window(k) for k in range(4, 13)]))


def test_a_model_with_other_features_is_refused() -> None:
    with pytest.raises(InputError, match="other features"):
        Model.of({"vf": {"features": ["x"]}, "vt": {"features": []}})
