"""What a QRS complex and what noise measure in each lead, learned from the signal and followed beat by beat."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.float64]

FLOOR_MV = 0.015  # energy below which nothing is a QRS complex: white noise of 0.05 mV reaches half of it
PEAKED = 2.5  # a lead's largest energy over its median in two seconds: noise stays below, sinus rhythm at 180/min above
FOLLOW = 1 / 8  # of the new in a running level (Pan & Tompkins 1985)
LARGEST_STEP = 3.0  # times the level: what a single complex, or artefact, may claim


class Levels:
    """Running QRS and noise energy (mV) of each lead; NaN where not learned."""

    def __init__(self, leads: int) -> None:
        self.qrs = np.full(leads, np.nan)
        self.noise = np.full(leads, np.nan)

    @property
    def learned(self) -> npt.NDArray[np.bool_]:
        known: npt.NDArray[np.bool_] = np.isfinite(self.qrs)
        return known

    def forget(self, leads: npt.NDArray[np.bool_]) -> None:
        self.qrs[leads] = np.nan
        self.noise[leads] = np.nan

    def learn(self, lead: int, energy: Rows, at_least_mv: float = FLOOR_MV) -> bool:
        """Set the levels of `lead` from a stretch of energy (n); False, and nothing set, if no QRS stands out of it."""
        half = len(energy) // 2
        halves = float(energy[:half].max()), float(energy[half:].max())
        # a beat in both halves: the smaller, so that one artefact does not set the level
        top = min(halves) if min(halves) > 0.4 * max(halves) else max(halves)
        median = float(np.median(energy))
        if top < max(at_least_mv, FLOOR_MV) or top < PEAKED * median:
            return False
        self.qrs[lead], self.noise[lead] = top, min(1.5 * median, top / 2)
        return True

    def follow_beat(self, energy: Rows, usable: npt.NDArray[np.bool_]) -> None:
        """A beat whose largest energy was `energy` (leads)."""
        new = np.minimum(energy, LARGEST_STEP * self.qrs)
        self.qrs += np.where(usable & self.learned, FOLLOW * (new - self.qrs), 0.0)

    def follow_noise(self, energy: Rows, usable: npt.NDArray[np.bool_]) -> None:
        """A peak of `energy` (leads) that was no beat."""
        new = np.minimum(energy, self.qrs)
        self.noise += np.where(usable & self.learned, FOLLOW * (new - self.noise), 0.0)

    def weights(self) -> Rows:
        """How much each lead's vote counts (leads): by how far its QRS stands out of its noise; 0 where not learned."""
        clear = np.clip(1.0 - self.noise / self.qrs, 0.05, 1.0) ** 2
        return np.where(self.learned, clear, 0.0)
