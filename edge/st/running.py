"""One number for a recording out of one every five seconds, in bounded memory."""

from __future__ import annotations

from collections import deque

import numpy as np

BINS = 1000  # of a probability: a thousandth
TOGETHER = 3  # readings, a quarter of a minute: what lasts less is none of the heart's


class Running:
    """The median over the recording, or the highest that `TOGETHER` successive readings agree on (their median)."""

    def __init__(self, *, highest: bool) -> None:
        self._highest = highest
        self._recent: deque[float] = deque(maxlen=TOGETHER)
        self._first: float | None = None
        self._most: float | None = None
        self._histogram = np.zeros(BINS + 1, np.int64)
        self._seen = 0
        self._last = 0.0

    def push(self, value: float | None) -> None:
        if value is None:
            return
        self._seen += 1
        self._last = value
        self._recent.append(value)
        self._histogram[round(value * BINS)] += 1
        middle = float(np.median(self._recent))
        if self._seen >= TOGETHER:
            self._most = middle if self._most is None else max(self._most, middle)

    @property
    def value(self) -> float | None:
        if not self._seen:
            return None
        if self._seen < TOGETHER:
            return round(self._last, 4)  # the last one rests on the most beats
        if self._highest:
            return round(self._most or 0.0, 4)
        total = np.cumsum(self._histogram)
        return round(float(np.searchsorted(total, (total[-1] + 1) / 2)) / BINS, 4)
