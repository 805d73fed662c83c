"""A soak in a process of its own, so that the memory is a live run's and not the benchmarks'.

    python -m benchmarks.soak_inside OUT.json '{"seconds": 3600, "faults": ["drop:p=0.01"]}'

Writes what was noted, and the accounts at the end, to OUT.json.
"""

from __future__ import annotations

import asyncio
import gc
import json
import math
import os
import sys
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.fault_run import LEADS, Setup, held
from benchmarks.soak_account import Accounts
from edge.bench.progress import Progress
from edge.bundle import RATE, Bundle, open_bundle
from edge.cli.terminal import guarded
from edge.config import RunSettings
from edge.engines import Engine
from edge.leads import LEAD
from edge.pipeline import Pipeline
from edge.runner import Run
from edge.sinks.alert_log import AlertLog
from edge.sinks.base import Sink
from edge.sinks.jsonl import Jsonl
from edge.sinks.recorder import Recorder
from edge.sinks.state import ViewState
from edge.sinks.strips import Strips
from edge.sources.items import Item, Source
from edge.sources.virtual import VirtualSource
from edge.synthetic import synthesise
from edge.telemetry import resident_mb
from edge.timeline import Chunk
from edge.virtual import virtual_patch
from firmware_bridge.patch import VirtualPatch

NOTED = ("memory", "queue", "stages", "road", "yardstick", "files")
NAME = "soak"  # of the patch, and so of the recording
RHYTHMS = ("sinus", "af", "pvc", "pause", "asystole")  # in turn, over and over
RHYTHM_S = 120.0
YARDSTICK_EVERY = 10  # items that come
YARDSTICK_S = 10.0  # of signal, over and over
MESSAGE = 10  # samples
LOSSES_KEPT = 100  # of the patch's own list, which would else grow: it is no part of the road


@dataclass(slots=True)
class Course:
    """What was noted, and when."""

    hours: list[float] = field(default_factory=list)  # of signal
    of: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in NOTED})
    held: int = 0  # samples in the longest array or container of the road, at most


@dataclass(slots=True)
class Spent:
    """Processor time on a piece of signal, and the most that was inside meanwhile."""

    signal_s: float = 0.0
    queue: int = 0  # samples of 500 Hz
    stages_s: float = 0.0  # pipeline and sinks
    road_s: float = 0.0  # these, the decoder, and the patch


class Yardstick:
    """A pipeline that is always young, on a signal that is always the same.

    What else a machine does slows the road down by the caches most of all, so only work of the road's own kind, done in
    the midst of it, is slowed down as much.
    """

    def __init__(self, bundle: Bundle, engine: Engine) -> None:
        self._parts = {"bundle": bundle, "engine": engine}
        columns = [LEAD[name] for name in LEADS]
        self._mv = synthesise("sinus", YARDSTICK_S, noise_uv=1.5).mv[:, columns]
        self.restart()

    def restart(self) -> None:
        self._pipeline = Pipeline(LEADS, **self._parts)  # type: ignore[arg-type]
        self._at, self._spent_s = 0, 0.0

    def push(self) -> None:
        """One message's worth."""
        mv = self._mv[self._at % len(self._mv) :][:MESSAGE]
        began = time.process_time()
        self._pipeline.push(Chunk(self._at, mv))
        self._spent_s += time.process_time() - began
        self._at += len(mv)

    @property
    def ms(self) -> float:
        """A second of signal."""
        return 1000 * self._spent_s / (self._at / RATE)


