"""The average beat of the twelve leads: several beats of one shape, laid over one another, and where they come from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.blocks import Origin

Floats = npt.NDArray[np.float64]

RATE = 500  # Hz: the toolkit's own
MS = 1000 / RATE  # a sample
BEFORE, AFTER = 200, 250  # samples about R: a P wave 350 ms before QRS, and the T wave of a slow heart
LENGTH = BEFORE + AFTER
PR_DEFAULT = slice(BEFORE - 45, BEFORE - 33)  # 90 to 66 ms before R: the PR segment, until the QRS onset is known
PR_BEFORE_QRS = 10, 2  # samples before the onset: where the isoelectric line is read (CSE 1985: just before QRS)
ENOUGH = 6  # beats: the first and the last can be spared


@dataclass(frozen=True, slots=True)
class AverageBeat:
    """Aligned beats (K x LENGTH x 12, mV, R near row BEFORE); NaN in a lead that could not be read."""

    sample: int  # timeline index up to which signal was looked at
    at: npt.NDArray[np.int64]  # K: timeline index of row BEFORE of each
    beats_mv: Floats
    sd_mv: Floats  # LENGTH x 12: of the reconstruction, 0 where measured; averaging beats does not lessen it
    origin: tuple[Origin, ...]  # 12
    rr_ms: float  # usual interval
    enrolled: bool = False

    @property
    def count(self) -> int:
        return len(self.at)

    @property
    def readable(self) -> npt.NDArray[np.bool_]:
        """Which of the twelve."""
        return np.array([origin is not Origin.UNAVAILABLE for origin in self.origin])

    @property
    def sure(self) -> npt.NDArray[np.bool_]:
        """Measured, or derived from measured leads (12)."""
        return np.array([origin in (Origin.MEASURED, Origin.DERIVED) for origin in self.origin])


def levelled(average: AverageBeat, onset: int | None = None) -> Floats:
    """The beats with the isoelectric line as zero: a cubic spline through the PR levels of beat after beat.

    onset: row of the QRS onset, where it is known. As Meyer and Keiser (1977) have it; before a beat's PR segment, and
    after the next one's, the line goes straight on. The first and the last beat have a neighbour on one side only:
    where there are enough others, they serve the line and are left out.
    """
    pr = PR_DEFAULT if onset is None else slice(max(onset - PR_BEFORE_QRS[0], 0), max(onset - PR_BEFORE_QRS[1], 1))
    beats, at = average.beats_mv, average.at.astype(np.float64)
    level = beats[:, pr].mean(axis=1)  # K x 12
    if len(at) == 1:
        return np.asarray(beats - level[:, None])
    h, bend, slope = _spline(at, level)
    x = np.arange(LENGTH)[:, None] - (pr.start + pr.stop - 1) / 2  # samples after the PR segment
    straight = level[:, None] + slope[:, None] * x
    b = x[None] / h[:, None, None]  # 0 at this PR segment, 1 at the next
    a = 1 - b
    following = np.append(np.arange(1, len(at)), len(at) - 1)
    curve = a * level[:, None] + b * level[following][:, None]
    curve += ((a**3 - a) * bend[:, None] + (b**3 - b) * bend[following][:, None]) * h[:, None, None] ** 2 / 6
    between = (b > 0) & (b < 1) & (np.arange(len(at)) < len(at) - 1)[:, None, None]
    flat = np.asarray(beats - np.where(between, curve, straight))
    return flat[1:-1] if len(at) >= ENOUGH else flat


def _spline(at: Floats, level: Floats) -> tuple[Floats, Floats, Floats]:
    """Of the natural cubic spline through `level` (K x 12): span to the next knot, second derivative, slope at each."""
    h = np.diff(at)
    n = len(at)
    chord: Floats = np.diff(level, axis=0) / h[:, None]
    system, right = np.eye(n), np.zeros_like(level)
    for k in range(1, n - 1):
        system[k, k - 1 : k + 2] = h[k - 1], 2 * (h[k - 1] + h[k]), h[k]
        right[k] = 6 * (chord[k] - chord[k - 1])
    bend = np.linalg.solve(system, np.nan_to_num(right)).astype(np.float64)
    slope: Floats = np.empty_like(level)
    slope[:-1] = chord - h[:, None] * (2 * bend[:-1] + bend[1:]) / 6
    slope[-1] = chord[-1] + h[-1] * (bend[-2] + 2 * bend[-1]) / 6
    return np.append(h, 1.0), bend, slope
