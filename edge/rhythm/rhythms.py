"""Which rhythm it is, second by second: the gravest that has evidence, or unknown where the signal says nothing.

Findings are taken in with their place on the timeline; `advance` says up to where all of them are known.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from edge.rhythm.beat import Beat
from edge.rhythm.ectopy import Bigeminy
from edge.rhythm.rate import HeartRate
from edge.rhythm.rhythm import Label, Rhythm

TICK_S = 1.0
SLOW_PER_MIN, FAST_PER_MIN = 60.0, 100.0  # the limits of sinus rhythm's ordinary rate
SWAY_PER_MIN = 3.0  # a rate must leave its range by this much to be called another
UNKNOWN_S = 3.0  # without a usable lead, before nothing is known
CYCLES = 3  # of bigeminy
EMERGENCIES = frozenset({Label.VF, Label.VT, Label.ASYSTOLE})


@dataclass(frozen=True, slots=True)
class Span:
    """Known at `sample`: `label` holds since `onset`, or, where `on` is false, has been over since then."""

    sample: int
    label: Label
    on: bool
    onset: int
    confidence: float = 1.0
    evidence: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Readable:
    """From `sample` on at least one lead can be read, or none; `by_shape`: by what its waveform looks like."""

    sample: int
    yes: bool
    by_shape: bool = False


Input = Beat | Bigeminy | Span | Readable


class Rhythms:
    """Stage: beats with their classes, spans and readability in; changes of rhythm out."""

    def __init__(self, rate: float = 500.0) -> None:
        self._rate = rate
        self._tick, self._unknown = round(TICK_S * rate), round(UNKNOWN_S * rate)
        self._heart = HeartRate(rate)
        self._waiting: deque[Input] = deque()
        self._spans: dict[Label, Span] = {}
        self._last: int | None = None  # the last beat
        self._unreadable_since: dict[bool, int] = {}  # by shape, or by the signal's quality
        self._over: int | None = None  # where what went before had ended, if that was told now
        self._at = 0
        self.now: Rhythm | None = None

    def push(self, items: Iterable[Input]) -> None:
        for item in items:
            place = len(self._waiting)
            while place and _known_at(self._waiting[place - 1]) > _known_at(item):
                place -= 1
            self._waiting.insert(place, item)

    def advance(self, to_sample: int) -> list[Rhythm]:
        """The changes up to `to_sample`: nothing that lies before it will be pushed any more."""
        found: list[Rhythm] = []
        while self._at + self._tick < to_sample:  # what lies at `to_sample` may still come
            self._at += self._tick
            self._over = None
            while self._waiting and _known_at(self._waiting[0]) <= self._at:
                self._take(self._waiting.popleft())
            found += self._judge(self._at)
        return found

    def _take(self, item: Input) -> None:
        match item:
            case Beat():
                self._last = item.sample
                self._heart.push(item)
            case Bigeminy():
                if item.over:
                    self._spans.pop(Label.BIGEMINY, None)
                elif item.cycles >= CYCLES:
                    told = {"cycles": float(item.cycles)}
                    self._spans[Label.BIGEMINY] = Span(item.told, Label.BIGEMINY, True, item.start, 1.0, told)
            case Span():
                if item.on:
                    self._spans[item.label] = item
                elif self._spans.pop(item.label, None) is not None:
                    self._over = item.onset
            case Readable():
                if item.yes:
                    self._unreadable_since.pop(item.by_shape, None)
                else:
                    self._unreadable_since.setdefault(item.by_shape, item.sample)

    def _judge(self, now: int) -> list[Rhythm]:
        rhythm = self._rhythm(now)
        before = self.now
        if before is not None and before.label is rhythm.label:
            return []
        if before is not None and rhythm.start <= before.start:  # what was told is not taken back
            earliest = now if before.label is Label.UNKNOWN else self._over or 0  # under what is over, it went on
            rhythm = replace(rhythm, start=max(earliest, before.start + 1))
        self.now = rhythm
        return [rhythm]

    def _rhythm(self, now: int) -> Rhythm:
        unknown = {by: since for by, since in self._unreadable_since.items() if now - since >= self._unknown}
        if False in unknown:
            return Rhythm(unknown[False], Label.UNKNOWN, 1.0, {}, now)
        for label in Label:
            shapeless = True in unknown and label not in EMERGENCIES  # these look like motion, and end by themselves
            if not shapeless and (span := self._spans.get(label)) is not None:
                return Rhythm(span.onset, label, span.confidence, span.evidence or {}, now)
        return Rhythm(unknown[True], Label.UNKNOWN, 1.0, {}, now) if unknown else self._by_rate(now)

    def _by_rate(self, now: int) -> Rhythm:
        rate = self._heart.at(now)
        if rate is None:
            return Rhythm(now if self._last is None else self._last, Label.UNKNOWN, 1.0, {}, now)
        before = self.now.label if self.now else Label.UNKNOWN
        slow = SLOW_PER_MIN + (SWAY_PER_MIN if before is Label.BRADYCARDIA else -SWAY_PER_MIN)
        fast = FAST_PER_MIN + (-SWAY_PER_MIN if before is Label.TACHYCARDIA else SWAY_PER_MIN)
        label = Label.BRADYCARDIA if rate < slow else Label.TACHYCARDIA if rate > fast else Label.SINUS
        start = now if self._over is None else self._over
        return Rhythm(start, label, 1.0, {"rate_per_min": round(rate, 1)}, now)


def _known_at(item: Input) -> int:
    return item.told if isinstance(item, Bigeminy) else item.sample
