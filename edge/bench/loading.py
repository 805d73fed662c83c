"""The bundle's variants, each with each number of threads, and what keeps one from running here."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from types import FrameType

from edge.bench.turns import Candidate, Clocks
from edge.bundle import Bundle, Variant
from edge.engines import Array, Engine
from edge.errors import InputError, Reason
from edge.stopping import stop_signals

Load = Callable[[Variant, int], Engine]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Variants that cannot run here."""

    variants: tuple[str, ...]
    reason: Reason
    text: str


@dataclass
class Loaded:
    candidates: list[Candidate] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def load_all(
    bundle: Bundle, threads: Sequence[int], x: Array, *, load: Load | None = None, clocks: Clocks | None = None
) -> Loaded:
    """Loads what can be loaded and gives each its first window `x`. Raises InputError where nothing can."""
    load, clocks, loaded = load or bundle.load, clocks or Clocks(), Loaded()
    for engine in dict.fromkeys(variant.engine for variant in bundle.variants):
        variants = [variant for variant in bundle.variants if variant.engine == engine]
        try:
            with stopped_after():
                load(variants[0], 1)  # its library, which would else count to its first variant
        except InputError as error:
            if error.reason is Reason.NO_ENGINE:
                loaded.left_out.append(LeftOut(tuple(v.name for v in variants), error.reason, str(error)))
                continue
        for variant in variants:
            try:
                loaded.candidates += [_candidate(variant, n, x, load, clocks) for n in threads]
            except InputError as error:
                loaded.left_out.append(LeftOut((variant.name,), error.reason, str(error)))
    if not loaded.candidates:
        first = loaded.left_out[0]
        raise InputError(f"nothing of the bundle {bundle.name} runs here: {first.text}", first.reason)
    return loaded


@contextlib.contextmanager
def stopped_after() -> Iterator[None]:
    """A stop that is asked for within comes at the end: an engine's import makes an ImportError of it."""
    asked: list[int] = []

    def remember(number: int, at: FrameType | None) -> None:
        asked.append(number)

    before = {}
    if threading.current_thread() is threading.main_thread():  # Python takes signals nowhere else
        before = {number: signal.signal(number, remember) for number in stop_signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if asked:
            raise KeyboardInterrupt


def _candidate(variant: Variant, threads: int, x: Array, load: Load, clocks: Clocks) -> Candidate:
    began = clocks.wall()
    engine = load(variant, threads)
    ready = clocks.wall()
    engine.infer(x)
    return Candidate(variant, threads, engine, 1000 * (ready - began), 1000 * (clocks.wall() - ready))
