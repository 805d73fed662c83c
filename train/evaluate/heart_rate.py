"""Feature level, as MCMA's authors define it: one heart beats in all leads, so their mean heart rates must agree.

The R peaks of every lead are found by NeuroKit2 (Makowski et al. 2021), as they do. The standard deviation is that of
the population (Chen et al., ECGGenEval, equations 6 to 10).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, filtfilt, sosfiltfilt

from edge.bundle import RATE
from edge.leads import LEADS
from edge.metrics import FLAT_MV
from train.evaluate.signal_level import mean

Signal = npt.NDArray[np.floating]
Floats = npt.NDArray[np.float64]


def by_lead(mv: Signal, known: Floats | None = None, given: Sequence[str] = ()) -> Floats:
    """Mean heart rate in every lead of recordings (records x samples x 12), per minute; NaN where a lead shows none.

    known: the same of the true recordings, taken over for the `given` leads, which are no others.
    """
    out = np.full((len(mv), 12), np.nan) if known is None else known.copy()
    asked = [k for k, lead in enumerate(LEADS) if known is None or lead not in given]
    for row, record in zip(out, mv, strict=True):
        clean = cleaned(record[:, asked])
        row[asked] = [
            np.nan if record[:, k].std() < FLAT_MV else _mean_rate(lead) for k, lead in zip(asked, clean.T, strict=True)
        ]
    return out


def cleaned(mv: Signal) -> Floats:
    """As NeuroKit2's `ecg_clean` leaves it, all leads at once (n x leads): above 0.5 Hz, and without 50 Hz."""
    high = butter(5, 0.5, "highpass", fs=RATE, output="sos")
    period = round(RATE / 50)
    smooth: Floats = filtfilt(np.full(period, 1 / period), [1.0], sosfiltfilt(high, mv, axis=0), axis=0)
    return smooth


def _mean_rate(clean: Floats) -> float:
    import neurokit2

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of signals without a peak, which are counted here
        peaks = neurokit2.ecg_findpeaks(clean, sampling_rate=round(RATE))["ECG_R_Peaks"]
    return 60 * RATE / float(np.diff(peaks).mean()) if len(peaks) > 1 else np.nan


def summary(rates: Floats) -> dict[str, Any]:
    """Means over recordings of the spread over leads; `silent`: leads without a rate, left out."""
    there = np.isfinite(rates)
    kept = rates[there.sum(1) > 1]
    means, sd = np.nanmean(kept, axis=1), np.nanstd(kept, axis=1)
    return {
        "sd_per_min": mean(sd),
        "cv": mean(sd / means),
        "range_per_min": mean(np.nanmax(kept, 1) - np.nanmin(kept, 1)) if len(kept) else None,
        "silent": int((~there).sum()),
    }
