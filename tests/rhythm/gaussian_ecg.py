"""A heart of five Gaussians a beat, after McSharry et al. 2003, with every R peak known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge.blocks import Block
from edge.rhythm import Beat, BeatDetector

WAVES = ((0.10, -0.16, 0.025), (-0.1, -0.03, 0.008), (1.0, 0.0, 0.012), (-0.2, 0.03, 0.010), (0.25, 0.25, 0.05))
RATE = 500.0


def ecg(
    r_s: npt.NDArray[np.float64], seconds: float, rate: float = RATE, noise_mv: float = 0.01, seed: int = 0
) -> npt.NDArray[np.float32]:
    """One lead (n, mV) with R peaks of 1 mV at the times `r_s`: P, Q, R, S and T at fixed places about them."""
    t = np.arange(round(seconds * rate)) / rate
    x = np.random.default_rng(seed).normal(0, noise_mv, len(t))
    for r in r_s:
        for height_mv, at_s, width_s in WAVES:
            x += height_mv * np.exp(-(((t - r - at_s) / width_s) ** 2) / 2)
    return x.astype(np.float32)


def steady(per_min: float, seconds: float, first_s: float = 0.5) -> npt.NDArray[np.float64]:
    """R peak times (s) of a steady rhythm."""
    return np.arange(first_s, seconds - 0.4, 60 / per_min)


def block(start: int, mv: npt.NDArray[np.float32], leads: tuple[str, ...] = ("II",), rate: float = RATE) -> Block:
    mv = mv.reshape(-1, len(leads)).astype(np.float32)
    return Block(start, rate, leads, mv, np.isfinite(mv))


def beats_of(mv: npt.NDArray[np.float32], leads: tuple[str, ...] = ("II",), rate: float = RATE) -> list[Beat]:
    detector = BeatDetector(rate)
    return detector.push(block(0, mv, leads, rate)) + detector.flush()


def samples(beats: list[Beat]) -> npt.NDArray[np.int64]:
    return np.array([beat.sample for beat in beats], np.int64)
