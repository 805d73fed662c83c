"""What ST and Q say of the wearer: ST elevation, ST depression, signs of an infarction, each only when it lasts."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from edge.alert import Alert, Kind, Priority
from edge.alert_latch import Latch
from edge.alert_settings import AlertSettings
from edge.st.reading import Finding, Sign, StReading

TICK_S = 1.0  # how often the rules look: readings come every five seconds
HELD_S = 15.0  # for so long a reading stands: beats of another shape, or a burst of noise, may cost two of them
SIGNS = {  # of each kind the surest counts
    Kind.ST_ELEVATION: (Sign.ELEVATION, Sign.RISE),
    Kind.ST_DEPRESSION: (Sign.DEPRESSION, Sign.FALL),
    Kind.MI: (Sign.Q_WAVE,),
}
ST = (Sign.ELEVATION, Sign.DEPRESSION)


class IschemiaRules:
    """A finding that is sure enough for long enough; one that could not be read for too long ends as unknown."""

    def __init__(self, rate: float, settings: AlertSettings) -> None:
        def samples(seconds: float) -> int:
            return round(seconds * rate)

        s = self._settings = settings
        self._rate = rate
        self._tick, self._held, self._unknown = samples(TICK_S), samples(HELD_S), samples(HELD_S + s.unknown_s)
        after, clear, hold_off = samples(s.st_s), samples(s.st_clear_s), samples(s.hold_off_s)
        self._of = {kind: Latch(kind, after, clear, hold_off) for kind in SIGNS}
        self.latches = [*self._of.values()]
        self._waiting: deque[StReading] = deque()
        self._last: StReading | None = None
        self._at = 0

    def push(self, readings: Iterable[StReading], horizon: int) -> list[Alert]:
        """`horizon`: every reading up to there has been pushed."""
        self._waiting.extend(readings)
        found: list[Alert] = []
        while self._at + self._tick <= horizon:
            self._at += self._tick
            while self._waiting and self._waiting[0].sample <= self._at:
                self._last = self._waiting.popleft()
            found += self._judge(self._at)
        return found

    def _judge(self, now: int) -> list[Alert]:
        last = self._last
        if last is None or now - last.sample > self._held:
            return self._unread(now, last)
        found: list[Alert] = []
        for kind, latch in self._of.items():
            seen = [last.findings[sign] for sign in SIGNS[kind] if sign in last.findings]
            if not seen:
                found += latch.update(now, False, False, {})
                continue
            finding = max(seen, key=lambda one: one.confidence)
            s = self._settings
            on, off = (s.mi_on, s.mi_off) if kind is Kind.MI else (s.st_on, s.st_off)
            holds, gone = finding.confidence >= on, finding.confidence < off
            if latch.active is None:
                latch.leads = {one.lead: one.origin for one in finding.leads}
            found += latch.update(now, holds, gone, _numbers(finding), None, self._priority(finding, last))
        return found

    def _unread(self, now: int, last: StReading | None) -> list[Alert]:
        if last is None or now - last.sample <= self._unknown:
            return [alert for latch in self.latches for alert in latch.update(now, False, False, {})]
        unknown = {"unknown_s": round((now - last.sample) / self._rate, 3)}
        return [alert for latch in self.latches for alert in latch.end(now, unknown)]

    def _priority(self, finding: Finding, reading: StReading) -> Priority | None:
        """Q waves alone may be years old; a rise in one lead is less than the criterion asks for. None: the kind's."""
        if finding.sign is Sign.RISE:
            return Priority.MEDIUM
        if finding.sign is not Sign.Q_WAVE:
            return None
        st = [reading.findings[one].confidence for one in ST if one in reading.findings]
        return Priority.MEDIUM if max(st, default=0.0) >= self._settings.st_on else Priority.LOW


def _numbers(finding: Finding) -> dict[str, float]:
    """Of every lead that shows it its level and what that is uncertain by."""
    what = "q" if finding.sign is Sign.Q_WAVE else "st"
    numbers = {"confidence": round(finding.confidence, 3)}
    for one in finding.leads:
        numbers[f"{what}_{one.lead}_uv"] = round(1000 * one.level_mv, 1)
        numbers[f"{what}_{one.lead}_sd_uv"] = round(1000 * one.spread_mv, 1)
        if one.change_mv is not None:
            numbers[f"{what}_{one.lead}_change_uv"] = round(1000 * one.change_mv, 1)
    return numbers
