"""Two hearts in one: what is mixed, and what is left alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from edge.leads import INDEPENDENT, LEAD
from edge.synthetic import synthesise
from train import augment, mixing

RATE = 500.0
EIGHT = [LEAD[name] for name in INDEPENDENT]


def heart(bpm: float, seed: int, gain: float = 1.0, rhythm: str = "sinus") -> np.ndarray:
    return gain * synthesise(rhythm, 8.0, seed=seed, bpm=bpm).mv[:, EIGHT].T


def mixed(hearts: list[np.ndarray], seed: int = 0):
    """Windows of hearts[0], mixed with whatever is drawn; what they were; and the beats."""
    signals = torch.from_numpy(np.stack(hearts).astype(np.float32))
    beats = mixing.Beats.of(np.stack(hearts), RATE)
    rows, starts, factors = torch.zeros(8, dtype=torch.long), torch.full((8,), 1000.0), torch.ones(8)
    plain = augment.stretched(signals, rows, starts, factors, 1000)
    generator = torch.Generator().manual_seed(seed)
    return plain, mixing.mixed(plain, signals, beats, rows, starts, factors, 1, 1.0, generator), beats


def test_beats_are_found_where_they_are():
    beats = mixing.Beats.of(np.stack([heart(75, 0)]), RATE)
    assert int((~beats.at[0].isnan()).sum()) == pytest.approx(10, abs=1)
    assert float(beats.rr[0]) == pytest.approx(400, abs=20)


def test_a_mixed_heart_beats_where_the_first_one_did():
    plain, out, _ = mixed([heart(75, 0), heart(90, 1, gain=2.0)])
    changed = (out - plain).abs().amax((1, 2)) > 0.02
    assert bool(changed.any())
    v5 = INDEPENDENT.index("V5")
    before, after = plain[changed][:, v5].argmax(1), out[changed][:, v5].argmax(1)
    period = 400
    off = (after - before + period // 2) % period - period // 2
    assert int(off.abs().max()) <= 25  # 50 ms


def test_an_irregular_heart_is_not_mixed():
    plain, out, beats = mixed([heart(75, 0), heart(90, 1, gain=5.0, rhythm="af")])
    assert bool(beats.rr[1].isnan())
    assert float((out - plain).abs().max()) < 1.0  # five times its size would show; itself, a beat later, does not


def test_hearts_whose_rates_are_too_far_apart_are_not_mixed():
    signals = [heart(50, 0), heart(140, 1, gain=5.0)]
    plain, out, _ = mixed(signals)
    assert float((out - plain).abs().max()) < 1.0  # as above
