"""When each sample of a recording was taken: a patch's clock is seconds away from the wall's within a day."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import inf
from typing import Any

DRIFT = 1e-3  # more than any crystal's: a time further off was told before the host's clock was set
SET_S = 1.0  # by which the host's clock may have been set without that
ENOUGH_S = 0.02  # a time this close to the line between its neighbours tells nothing

Knot = tuple[int, float]  # sample, and s from the recording's start


@dataclass(frozen=True)
class RecordClock:
    """Straight lines between the times that the run told; beyond the last of them the rate as it is written."""

    start_utc: datetime
    rate: float  # Hz
    knots: tuple[Knot, ...]  # the first is sample 0

    @classmethod
    def of(cls, start_utc: datetime, rate: float, told: object) -> RecordClock:
        """`told`: the sidecar's `times`, of which what cannot be true is left out."""
        times = sorted(_times(start_utc, told if isinstance(told, list) else []))
        return cls(start_utc, rate, tuple(_thinned([(0, 0.0), *_consistent(times, rate)])))

    def utc(self, sample: float) -> datetime:
        return self.start_utc + timedelta(seconds=self.seconds(sample))

    def seconds(self, sample: float) -> float:
        """From the recording's start."""
        at = max(0, bisect_right(self.knots, sample, key=lambda knot: knot[0]) - 1)
        (before, seconds), after = self.knots[at], self.knots[at + 1 : at + 2]
        per_sample = (after[0][1] - seconds) / (after[0][0] - before) if after else 1 / self.rate
        return seconds + (sample - before) * per_sample


def _times(start_utc: datetime, told: Sequence[Any]) -> Iterable[Knot]:
    for one in told:
        try:
            yield int(one["sample"]), (datetime.fromisoformat(one["utc"]) - start_utc).total_seconds()
        except (KeyError, TypeError, ValueError, OverflowError):  # a sidecar that is JSON, but not ours
            continue


def _consistent(times: Sequence[Knot], rate: float) -> list[Knot]:
    """Those that a drift explains. Where two contradict each other the later one knew more."""
    kept: list[Knot] = []
    for sample, seconds in reversed(times):
        nominal = sample / rate
        off = abs(seconds - nominal) > SET_S + DRIFT * nominal
        if sample > 0 < seconds and not off and (not kept or (sample < kept[-1][0] and seconds < kept[-1][1])):
            kept.append((sample, seconds))
    return kept[::-1]


def _thinned(knots: list[Knot]) -> list[Knot]:
    """Without those that a straight line passes closely enough."""
    out, low, high = knots[:1], -inf, inf  # slopes from the last one kept, with which none since lies too far off
    for before, knot in pairwise(knots):
        if before is not out[-1]:
            low = max(low, _slope(out[-1], before, -ENOUGH_S))
            high = min(high, _slope(out[-1], before, ENOUGH_S))
            if not low <= _slope(out[-1], knot) <= high:
                out.append(before)
                low, high = -inf, inf
    return out + knots[1:][-1:]


def _slope(a: Knot, b: Knot, more_s: float = 0.0) -> float:
    return (b[1] + more_s - a[1]) / (b[0] - a[0])
