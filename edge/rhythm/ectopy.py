"""Ventricular ectopy from classed beats: couplets, runs, bigeminy, and the share of ventricular beats."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from edge.rhythm.beat import Beat

COUPLET = 2
BURDEN_STEP_S = 60.0  # the share is counted in steps of this: bounded memory for an hour


@dataclass(frozen=True, slots=True)
class Run:
    """Ventricular beats in a row, two or more (EC57: a couplet is two, a run three or more)."""

    start: int  # sample of its first beat
    end: int  # and of its last one so far
    beats: int
    over: bool  # another beat, or a gap, has ended it
    told: int  # sample of the beat that told so

    def rate_per_min(self, rate: float) -> float:
        """Mean over its intervals; `rate` in Hz."""
        return 60.0 * rate * (self.beats - 1) / (self.end - self.start)


@dataclass(frozen=True, slots=True)
class Bigeminy:
    """Every second beat ventricular, as of sample `end`."""

    start: int  # sample of the first ventricular beat
    end: int
    cycles: int  # ventricular beats with another beat before each
    over: bool
    told: int


EctopyFinding = Run | Bigeminy


class Ectopy:
    """Takes classed beats in order; tells runs as they grow and as they end, and bigeminy likewise."""

    def __init__(self) -> None:
        self._run: Run | None = None
        self._pattern: Bigeminy | None = None
        self._ventricular: bool | None = None  # the beat before; None after a gap
        self._now = 0

    def push(self, beats: Iterable[Beat]) -> list[EctopyFinding]:
        return [finding for beat in beats for finding in self._take(beat)]

    def flush(self) -> list[EctopyFinding]:
        """The end: whatever goes on is over."""
        return self._end_run() + self._end_pattern()

    def _take(self, beat: Beat) -> list[EctopyFinding]:
        self._now = beat.sample
        found: list[EctopyFinding] = []
        if beat.rr_ms is None or beat.kind == "Q":
            found += self._end_run() + self._end_pattern()
            self._ventricular = None
        if beat.kind == "Q":
            return found
        now = beat.kind == "V"
        found += self._runs(beat, now) + self._patterns(beat, now)
        self._ventricular = now
        return found

    def _runs(self, beat: Beat, now: bool) -> list[EctopyFinding]:
        if not now:
            return self._end_run()
        run = self._run
        self._run = Run(beat.sample, beat.sample, 1, False, beat.sample) if run is None else _longer(run, beat)
        return [self._run] if self._run.beats >= COUPLET else []

    def _end_run(self) -> list[EctopyFinding]:
        run, self._run = self._run, None
        return [Run(run.start, run.end, run.beats, True, self._now)] if run and run.beats >= COUPLET else []

    def _patterns(self, beat: Beat, now: bool) -> list[EctopyFinding]:
        if self._ventricular is None:
            return []
        if now == self._ventricular:  # two of a kind
            return self._end_pattern()
        if not now:
            return []
        pattern = self._pattern
        self._pattern = (
            Bigeminy(beat.sample, beat.sample, 1, False, beat.sample)
            if pattern is None
            else Bigeminy(pattern.start, beat.sample, pattern.cycles + 1, False, beat.sample)
        )
        return [self._pattern] if self._pattern.cycles > 1 else []

    def _end_pattern(self) -> list[EctopyFinding]:
        pattern, self._pattern = self._pattern, None
        if pattern is None or pattern.cycles < 2:
            return []
        return [Bigeminy(pattern.start, pattern.end, pattern.cycles, True, self._now)]


class Burden:
    """The share of ventricular beats among those of the last while, and of all."""

    def __init__(self, rate: float = 500.0, over_s: float = 3600.0) -> None:
        self._step = round(BURDEN_STEP_S * rate)
        self._steps = max(1, round(over_s / BURDEN_STEP_S))
        self._counts: deque[tuple[int, int, int]] = deque()  # step, beats, ventricular ones
        self.beats = self.ventricular = 0  # of all

    def push(self, beat: Beat) -> None:
        if beat.kind == "Q":
            return
        ventricular = int(beat.kind == "V")
        self.beats += 1
        self.ventricular += ventricular
        step = beat.sample // self._step
        while self._counts and self._counts[0][0] <= step - self._steps:
            self._counts.popleft()
        if self._counts and self._counts[-1][0] == step:
            _, beats, already = self._counts.pop()
            self._counts.append((step, beats + 1, already + ventricular))
        else:
            self._counts.append((step, 1, ventricular))

    @property
    def recent(self) -> tuple[int, int]:
        """Beats of the last while, and how many of them are ventricular."""
        return sum(n for _, n, _ in self._counts), sum(v for _, _, v in self._counts)


def _longer(run: Run, beat: Beat) -> Run:
    return Run(run.start, beat.sample, run.beats + 1, False, beat.sample)
