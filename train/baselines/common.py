"""What every baseline stands on: how it is called, what it is fitted on, and how its answer is made whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from scipy.signal import butter, sosfiltfilt

from edge.leads import INDEPENDENT, LEAD
from edge.montage import Montage
from edge.projection import Projection

RATE = 500.0
HIGHPASS_HZ = 0.5  # of what is fitted: the leads' wander has nothing to say of each other's
OF_EIGHT = [LEAD[name] for name in INDEPENDENT]

Signal = npt.NDArray[np.float32]
Float64s = npt.NDArray[np.float64]
Reconstructor = Callable[[Signal, tuple[str, ...]], Signal]
"""A recording (n x 12, mV at 500 Hz, baseline-filtered) of which only the columns of the named leads are read, in;
all twelve leads (n x 12, mV) out, the measured ones as they were."""


def columns(given: Sequence[str]) -> list[int]:
    return [LEAD[name] for name in given]


def without_wander(mv: npt.NDArray[np.floating]) -> Float64s:
    """High-passed at 0.5 Hz forwards and backwards (n x leads, mV)."""
    band = butter(2, HIGHPASS_HZ, "highpass", fs=RATE, output="sos")
    out: Float64s = sosfiltfilt(band, mv.astype(np.float64), axis=0)
    return out


def completed(eight: Float64s, mv: Signal, given: tuple[str, ...]) -> Signal:
    """The twelve leads (n x 12) nearest to an estimate of the eight (n x 8) that keep the measured ones bit for bit
    and obey Einthoven and Goldberger."""
    valid = (True,) * len(given)
    measured = mv[:, columns(given)].astype(np.float64)
    twelve, _ = Projection(Montage.of_leads(given)).apply(eight, np.ones_like(eight), np.eye(8), measured, valid)
    return twelve
