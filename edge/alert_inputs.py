"""What the alert rules are told, each with its place on the timeline, and whether the signal can be read.

The rules look at the timeline in ticks and see of each input only what lies before the tick, so the alerts do not
depend on how the inputs were cut.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from edge.quality import Cause, QualityReport
from edge.rhythm.beat import Beat
from edge.rhythm.ectopy import Bigeminy, Run
from edge.rhythm.legible import Legible
from edge.rhythm.rhythms import Span


@dataclass(frozen=True, slots=True)
class Lost:
    """No signal from `start` up to, not including, `end`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class LossBegins:
    """From `sample` on there is no signal, until the `Lost` that tells the whole of it ends."""

    sample: int


@dataclass(frozen=True, slots=True)
class ElectrodesOff:
    """From `sample` on these leads, and no others, miss an electrode."""

    sample: int
    leads: frozenset[str]


@dataclass(frozen=True, slots=True)
class Link:
    sample: int
    connected: bool


@dataclass(frozen=True, slots=True)
class Battery:
    sample: int
    percent: float


@dataclass(frozen=True, slots=True)
class Fit:
    """From `sample` on the heart looks like the one that was enrolled, or not."""

    sample: int
    fits: bool
    distance: float  # from it, as a share of the limit


@dataclass(frozen=True, slots=True)
class Classed:
    """A beat whose class is known."""

    beat: Beat


Reading = Classed | Span | Run | Bigeminy | Legible
Input = Beat | Reading | QualityReport | Lost | LossBegins | ElectrodesOff | Link | Battery | Fit


def known_at(item: Input) -> int:
    """The timeline index from which on an input counts."""
    match item:
        case QualityReport() | Lost():
            return item.end
        case Run() | Bigeminy():
            return item.told
        case Classed():
            return item.beat.sample
        case _:
            return item.sample


@dataclass
class Signal:
    """Whether the leads can be read, and since when without a break."""

    leads: tuple[str, ...]
    min_quality: float
    weak_counts: bool = True  # a lead without complexes is readable too: it is what an asystole looks like
    since: int | None = 0  # None: not now
    off: frozenset[str] = frozenset()
    connected: bool = True
    lost: bool = False
    readable: bool = True  # by the last report

    def take(self, item: Input) -> None:
        at = known_at(item)
        match item:
            case LossBegins():
                self.lost = True
            case Lost():
                self.lost = False
                self.since = at  # for the time being: what else is wrong is asked below
            case QualityReport():
                self.readable = any(self._can_be_read(item, lead) for lead in self.leads)
            case ElectrodesOff():
                self.off = item.leads
            case Link():
                self.connected = item.connected
            case _:
                return
        usable = self.readable and self.connected and not self.lost and not self.off.issuperset(self.leads)
        self.since = None if not usable else at if self.since is None else self.since

    def _can_be_read(self, report: QualityReport, lead: str) -> bool:
        if lead in self.off:
            return False
        weak = self.weak_counts and report.causes.get(lead) is Cause.WEAK
        return weak or report.score.get(lead, 0.0) >= self.min_quality


@dataclass
class Inputs:
    """What has been told, in the order in which it counts."""

    waiting: deque[Input] = field(default_factory=deque)

    def add(self, items: Iterable[Input]) -> None:
        for item in items:
            place = len(self.waiting)
            while place and known_at(self.waiting[place - 1]) > known_at(item):
                place -= 1
            self.waiting.insert(place, item)

    def until(self, now: int) -> Iterable[Input]:
        while self.waiting and known_at(self.waiting[0]) <= now:
            yield self.waiting.popleft()
