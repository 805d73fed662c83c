"""The band in which leads are compared, 0.5 to 40 Hz, for stretches that are there as a whole; without scipy."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge.dsp.design import low_pass_taps

Float64s = npt.NDArray[np.float64]

LOW_HZ, HIGH_HZ = 0.5, 40.0
TAPS_S = 0.1  # of the low-pass: 20 dB down at 55 Hz, and no beat reaches another
SHORTEST_S = 1.0  # a stretch of less has no drift to tell from its beats


def band_passed(x: Float64s, rate: float) -> Float64s:
    """`x` (n x columns) without what is slower than 0.5 Hz and faster than 40, of one length and without delay."""
    return low_passed(drift_free(x, rate), rate)


def drift_free(x: Float64s, rate: float) -> Float64s:
    """`x` (n x columns) without what is slower than 0.5 Hz. Linear in `x`.

    What is slow is fitted by cosines over the stretch and taken out, so no end is bent.
    """
    n = len(x)
    t = (np.arange(n) + 0.5) / n
    orders = np.arange(np.floor(2 * LOW_HZ * n / rate) + 1)
    drift = np.cos(np.pi * t[:, None] * orders)
    drift /= np.linalg.norm(drift, axis=0)  # orthonormal: the type II cosine transform
    return x - drift @ (drift.T @ x)


def low_passed(x: Float64s, rate: float) -> Float64s:
    """`x` (n x columns) without what is faster than 40 Hz, without delay. Linear in `x`."""
    taps = low_pass_taps(round(TAPS_S * rate) | 1, HIGH_HZ, rate)
    half = len(taps) // 2
    padded = np.pad(x, ((half, half), (0, 0)), mode="edge")
    return np.stack([np.convolve(column, taps, "valid") for column in padded.T], axis=1)