class Noted:
    """Source: passes `source` on, and has a note taken whenever another `every_s` of signal is through the road."""

    def __init__(
        self, source: Source, every_s: float, yardstick: Yardstick, note: Callable[[int, Spent], None]
    ) -> None:
        self._source, self._every = source, round(every_s * RATE)
        self._yardstick, self._note = yardstick, note
        self.now: Callable[[], int] = lambda: 0  # how far the road is, at 500 Hz
        self.queue: Callable[[], int] = lambda: 0  # samples inside, of 500 Hz

    async def items(self) -> AsyncIterator[Item]:
        noted = told = 0
        spent, began = Spent(), time.process_time()
        async for item in self._source.items():
            given = time.process_time()
            yield item
            taken = time.process_time()
            spent.stages_s += taken - given
            spent.road_s += taken - began
            spent.queue = max(spent.queue, self.queue())
            told += 1
            if told % YARDSTICK_EVERY == 0:
                self._yardstick.push()
            if (now := self.now()) >= noted + self._every:
                spent.signal_s = (now - noted) / RATE
                self._note(now, spent)
                self._yardstick.restart()
                await asyncio.sleep(0)  # what goes by the clock has its turn, as between two reads of a port
                noted, spent = now, Spent()
            began = time.process_time()

    async def close(self) -> None:
        await self._source.close()


def soak(
    seconds: float,
    faults: Sequence[str],
    *,
    every_s: float = 60.0,
    rate: float = RATE,
    variant: str | None = None,
    seed: int = 0,
) -> tuple[Accounts, Course]:
    """The whole road for `seconds` of signal; raises what the run raises."""
    bundle, course, tell = open_bundle(), Course(), Progress()
    chosen = bundle.choose(precision=variant)
    engine = bundle.load(chosen)
    yardstick = Yardstick(bundle, engine)
    setup = Setup(tuple(faults), seed, rate=rate)
    patch = worn_patch(setup, seconds)
    source = VirtualSource(patch, setup.parsed, seed=seed)

    def note(now: int, spent: Spent) -> None:
        stages_ms, road_ms = (1000 * s / spent.signal_s for s in (spent.stages_s, spent.road_s))
        noted = (resident_mb(), spent.queue, stages_ms, road_ms, yardstick.ms, open_files())
        course.hours.append(now / RATE / 3600)
        for name, value in zip(NOTED, noted, strict=True):
            course.of[name].append(value)
        course.held = max(course.held, held([road.pipeline, source, road.sinks]))
        tell(f"{course.hours[-1]:.2f} h of {seconds / 3600:g} h, {noted[0]:.1f} MB", now / RATE / seconds)

    gc.collect()  # what an earlier run in this process has left is closed now, not while this one counts
    files = open_files()
    with tempfile.TemporaryDirectory() as folder:
        events, record = Path(folder) / "events.jsonl", Path(folder) / "record"
        noted = Noted(source, every_s, yardstick, note)
        sinks: list[Sink] = [Jsonl(str(events)), Recorder(record, raw=True), AlertLog(record), Strips(record)]
        road = Run(noted, RunSettings(speed=math.inf), bundle, chosen, engine, sinks, ViewState())
        noted.now = lambda: road.pipeline.now if road.pipeline else 0
        noted.queue = lambda: _inside(road.pipeline) if road.pipeline else 0
        asyncio.run(road.go())
        tell.clear()
        if road.pipeline is None:
            raise RuntimeError("the patch was never described")
        return Accounts.of(patch.log, road.pipeline, events, record / NAME, open_files() - files), course


def _inside(pipeline: Pipeline) -> int:
    """Samples (of 500 Hz) that came or were counted as lost, and have not left as twelve leads yet."""
    line = pipeline.timeline
    return round((line.received + sum(line.lost.values())) * RATE / line.rate) - pipeline.samples_out


def worn_patch(setup: Setup, seconds: float) -> VirtualPatch:
    """A patch that wears each of the rhythms in turn, over and over."""
    mv = np.concatenate(
        [Setup(rhythm=rhythm, seed=setup.seed, seconds=RHYTHM_S, rate=setup.rate).worn for rhythm in RHYTHMS]
    )
    patch = virtual_patch(mv, setup.rate, LEADS, loop=True, seconds=seconds, name=NAME)
    patch.log.losses = deque(maxlen=LOSSES_KEPT)
    return patch


def open_files() -> int:
    """Of this process (Linux)."""
    return len(os.listdir("/proc/self/fd")) - 1  # noqa: PTH208  without the one that lists


def main(out: str, how: str) -> int:
    accounts, course = soak(**json.loads(how))
    Path(out).write_text(json.dumps({"accounts": asdict(accounts), "course": asdict(course)}), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(guarded("soak", lambda: main(*sys.argv[1:])))
