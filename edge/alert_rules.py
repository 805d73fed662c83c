"""The rules: what the beats say of the wearer, and what the signal says of the equipment.

Both look at the timeline in ticks and see of each input only what lies before the tick, so the alerts do not depend on
how the inputs were cut.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from edge.alert import Alert, Kind
from edge.alert_latch import Latch
from edge.alert_settings import AlertSettings
from edge.blocks import Origin
from edge.quality import Cause, QualityReport
from edge.rhythm.beat import Beat
from edge.rhythm.rate import HeartRate


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


Input = Beat | QualityReport | Lost | LossBegins | ElectrodesOff | Link | Battery | Fit


def known_at(item: Input) -> int:
    """The timeline index from which on an input counts."""
    match item:
        case QualityReport() | Lost():
            return item.end
        case _:
            return item.sample


@dataclass
class Signal:
    """Whether the leads can be read, and since when without a break."""

    leads: tuple[str, ...]
    min_quality: float
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
        """A lead without complexes is what an asystole looks like: that alone does not make it unreadable."""
        if lead in self.off:
            return False
        return report.score.get(lead, 0.0) >= self.min_quality or report.causes.get(lead) is Cause.WEAK


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


class WearerRules:
    """Asystole, pause, bradycardia, tachycardia: only from an interval that readable signal covers."""

    def __init__(self, leads: tuple[str, ...], rate: float, settings: AlertSettings) -> None:
        def samples(seconds: float) -> int:
            return round(seconds * rate)

        s = self._settings = settings
        self._rate = rate
        origin = dict.fromkeys(leads, Origin.MEASURED)
        sustained, clear, hold_off = samples(s.sustained_s), samples(s.clear_s), samples(s.hold_off_s)
        self.asystole = Latch(Kind.ASYSTOLE, 0, samples(min(s.clear_s, s.pause_s)), 0, leads=origin)
        self.pause = Latch(Kind.PAUSE, 0, clear, hold_off, leads=origin)
        self.bradycardia = Latch(Kind.BRADYCARDIA, sustained, clear, hold_off, leads=origin)
        self.tachycardia = Latch(Kind.TACHYCARDIA, sustained, clear, hold_off, leads=origin)
        self.latches = [self.asystole, self.pause, self.bradycardia, self.tachycardia]
        self._unknown = samples(s.unknown_s)
        self._signal = Signal(leads, s.min_quality)
        self._heart = HeartRate(rate)
        self._last: int | None = None
        self._told: dict[Kind, int] = {}  # when each active alert last had evidence
        self.inputs = Inputs()

    def tick(self, now: int) -> list[Alert]:
        pauses = [pause for item in self.inputs.until(now) if (pause := self._take(item))]
        since = self._signal.since
        found = self._asystole(now, since) + self._pause(now, pauses)
        rate = self._heart.at(now) if since is not None else None
        found += self._of_rate(now, rate)
        return found + self._unknowable(now, since is not None, rate is not None)

    def _take(self, item: Input) -> tuple[int, float] | None:
        """Take in one input; a beat that ends a pause gives its onset and length (s)."""
        self._signal.take(item)
        if not isinstance(item, Beat):
            return None
        self._heart.push(item)
        before, self._last = self._last, item.sample
        since = self._signal.since
        if item.rr_ms is None or before is None or since is None or since > before:
            return None
        length = item.rr_ms / 1000
        told = self.asystole.active is not None  # while it lasted, so that it is no pause any more
        return (before, length) if length >= self._settings.pause_s and not told else None

    def _asystole(self, now: int, since: int | None) -> list[Alert]:
        if self._last is None:  # no heart has been seen yet
            return []
        quiet = None if since is None else max(self._last, since)
        silence_s = 0.0 if quiet is None else (now - quiet) / self._rate
        beating = self._last > (self.asystole.active.onset if self.asystole.active else 0)
        gone = beating and now - self._last < self._settings.pause_s * self._rate
        evidence = {"silence_s": round((now - self._last) / self._rate, 3) if self.asystole.active else silence_s}
        return self.asystole.update(now, silence_s >= self._settings.asystole_s, gone, evidence, quiet)

    def _pause(self, now: int, pauses: list[tuple[int, float]]) -> list[Alert]:
        onset, length = max(pauses, key=lambda found: found[1], default=(None, 0.0))
        return self.pause.update(now, bool(pauses), not pauses, {"rr_s": round(length, 3)} if pauses else {}, onset)

    def _of_rate(self, now: int, rate: float | None) -> list[Alert]:
        if rate is None:
            return [*self.bradycardia.update(now, False, False, {}), *self.tachycardia.update(now, False, False, {})]
        s, evidence = self._settings, {"rate_per_min": round(rate, 1)}
        slow = self.bradycardia.update(now, rate < s.bradycardia_per_min, rate >= s.bradycardia_off_per_min, evidence)
        fast = self.tachycardia.update(now, rate > s.tachycardia_per_min, rate <= s.tachycardia_off_per_min, evidence)
        return slow + fast

    def _unknowable(self, now: int, readable: bool, rated: bool) -> list[Alert]:
        """End what has had no evidence for too long: it is neither true nor false any more."""
        ended: list[Alert] = []
        for latch in self.latches:
            told = rated if latch in (self.bradycardia, self.tachycardia) else readable
            if told or latch.active is None:
                self._told[latch.kind] = now
            elif now - self._told.get(latch.kind, now) >= self._unknown:
                unknown_s = (now - self._told[latch.kind]) / self._rate
                ended += latch.end(now, {"unknown_s": round(unknown_s, 3)})
        return ended


class EquipmentRules:
    """Electrode off (a lead each), gap, poor signal, disconnected, battery, another heart than the one enrolled."""

    def __init__(self, leads: tuple[str, ...], rate: float, settings: AlertSettings) -> None:
        def samples(seconds: float) -> int:
            return round(seconds * rate)

        s = self._settings = settings
        self._rate = rate
        clear, hold_off = samples(s.equipment_clear_s), samples(s.hold_off_s)
        origin = dict.fromkeys(leads, Origin.MEASURED)
        off = samples(s.electrode_off_s)
        self._off = {
            lead: Latch(Kind.ELECTRODE_OFF, off, clear, 0, lead, leads={lead: Origin.MEASURED}) for lead in leads
        }
        self._gap = Latch(Kind.GAP, 0, clear, hold_off, leads=origin)
        self._poor = Latch(Kind.POOR_SIGNAL, samples(s.poor_signal_s), clear, hold_off, leads=origin)
        self._link = Latch(Kind.DISCONNECTED, 0, 0, 0, leads=origin)
        self._battery = Latch(Kind.BATTERY, 0, 0, hold_off)
        self._misfit = Latch(Kind.PATIENT_MISFIT, 0, 0, 0, leads=origin)
        self.latches = [*self._off.values(), self._gap, self._poor, self._link, self._battery, self._misfit]
        self._signal = Signal(leads, s.min_quality)
        self._percent: float | None = None
        self._fit: Fit | None = None
        self._lost: Lost | None = None  # the last loss, joined to the ones it touches
        self.inputs = Inputs()

    def tick(self, now: int) -> list[Alert]:
        for item in self.inputs.until(now):
            self._take(item)
        found: list[Alert] = []
        for lead, latch in self._off.items():
            off = lead in self._signal.off
            found += latch.update(now, off, not off, {})
        found += self._of_gap(now)
        readable = self._signal.readable
        found += self._poor.update(now, not readable, readable, {})
        found += self._link.update(now, not self._signal.connected, self._signal.connected, {})
        if self._percent is not None:
            s, evidence = self._settings, {"battery_percent": self._percent}
            low, charged = self._percent < s.battery_percent, self._percent > s.battery_off_percent
            found += self._battery.update(now, low, charged, evidence)
        if self._fit is not None:
            evidence = {"distance_limits": round(self._fit.distance, 3)}
            found += self._misfit.update(now, not self._fit.fits, self._fit.fits, evidence, self._fit.sample)
        return found

    def _take(self, item: Input) -> None:
        self._signal.take(item)
        if isinstance(item, Battery):
            self._percent = item.percent
        if isinstance(item, Fit):
            self._fit = item
        if isinstance(item, Lost):
            joined = self._lost is not None and item.start <= self._lost.end
            self._lost = Lost(self._lost.start, item.end) if joined and self._lost else item

    def _of_gap(self, now: int) -> list[Alert]:
        if self._lost is None:
            return []
        length_s = (self._lost.end - self._lost.start) / self._rate
        long = length_s >= self._settings.gap_s
        if long and now > self._lost.end and self._gap.active is None and not self._fresh(now):
            return []
        evidence = {"lost_s": round(length_s, 3)}
        return self._gap.update(now, long, now > self._lost.end, evidence, self._lost.start)

    def _fresh(self, now: int) -> bool:
        """Whether the last loss ended within this tick's reach: it is told once."""
        assert self._lost is not None
        return now - self._lost.end <= self._rate
