"""One annotator's beats with their R-R intervals, and the stretches of flutter and shutdown between them.

Shutdown is a NOISE annotation (~) with bits 4 and 5 of its subtype set, up to the next one without them (as mitdb and
the European ST-T database have it). The AHA database marks it once, somewhere within: then it lasts from one window
after the annotation before to one window before the annotation after (WFDB Applications Guide, `bxb`).
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.ec57.annotations import Annotations

NEVER = 1 << 62  # samples: later than anything
UNREADABLE = 0x30  # subtype bits of ~: neither signal can be read


@dataclass(slots=True)
class Stretches:
    """Intervals in samples, both ends within, in order of time."""

    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def add(self, start: int, end: int) -> None:
        self.starts.append(start)
        self.ends.append(end)

    def __contains__(self, sample: int) -> bool:
        k = bisect.bisect_right(self.starts, sample) - 1
        return k >= 0 and sample <= self.ends[k]

    def begin_within(self, first: int, last: int) -> bool:
        """Whether one begins at or after `first` and before `last`."""
        k = bisect.bisect_left(self.starts, first)
        return k < len(self.starts) and self.starts[k] < last


@dataclass(slots=True)
class Track:
    """The beats of one annotator that count: those within its own ventricular flutter or fibrillation do not."""

    samples: list[int] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)  # N, S, V, F, Q
    flutter: Stretches = field(default_factory=Stretches)
    shutdown: Stretches = field(default_factory=Stretches)

    def rr(self, k: int) -> int:
        """Samples from the beat before to beat `k`; 0 where there is none or flutter or shutdown begins between."""
        if not 0 < k < len(self.samples):
            return 0
        before, this = self.samples[k - 1], self.samples[k]
        broken = self.flutter.begin_within(before, this) or self.shutdown.begin_within(before, this)
        return 0 if broken else this - before


def track(marks: Annotations, window: int, classes: Mapping[str, str]) -> Track:
    """`window`: samples, for shutdown that is marked once."""
    found = Track()
    flutter_since: int | None = None
    shutdown_since: int | None = None
    for sample, symbol, _, subtype in marks:
        if flutter_since is not None:
            if symbol == "]":
                found.flutter.add(flutter_since, sample)
                flutter_since = None
            continue
        off = symbol == "~" and (subtype & UNREADABLE) == UNREADABLE
        if shutdown_since is not None:
            if symbol == "~" and not off:
                found.shutdown.add(shutdown_since, sample)
            else:
                _marked_once(found, sample, window)
            shutdown_since = None
        if off:
            shutdown_since = sample
        elif symbol == "[":
            flutter_since = sample
        elif symbol in classes:
            found.samples.append(sample)
            found.labels.append(classes[symbol])
    if flutter_since is not None:
        found.flutter.add(flutter_since, NEVER)
    if shutdown_since is not None:
        found.shutdown.add(shutdown_since, NEVER)
    return found


def _marked_once(found: Track, resumed: int, window: int) -> None:
    before = max([0, *found.samples[-1:], *found.flutter.ends[-1:]])
    end = resumed - window
    found.shutdown.add(min(before + window, end), end)
