"""One run of a patch with faults through the whole road, and everything it must keep to."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import math
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from benchmarks.silent import Silent
from edge.blocks import Block, TwelveLeads
from edge.bundle import Bundle, open_bundle
from edge.config import RunSettings
from edge.engines import Engine
from edge.events import Event
from edge.leads import LEAD
from edge.pipeline import Pipeline
from edge.runner import Run
from edge.sinks.base import RunInfo
from edge.sinks.pty_server import PtyServer
from edge.sinks.state import ViewState
from edge.sources.items import Source
from edge.sources.serial import SerialPatch
from edge.sources.virtual import VirtualSource
from edge.synthetic import synthesise
from edge.virtual import virtual_patch
from firmware_bridge.faults import Fault, parse_fault
from firmware_bridge.losses import Log
from firmware_bridge.patch import VirtualPatch

LEADS = ("II", "V1", "V5")
NOISE_MV = 0.01  # makes every sample one of its kind, so that it can be told where it came from
GIVE_UP_S = 30.0  # what a link may be away, on a real road
LOOK_EVERY = 25  # placed blocks between two looks at what the stages hold

Array = npt.NDArray[Any]
Road = Literal["software", "pty", "ble"]  # in this process; a pseudo-terminal; BlueZ's interfaces, without a radio


@dataclass(frozen=True, slots=True)
class Setup:
    """A run, to be had again by the same numbers."""

    faults: tuple[str, ...] = ()  # as `edge-patch --fault` takes them
    seed: int = 0
    rhythm: str = "sinus"
    seconds: float = 60.0
    rate: float = 500.0  # Hz, of the patch
    network: bool = False  # the bundle's own; else zeros, which cost nothing
    road: Road = "software"
    speed: float = math.inf  # of the patch on a real road; what waits for a clock does so at this pace
    ring_s: float = 0.0  # of samples that the patch holds for a host that asks again

    @property
    def parsed(self) -> list[Fault]:
        return [parse_fault(text) for text in self.faults]

    @property
    def worn(self) -> npt.NDArray[np.float32]:
        """What the electrodes see (samples x leads, mV)."""
        clean = synthesise(self.rhythm, self.seconds, self.rate, seed=self.seed).mv[:, [LEAD[n] for n in LEADS]]
        noise = np.random.default_rng(self.seed).normal(0, NOISE_MV, clean.shape)
        return (clean + noise).astype(np.float32)

    def patch(self) -> VirtualPatch:
        return virtual_patch(self.worn, self.rate, LEADS, ring_s=self.ring_s)


@dataclass(slots=True)
class Heard:
    """Sink: keeps all that it is told, and how much the road held meanwhile."""

    look: Callable[[], int]
    blocks: list[Block] = field(default_factory=list)
    twelve_leads: list[TwelveLeads] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    held: int = 0  # samples, at most
    placed: int = 0  # samples that have come out of the timeline
    twelve_at: list[int] = field(default_factory=list)  # `placed` when each of `twelve_leads` came

    def start(self, info: RunInfo) -> None: ...

    def raw(self, block: Block) -> None:
        self.blocks.append(block)
        self.placed = block.end
        if len(self.blocks) % LOOK_EVERY == 0:
            self.held = max(self.held, self.look())

    def twelve(self, block: TwelveLeads) -> None:
        self.twelve_leads.append(block)
        self.twelve_at.append(self.placed)

    def event(self, event: Event) -> None:
        self.events.append({key: value for key, value in event.items() if key != "utc"})

    def close(self, summary: dict[str, Any]) -> None: ...


@dataclass(slots=True)
class Outcome:
    """What came of a run, beside the truth."""

    setup: Setup
    log: Log  # the patch's own account
    pipeline: Pipeline
    heard: Heard

    @property
    def mv(self) -> npt.NDArray[np.float32]:
        """The timeline as it came (samples x leads, NaN where lost or unusable)."""
        return np.concatenate([b.mv for b in self.heard.blocks])

    @property
    def digest(self) -> str:
        """Of everything that came out, but for what a clock on the wall says."""
        sha = hashlib.sha256()
        for block in self.heard.blocks:
            sha.update(block.mv.tobytes())
        for twelve in self.heard.twelve_leads:
            sha.update(twelve.mv.tobytes() + twelve.sd.tobytes() + "".join(twelve.origin).encode())
        told = [e for e in self.heard.events if e["type"] not in ("health", "summary")]
        sha.update(json.dumps(told, sort_keys=True, default=str).encode())
        return sha.hexdigest()


def run(setup: Setup) -> Outcome:
    """Raises what the run raises: SourceLost where the patch is refused or gone for good."""
    patch = setup.patch()
    with _source(setup, patch) as source:
        return through(source, setup, patch.log)


@contextlib.contextmanager
def _source(setup: Setup, patch: VirtualPatch) -> Iterator[Source]:
    """What hears the patch by the road that is asked for."""
    match setup.road:
        case "software":
            yield VirtualSource(patch, setup.parsed, seed=setup.seed)
        case "pty":
            with tempfile.TemporaryDirectory() as folder:
                port = Path(folder) / "patch"
                with PtyServer(patch, setup.parsed, path=port, speed=setup.speed, seed=setup.seed):
                    yield SerialPatch(str(port), 115_200, give_up_s=GIVE_UP_S)
        case "ble":
            from benchmarks.bluez.served import over_ble

            how = {"seed": setup.seed, "speed": setup.speed, "give_up_s": GIVE_UP_S}
            with over_ble(patch, setup.parsed, **how) as source:  # type: ignore[arg-type]
                yield source


def through(source: Source, setup: Setup, log: Log) -> Outcome:
    bundle = _bundle()
    engine = _network() if setup.network else Silent(bundle)
    heard = Heard(lambda: held([road.pipeline, source]))
    settings = RunSettings(speed=math.inf, classify=setup.network)
    road = Run(source, settings, bundle, bundle.choose(), engine, [heard], ViewState())
    asyncio.run(road.go())
    if road.pipeline is None:
        raise RuntimeError(f"{setup}: the patch was never described")
    return Outcome(setup, log, road.pipeline, heard)


@cache
def _bundle() -> Bundle:
    return open_bundle()


@cache
def _network() -> Engine:
    return _bundle().load(_bundle().choose())


def held(road: list[object]) -> int:
    """The length of the longest array or container within reach of `road`: nothing there can hold more unseen."""
    return max((len(array) for array in _arrays(road, set())), default=0)


def _arrays(thing: object, seen: set[int]) -> Iterator[Array]:
    """Arrays, and containers by their length, through the attributes of whatever is the road's own."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        if thing.ndim:
            yield thing
        return
    if isinstance(thing, list | tuple | set | frozenset | dict) or type(thing).__name__ == "deque":
        yield np.empty(len(thing), np.bool_)  # type: ignore[arg-type]
        inside: Any = thing.values() if isinstance(thing, dict) else thing
    elif type(thing).__module__.startswith("edge.") and not isinstance(thing, Bundle | Silent):
        names = [n for c in type(thing).__mro__ for n in getattr(c, "__slots__", ())]
        inside = [getattr(thing, n, None) for n in names] + list(getattr(thing, "__dict__", {}).values())
    else:
        return
    for part in inside:
        yield from _arrays(part, seen)
