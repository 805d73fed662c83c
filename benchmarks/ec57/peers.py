"""QRS detections of other detectors, to stand in the same table: wfdb's XQRS and two of NeuroKit2's."""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt

from edge.errors import UsageError

XQRS = "xqrs"  # wfdb.processing.xqrs_detect as it comes: it learns its thresholds from the record
NEUROKIT = ("pantompkins1985", "neurokit")  # NeuroKit2's own names; each with the cleaning of the same name
DETECTORS = (XQRS, *NEUROKIT)


def detect(name: str, mv: npt.NDArray[np.floating], rate: float) -> npt.NDArray[np.int64]:
    """Samples of the beats that detector `name` (one of DETECTORS) finds in one lead.

    `mv`: samples, mV, at `rate` Hz; the answer counts in the same samples. Gaps (NaN) are given as 0 mV.
    Errors: UsageError for a name that is none.
    """
    lead = np.nan_to_num(np.asarray(mv, np.float64))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what these packages say of their own dependencies
        if name == XQRS:
            found = _xqrs(lead, rate)
        elif name in NEUROKIT:
            found = _neurokit(name, lead, rate)
        else:
            raise UsageError(f"no detector {name}: there are {', '.join(DETECTORS)}")
    return np.unique(np.asarray(found, np.int64))


def _xqrs(lead: npt.NDArray[np.float64], rate: float) -> npt.ArrayLike:
    from wfdb.processing import xqrs_detect

    found: npt.ArrayLike = xqrs_detect(sig=lead, fs=rate, verbose=False)
    return found


def _neurokit(name: str, lead: npt.NDArray[np.float64], rate: float) -> npt.ArrayLike:
    import neurokit2  # type: ignore[import-untyped]

    clean = neurokit2.ecg_clean(lead, sampling_rate=rate, method=name)
    _, found = neurokit2.ecg_peaks(clean, sampling_rate=rate, method=name)
    peaks: npt.ArrayLike = found["ECG_R_Peaks"]
    return peaks
