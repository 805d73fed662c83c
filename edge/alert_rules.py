"""What the beats alone say of the wearer: asystole, pause, bradycardia, tachycardia."""

from __future__ import annotations

from edge.alert import Alert, Kind, Priority
from edge.alert_inputs import Input, Inputs, Signal
from edge.alert_latch import Latch
from edge.alert_settings import AlertSettings
from edge.blocks import Origin
from edge.rhythm.beat import Beat
from edge.rhythm.legible import Legible
from edge.rhythm.rate import HeartRate


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
        self._strong: int | None = None  # the last beat that breaks a silence
        self._legible: Legible | None = None  # the last window
        self._fibrillated = 0  # up to there
        self._told: dict[Kind, int] = {}  # when each active alert last had evidence
        self.inputs = Inputs()

    def tick(self, now: int) -> list[Alert]:
        pauses = [pause for item in self.inputs.until(now) if (pause := self._take(item))]
        since = self._signal.since
        found = self._asystole(now, since) + self._pause(now, pauses)
        doubtful = self._legible is not None and not self._legible.emergencies
        rate = self._heart.at(now) if since is not None and not doubtful else None
        found += self._of_rate(now, rate)
        return found + self._unknowable(now, since is not None, rate is not None)

    def _take(self, item: Input) -> tuple[int, float] | None:
        """Take in one input; a beat that ends a pause gives its onset and length (s)."""
        self._signal.take(item)
        if isinstance(item, Legible):
            self._legible = item
            self._fibrillated = item.sample if item.fibrillates else self._fibrillated
        if not isinstance(item, Beat):
            return None
        self._heart.push(item)
        before, self._last = self._last, item.sample
        self._strong = item.sample if item.breaks_silence else self._strong
        since = self._signal.since
        if item.rr_ms is None or before is None or since is None or max(since, self._fibrillated) > before:
            return None
        if self._legible is not None and not self._legible.beats:
            return None
        length = item.rr_ms / 1000
        told = self.asystole.active is not None  # while it lasted, so that it is no pause any more
        return (before, length) if length >= self._settings.pause_s and not told else None

    def _asystole(self, now: int, since: int | None) -> list[Alert]:
        if self._strong is None:  # no heart has been seen yet
            return []
        quiet = None if since is None else max(self._strong, since, self._fibrillated)  # what fibrillates is not still
        silence_s = 0.0 if quiet is None else (now - quiet) / self._rate
        beating = self._strong > (self.asystole.active.onset if self.asystole.active else 0)
        gone = beating and now - self._strong < self._settings.pause_s * self._rate
        evidence = {"silence_s": round((now - self._strong) / self._rate, 3) if self.asystole.active else silence_s}
        still = silence_s >= self._settings.asystole_s and (self._legible is None or self._legible.emergencies)
        return self.asystole.update(now, still, gone, evidence, quiet)

    def _pause(self, now: int, pauses: list[tuple[int, float]]) -> list[Alert]:
        onset, length = max(pauses, key=lambda found: found[1], default=(None, 0.0))
        return self.pause.update(now, bool(pauses), not pauses, {"rr_s": round(length, 3)} if pauses else {}, onset)

    def _of_rate(self, now: int, rate: float | None) -> list[Alert]:
        if rate is None:
            return [*self.bradycardia.update(now, False, False, {}), *self.tachycardia.update(now, False, False, {})]
        s, evidence = self._settings, {"rate_per_min": round(rate, 1)}
        high = Priority.HIGH if _extreme(rate, s) else None
        slow, fast = rate < s.bradycardia_per_min, rate > s.tachycardia_per_min
        found = self.bradycardia.update(now, slow, rate >= s.bradycardia_off_per_min, evidence, None, high)
        return found + self.tachycardia.update(now, fast, rate <= s.tachycardia_off_per_min, evidence, None, high)

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


def _extreme(rate_per_min: float, s: AlertSettings) -> bool:
    return rate_per_min < s.extreme_bradycardia_per_min or rate_per_min > s.extreme_tachycardia_per_min
