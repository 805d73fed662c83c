"""Heart rate from R-R intervals, and which intervals are no measurement of it."""

from __future__ import annotations

from collections import deque

import numpy as np

from edge.rhythm.beat import Beat

SHORTEST_RR_MS = 200.0  # 300/min: the refractory period of the detector
MISSED = 1.75  # times the usual interval: a beat was missed, or dropped by the heart
EXTRA = 0.55  # of the usual interval: something that was no beat was counted, or a very early beat


def rr_is_artefact(rr_ms: float, usual_ms: float | None) -> bool:
    """Whether an R-R interval is too short or too long beside the usual one to count as the rhythm's interval."""
    if rr_ms < SHORTEST_RR_MS:
        return True
    return usual_ms is not None and not EXTRA * usual_ms <= rr_ms <= MISSED * usual_ms


def artefacts(rr_ms: list[float | None], beats: int = 8) -> list[bool]:
    """Mark the intervals that are artefacts beside the median of the `beats` before and after each; None is one."""
    marks = []
    for k, rr in enumerate(rr_ms):
        near = [other for other in rr_ms[max(0, k - beats) : k + beats + 1] if other is not None]
        marks.append(rr is None or rr_is_artefact(rr, float(np.median(near)) if len(near) > 2 else None))
    return marks


class HeartRate:
    """The median over the last beats; None when there are too few, or they are too old.

    The median of eight intervals stands up to one ectopic beat with its pause, one missed and one extra beat.
    """

    def __init__(
        self, rate: float = 500.0, beats: int = 8, fewest: int = 3, stale_s: float = 5.0, reach_s: float = 20.0
    ) -> None:
        """`fewest` intervals within `reach_s`, and a beat within `stale_s`, make a rate."""
        self._rate = rate
        self._fewest = fewest
        self._stale = round(stale_s * rate)
        self._reach = round(reach_s * rate)
        self._intervals: deque[tuple[int, float]] = deque(maxlen=beats)  # sample of the later beat, ms
        self._last: int | None = None

    def push(self, beat: Beat) -> None:
        self._last = beat.sample
        if beat.rr_ms is not None:
            self._intervals.append((beat.sample, beat.rr_ms))

    def at(self, sample: int) -> float | None:
        """Beats per minute as known at `sample`, or None."""
        rr_ms = self.usual_rr_ms(sample)
        return None if rr_ms is None else 60_000 / rr_ms

    def usual_rr_ms(self, sample: int) -> float | None:
        """The median interval as known at `sample`, or None."""
        if self._last is None or sample - self._last > self._stale:
            return None
        fresh = [rr for end, rr in self._intervals if sample - end <= self._reach]
        return float(np.median(fresh)) if len(fresh) >= self._fewest else None
