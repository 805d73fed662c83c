"""What a QRS complex and what noise measure in each lead, learned from the signal and followed beat by beat."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.float64]

FLOOR_MV = 0.015  # energy below which nothing is a QRS complex: white noise of 0.03 mV stays below
STANDS_OUT = 4.0  # a lead's largest energy over its 20th percentile in two seconds: noise 3, 250 beats a minute 4
QUIET_PERCENTILE = 20
LOST_IN_NOISE = 0.6  # of the QRS level: a lead whose other peaks are this high tells nothing, and is learned anew
FOLLOW = 1 / 8  # of the new in a running level (Pan & Tompkins 1985)
LEAST_WEIGHT = 0.05  # of a lead whose noise is as large as its beats, before squaring
LARGEST_STEP = 3.0  # times the level: what a single complex, or artefact, may claim


class Levels:
    """Running QRS and noise energy (mV) of each lead; NaN where not learned."""

    def __init__(self, leads: int) -> None:
        self.qrs = np.full(leads, np.nan)
        self.noise = np.full(leads, np.nan)
        self._changed()

    def _changed(self) -> None:
        self.learned: npt.NDArray[np.bool_] = np.isfinite(self.qrs)
        self.known = bool(self.learned.any())
        clear = np.clip(1.0 - self.noise / self.qrs, LEAST_WEIGHT, 1.0) ** 2
        self.weights = np.where(self.learned, clear, 0.0)  # how much a lead's vote counts: QRS against noise
        self.scale = np.where(self.learned, self.weights / self.qrs, 0.0)  # and of its energy, in votes per mV
        total = float(self.weights.sum())
        # the noise level where a QRS is 1, all leads together
        self.common_noise = float((self.scale[self.learned] * self.noise[self.learned]).sum()) / total if total else 0.0

    def forget(self, leads: npt.NDArray[np.bool_]) -> None:
        self.qrs[leads] = np.nan
        self.noise[leads] = np.nan
        self._changed()

    def learn(self, lead: int, energy: Rows, at_least_mv: float = FLOOR_MV) -> bool:
        """Set the levels of `lead` from a stretch of energy (n); False, and nothing set, if no QRS stands out of it."""
        half = len(energy) // 2
        halves = float(energy[:half].max()), float(energy[half:].max())
        # a beat in both halves: the smaller, so that one artefact does not set the level
        top = min(halves) if min(halves) > 0.4 * max(halves) else max(halves)
        if top < max(at_least_mv, FLOOR_MV) or top < STANDS_OUT * float(np.percentile(energy, QUIET_PERCENTILE)):
            return False
        self.qrs[lead], self.noise[lead] = top, min(1.5 * float(np.median(energy)), top / 3)
        self._changed()
        return True

    def follow_beat(self, energy: Rows, usable: npt.NDArray[np.bool_]) -> None:
        """A beat whose largest energy was `energy` (leads)."""
        new = np.minimum(energy, LARGEST_STEP * self.qrs)
        self.qrs += np.where(usable & self.learned, FOLLOW * (new - self.qrs), 0.0)
        self._changed()

    def follow_noise(self, energy: Rows, usable: npt.NDArray[np.bool_]) -> None:
        """A peak of `energy` (leads) that was no beat."""
        new = np.minimum(energy, self.qrs)
        self.noise += np.where(usable & self.learned, FOLLOW * (new - self.noise), 0.0)
        lost = self.learned & (self.noise > LOST_IN_NOISE * self.qrs)
        self.qrs[lost] = self.noise[lost] = np.nan
        self._changed()
