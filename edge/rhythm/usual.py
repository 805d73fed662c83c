"""How strong a beat's complex is beside the usual: a pacing spike without capture, a P wave or wander is faint."""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.float64]

BEATS = 40  # remembered: a beat that stays small is the usual one after twenty
FEWEST = 5  # before there is a usual one
SURE = 0.5  # confidence of the beats that make it


class Usual:
    """The QRS energy of the last sure beats, lead by lead."""

    def __init__(self) -> None:
        self._tops: deque[Rows] = deque(maxlen=BEATS)

    def take(self, tops: Rows, usable: npt.NDArray[np.bool_], confidence: float) -> float:
        """A beat's energy (leads, mV) beside the median of those before it, in the lead where it is strongest.

        1 is as usual, and is told while no usual one is known.
        """
        strength = 1.0
        if len(self._tops) >= FEWEST and usable.any():
            median = np.median(np.array(self._tops), axis=0)
            strength = float((tops[usable] / (median[usable] + 1e-6)).max())
        if confidence >= SURE:
            self._tops.append(tops)
        return strength

    def forget(self) -> None:
        """A lead was lost for long: its electrode may have been placed anew."""
        self._tops.clear()
