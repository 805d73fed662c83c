"""How close a reconstructed lead comes to the true one."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BAND_HZ = (0.5, 40.0)
FLAT_MV = 0.010  # a lead whose truth moves less (standard deviation) has no correlation
EDGE_S = 1.0  # left out at both ends, where the zero-phase filter settles

Array = npt.NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Figures for every lead (last axis: leads)."""

    pcc: npt.NDArray[np.float64]  # Pearson correlation; NaN where the truth is flat
    mse_mv2: npt.NDArray[np.float64]
    rmse_uv: npt.NDArray[np.float64]
    mae_uv: npt.NDArray[np.float64]


def agreement(truth: Array, estimate: Array, rate: float, *, filtered: bool = True) -> Agreement:
    """Compare `estimate` with `truth` (both ... x samples x leads, mV) over time.

    Filtered: both are band-passed 0.5 to 40 Hz, forwards and backwards, and the first and last second is left out.
    """
    truth, estimate = truth.astype(np.float64), estimate.astype(np.float64)
    if filtered:
        from scipy.signal import sosfiltfilt  # heavy, and never needed in a live run

        edge = round(EDGE_S * rate)
        truth, estimate = (sosfiltfilt(_band(rate), x, axis=-2)[..., edge:-edge, :] for x in (truth, estimate))
    error = estimate - truth
    t = truth - truth.mean(-2, keepdims=True)
    e = estimate - estimate.mean(-2, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        pcc = (t * e).sum(-2) / np.sqrt((t**2).sum(-2) * (e**2).sum(-2))
    pcc = np.where(np.isfinite(pcc), pcc, 0.0)  # a flat estimate earns nothing
    pcc[t.std(-2) < FLAT_MV] = np.nan
    mse = (error**2).mean(-2)
    return Agreement(pcc, mse, 1000.0 * np.sqrt(mse), 1000.0 * np.abs(error).mean(-2))


@functools.cache
def _band(rate: float) -> npt.NDArray[np.float64]:
    from scipy.signal import butter

    band: npt.NDArray[np.float64] = butter(2, BAND_HZ, "bandpass", fs=rate, output="sos")
    return band
