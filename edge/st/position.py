"""Has the body turned? The heart then lies otherwise in the chest, and QRS and ST change at once.

Ischaemia moves ST over minutes and QRS little; a turn of the body moves both within a beat or two (Drew and Krucoff
1999; Adams and Drew 1997). So where QRS in the measured leads changes abruptly, what ST has done since is less sure,
until QRS is as it was, or the new position has lasted so long that ST is judged by itself again.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import numpy as np

from edge.st.beat import RATE, Floats
from edge.st.levels import Levels

APART = 2  # averages back: the first that shares no beat with this one
SHIFT = 0.2  # of QRS's size: an abrupt change beyond this is a turn; breathing changes an average by a tenth at most
BACK = 0.1  # nearer to the old shape than this: turned back
LASTS = 600 * RATE  # samples: then the new position is the usual one
LEFT = 0.4  # of the confidence of an ST finding, meanwhile


@dataclass(frozen=True, slots=True)
class Seen:
    """A QRS complex in the leads that are sure."""

    sample: int
    leads: tuple[int, ...]
    mv: Floats  # LENGTH x 12
    onset: int
    j: int

    @classmethod
    def of(cls, levels: Levels) -> Seen:
        average, at = levels.average, levels.fiducials
        return cls(average.sample, tuple(np.flatnonzero(average.sure).tolist()), levels.mv, at.onset, at.j)

    def distance(self, other: Seen) -> float:
        """Over the leads and the time that both have, as a share of their size; ST is no part of it."""
        leads = [lead for lead in self.leads if lead in other.leads]
        rows = slice(max(self.onset, other.onset), min(self.j, other.j))
        if not leads or rows.stop <= rows.start:
            return 0.0
        a, b = self.mv[rows, leads], other.mv[rows, leads]
        size = float(np.linalg.norm(a) + np.linalg.norm(b)) / 2
        return float(np.linalg.norm(a - b)) / max(size, 1e-9)


class Position:
    """Readings' levels in, one after the other; what is left of confidence out."""

    def __init__(self) -> None:
        self._recent: deque[Seen] = deque(maxlen=APART)
        self._old: Seen | None = None  # as it was before the turn; its `sample` is when that was

    def push(self, levels: Levels) -> float:
        now = Seen.of(levels)
        if self._old is not None and (now.distance(self._old) < BACK or now.sample - self._old.sample >= LASTS):
            self._old = None
            self._recent.clear()
        before = self._recent[0] if len(self._recent) == APART else None
        if self._old is None and before is not None and now.distance(before) >= SHIFT:
            self._old = replace(before, sample=now.sample)
        self._recent.append(now)
        return 1.0 if self._old is None else LEFT
