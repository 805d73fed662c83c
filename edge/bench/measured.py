"""All of it, in order; what was measured so far is kept when somebody stops it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from edge.bench.board import Board, Strain, board, strain
from edge.bench.inputs import inputs
from edge.bench.loading import LeftOut, load_all
from edge.bench.memory import Memory, memory, resident
from edge.bench.packages import Package, packages
from edge.bench.progress import Tell, quiet
from edge.bench.selection import select
from edge.bench.settings import BenchSettings
from edge.bench.stream import Streamed, stream
from edge.bench.turns import Timing, take_turns, timing
from edge.bundle import Bundle, open_bundle

Warn = Callable[[str], None]  # a line for people


@dataclass
class Measured:
    """What is known so far; None and empty where it was not come to."""

    bundle: Bundle
    settings: BenchSettings
    board: Board
    before: Strain
    after: Strain | None = None  # right after the windows
    day: str = field(default_factory=lambda: datetime.now(UTC).date().isoformat())
    timings: list[Timing] = field(default_factory=list)
    timed: bool = False  # to the end
    left_out: list[LeftOut] = field(default_factory=list)
    packages: list[Package] = field(default_factory=list)
    resident_mb: float | None = None  # of this process, everything loaded
    memory: list[Memory] = field(default_factory=list)
    streamed: Streamed | None = None
    interrupted: bool = False

    @property
    def best(self) -> Timing | None:
        """What suits this board, once all had their turns."""
        return select(self.timings) if self.timed else None


def measure(s: BenchSettings, *, tell: Tell = quiet, warn: Warn = lambda line: None) -> Measured:
    """Raises InputError for a bundle that cannot be used. Ctrl-C ends it early, and is no error."""
    found = Measured(open_bundle(s.bundle), s, board(), strain())
    try:
        _windows(found, tell, warn)
        found.packages = packages()
        _memory(found, tell)
        if s.stream and found.best:
            found.streamed = stream(found.bundle, found.best, tell=tell)
            if found.streamed.failed:
                warn(f"no figures of a live run: {found.streamed.failed}")
    except KeyboardInterrupt:
        found.interrupted = True
    return found


def _windows(found: Measured, tell: Tell, warn: Warn) -> None:
    tell("loading", None)
    windows = inputs(found.bundle)
    loaded = load_all(found.bundle, found.settings.threads, windows[0])
    found.left_out = loaded.left_out
    for left_out in loaded.left_out:
        warn(f"{', '.join(left_out.variants)} left out: {left_out.text}")
    try:
        take_turns(loaded.candidates, windows, found.settings.duration, tell=tell)
        found.timed = True
    finally:
        found.timings = [timing(candidate) for candidate in loaded.candidates]
    found.after, found.resident_mb = strain(), resident()


def _memory(found: Measured, tell: Tell) -> None:
    variants = list(dict.fromkeys(t.variant for t in found.timings))
    for k, variant in enumerate(variants):
        tell("memory", k / len(variants))
        found.memory.append(memory(found.bundle, variant, found.settings.threads[0]))
