"""What a classifier is shown of a stretch of leads: 0.5 to 40 Hz at 100 Hz. Training and the device share it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge import bundle_classifier
from edge.bundle import RATE
from edge.dsp.band import band_passed

SHOWN_RATE = bundle_classifier.RATE  # Hz: what a diagnosis rests on lies below 40 Hz
STEP = round(RATE / SHOWN_RATE)
WINDOW_S = bundle_classifier.SAMPLES / SHOWN_RATE  # as long as a standard recording, which is what there are labels for


def shown(mv: npt.NDArray[np.floating]) -> npt.NDArray[np.float32]:
    """Of n x leads (mV at 500 Hz, all of it there) leads x n/5: mV at 100 Hz, one length, no delay."""
    slow = band_passed(np.asarray(mv, np.float64), RATE)[::STEP]
    return np.ascontiguousarray(slow.T, np.float32)
