"""What edge-bench can be told."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edge.bench.board import usable_cores
from edge.config import DEFAULT_BUNDLE, RULES
from edge.rules import Rule

THREADS = (1, 2, 4)  # that are tried, as far as there are cores
USUAL_S, SHORTEST_S, LONGEST_S = 20.0, 1.0, 600.0


@dataclass(frozen=True, slots=True)
class BenchSettings:
    bundle: Path = DEFAULT_BUNDLE
    threads: tuple[int, ...] = field(default_factory=lambda: usual_threads(usable_cores()))
    duration: float = USUAL_S  # s, of timing windows, for all variants together
    stream: bool = True


def usual_threads(cores: int | None) -> tuple[int, ...]:
    return tuple(n for n in THREADS if n == 1 or n <= (cores or 1))


def _threads(text: Any) -> tuple[int, ...]:
    numbers = tuple(int(part) for part in text.split(","))
    if not all(1 <= n <= 64 for n in numbers) or len(set(numbers)) < len(numbers):
        raise ValueError
    return numbers


def _duration(text: Any) -> float:
    seconds = float(text)
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise ValueError
    return seconds


BENCH_RULES = {
    "bundle": RULES["bundle"],
    "threads": Rule("whole numbers from 1 to 64, each once, such as 1,2,4", _threads),
    "duration": Rule(f"a number of seconds from {SHORTEST_S:g} to {LONGEST_S:g}", _duration),
}
