"""Timings, variants and engines that tests of the benchmark make up."""

from __future__ import annotations

import numpy as np

from edge.bench.turns import Timing
from edge.bundle_file import Variant


def variant(name: str) -> Variant:
    """A variant by its whole name."""
    engine, precision = name.split("-", 1)
    return Variant(engine, precision, f"{precision}.{engine}", "0" * 64, 1000)


def timed(name: str, p95_ms: float | None, threads: int = 1) -> Timing:
    """A candidate's figures; with None it had no turn."""
    v = variant(name)
    what = (v.name, v.engine, v.precision, v.bytes, threads, 2.0, 3.0)
    if p95_ms is None:
        return Timing(*what, windows=0)
    return Timing(*what, 100, 0.9 * p95_ms, p95_ms, 1.1 * p95_ms, 2 * p95_ms, 1000 / p95_ms, 0.1 * p95_ms)


class Hands:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


class Slow:
    """Engine: each window moves the clock by so much, in turn; remembers which windows it was given."""

    def __init__(self, name: str, clock: Hands, *seconds: float, seen: list[tuple[str, int]] | None = None) -> None:
        self.name, self.seen = name, [] if seen is None else seen
        self._clock, self._seconds, self._count = clock, seconds, 0

    def infer(self, x: np.ndarray) -> tuple[np.ndarray, ...]:
        self.seen.append((self.name, int(x[0, 0])))
        self._clock.s += self._seconds[self._count % len(self._seconds)]
        self._count += 1
        return (x[:8], x[:8])
