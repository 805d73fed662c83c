"""Noise of real electrodes added to a recording at a ratio of powers, as PhysioNet's `nst` does it.

Moody, Muldrow & Mark, Comput Cardiol 11:381 (1984): a signal's power is an eighth of the square of its usual QRS
height, peak to peak; a noise's that of its samples about their mean.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

QRS_S = 0.05  # to either side of a beat

Floats = npt.NDArray[np.float64]


def qrs_height(x: Floats, at: Sequence[int], rate: float) -> float:
    """Peak to peak (mV) of a lead about the beats `at` (samples): the median."""
    reach = round(QRS_S * rate)
    beats = [b for b in at if reach < b < len(x) - reach]
    return float(np.median([np.ptp(x[b - reach : b + reach + 1]) for b in beats]))


def added(mv: Floats, noise: Floats, first: int, db: float, heights_mv: Sequence[float]) -> Floats:
    """`mv` (n x leads) with `noise` (at least n - first, x its channels) from sample `first` on, at `db` to the QRS."""
    out = mv.copy()
    for k, height in enumerate(heights_mv):
        one = noise[: len(mv) - first, k % noise.shape[1]]
        one = one - one.mean()
        out[first:, k] += one * np.sqrt(height**2 / 8 / (one**2).mean() / 10 ** (db / 10))
    return out
