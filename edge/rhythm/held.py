"""A rhythm that is told by how probable it is, window after window: on when it has lasted, off when it is doubtful."""

from __future__ import annotations

from edge.rhythm.atrial import AfEvidence
from edge.rhythm.rhythm import Label
from edge.rhythm.rhythms import Span

ON_SHARE = 2 / 3  # of a window must be of the rhythm before it passes for it: it began in the first third
OFF_SHARE = 1 / 2
TOLD = ("rate_per_min", "rr_rmssd", "rr_change_entropy", "p_repeats")  # among its evidence, where they are there


class Held:
    """Windows' probabilities in; where the rhythm begins and ends out. Times in samples.

    Where no window could be judged for `lost`, what was on is over: after that it must be seen anew.
    `after`: how long the windows that speak for it must reach, from the first one's start to the last one's end.
    `delay`: a window is known this long after its end.
    """

    def __init__(self, label: Label, after: int, on: float, off: float, delay: int, lost: int) -> None:
        self._label, self._after, self._on, self._off, self._delay = label, after, on, off, delay
        self._since: AfEvidence | None = None  # the first window that spoke for it
        self._active = False
        self._lost = lost
        self._judged = 0  # end of the last window that could be

    def push(self, one: AfEvidence) -> Span | None:
        if self._active and one.end - self._judged > self._lost:
            self._active, self._since = False, None
            return Span(one.end + self._delay, self._label, False, self._judged)
        if one.probability is None:  # nothing is known: what is on stays on, what is not does not begin
            self._since = self._since if self._active else None
            return None
        self._judged = one.end
        if self._active:
            return self._end(one) if one.probability < self._off else None
        if one.probability < self._on:
            self._since = None
            return None
        self._since = self._since or one
        if one.end - self._since.start < self._after:
            return None
        self._active = True
        first = self._since
        onset = round(first.end - ON_SHARE * (first.end - first.start))
        told = {"af": round(one.probability, 3)} | {k: round(v, 4) for k, v in one.evidence.items() if k in TOLD}
        return Span(one.end + self._delay, self._label, True, onset, one.probability, told)

    def _end(self, one: AfEvidence) -> Span:
        self._active, self._since = False, None
        over = round(one.end - OFF_SHARE * (one.end - one.start))
        return Span(one.end + self._delay, self._label, False, over, one.probability or 0.0)
