"""How fast something grows, in spite of steps and outliers, and how sure that is.

The slope is Theil's and Sen's (Sen 1968): the median of the slopes of all pairs of points. Its interval is a moving
block bootstrap's (Kuensch 1989): what the points are off the line is drawn anew in blocks, which keep what lasts for
several points (a fault that returns, an allocator's plateau) and which an interval for independent points would take
for certainty. A single step that never returns is no line: it widens the interval, as it should.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

WARM_UP = 0.1  # of the points, left out
FEWEST = 8  # points after it
BLOCK = 10  # points, or a quarter of them where they are few
DRAWN = 400
INTERVAL = (2.5, 97.5)  # percent
SEED = 2026

Points = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Growth:
    """An hour's, in the unit of what grows."""

    slope: float
    low: float  # of the 95 % interval
    high: float

    @property
    def noise(self) -> float:
        return (self.high - self.low) / 2


@dataclass(frozen=True, slots=True)
class Limit:
    """What may grow by how much an hour, and how near a run must come to tell."""

    unit: str
    per_hour: float
    noise: float  # half of the interval: with more than that a run is too short or too noisy to tell
    relative: bool = False  # in percent of the median

    def kept(self, growth: Growth) -> bool:
        """Whether it is not shown that more grows."""
        return growth.low <= self.per_hour

    def told(self, growth: Growth) -> bool:
        """Whether more growth would have been seen."""
        return growth.noise <= self.noise


def growth(hours: Sequence[float], values: Sequence[float], *, relative: bool = False) -> Growth | None:
    """Of `values` at `hours`, in order, without the warm-up; `relative`: in percent of their median.

    None where there are too few.
    """
    skipped = int(WARM_UP * len(hours))
    x, y = np.asarray(hours[skipped:], float), np.asarray(values[skipped:], float)
    if len(x) < FEWEST:
        return None
    if relative:
        y = 100 * y / np.median(y)
    pairs = np.triu_indices(len(x), 1)
    spans = x[pairs[1]] - x[pairs[0]]
    slope = _slope(y, pairs, spans)
    line = slope * x
    off, rng = y - line - np.median(y - line), np.random.default_rng(SEED)
    block = max(1, min(BLOCK, len(x) // 4))
    slopes = [_slope(line + _redrawn(off, block, rng), pairs, spans) for _ in range(DRAWN)]
    low, high = np.percentile(slopes, INTERVAL)
    return Growth(slope, min(float(low), slope), max(float(high), slope))


def _slope(y: Points, pairs: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]], spans: Points) -> float:
    return float(np.median((y[pairs[1]] - y[pairs[0]]) / spans))


def _redrawn(off: Points, block: int, rng: np.random.Generator) -> Points:
    """`off` put together anew from stretches of it, which may run over its end to its start."""
    starts = rng.integers(0, len(off), -(-len(off) // block))
    at = (starts[:, None] + np.arange(block)).ravel()[: len(off)]
    drawn: Points = off[at % len(off)]
    return drawn
