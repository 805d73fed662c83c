"""How long a window takes in each variant: one window each, in turns, so that noise falls on all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from edge.bench.progress import Tell, quiet
from edge.bundle_file import Variant
from edge.engines import Array, Engine
from edge.pipeline import PipelineSettings

WARM_UP = 5  # windows each, not counted
HOP_S = PipelineSettings().hop_s
Clock = Callable[[], float]  # s


@dataclass(frozen=True, slots=True)
class Clocks:
    wall: Clock = time.perf_counter
    processor: Clock = time.process_time  # of all threads together


@dataclass
class Candidate:
    """A variant, loaded with so many threads, and what each of its windows took."""

    variant: Variant
    threads: int
    engine: Engine
    load_ms: float
    first_ms: float
    wall_s: list[float] = field(default_factory=list)
    processor_s: list[float] = field(default_factory=list)

    def time(self, x: Array, clocks: Clocks) -> None:
        processor, wall = clocks.processor(), clocks.wall()
        self.engine.infer(x)
        self.wall_s.append(clocks.wall() - wall)
        self.processor_s.append(clocks.processor() - processor)


@dataclass(frozen=True, slots=True)
class Timing:
    """Figures of one candidate; None where it had no window yet."""

    variant: str
    engine: str
    precision: str
    bytes: int
    threads: int
    load_ms: float
    first_ms: float
    windows: int
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    worst_ms: float | None = None
    windows_per_s: float | None = None
    core_percent: float | None = None  # of one core, with a window every hop


def take_turns(
    candidates: Sequence[Candidate],
    inputs: Sequence[Array],
    seconds: float,
    *,
    clocks: Clocks | None = None,
    tell: Tell = quiet,
) -> None:
    """Times windows for `seconds`, and one of each at least. A candidate keeps its figures whatever ends it."""
    clocks = clocks or Clocks()
    for candidate in candidates:
        for x in inputs[:WARM_UP]:
            candidate.engine.infer(x)
    rng = np.random.default_rng(0)  # the order is another one each turn: threads that linger are nobody's in particular
    began, turn, passed = clocks.wall(), 0, 0.0
    while passed < seconds:
        x = inputs[turn % len(inputs)]
        for place in rng.permutation(len(candidates)):
            candidates[place].time(x, clocks)
        turn, passed = turn + 1, clocks.wall() - began
        tell("timing windows", min(1.0, passed / seconds))


def timing(c: Candidate) -> Timing:
    v = c.variant
    what = (v.name, v.engine, v.precision, v.bytes, c.threads, round(c.load_ms, 3), round(c.first_ms, 3))
    if not c.processor_s:
        return Timing(*what, windows=0)
    ms = 1000 * np.array(c.wall_s[: len(c.processor_s)])  # a window that was broken off has one of the two
    p50, p95, p99 = (round(float(p), 4) for p in np.percentile(ms, [50, 95, 99]))
    rate, share = 1000 / float(ms.mean()), float(np.mean(c.processor_s)) / HOP_S
    worst = round(float(ms.max()), 4)
    return Timing(*what, len(ms), p50, p95, p99, worst, round(rate, 1), round(100 * share, 3))
