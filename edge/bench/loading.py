"""The bundle's variants, each with each number of threads, and what keeps one from running here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from edge.bench.turns import Candidate, Clocks
from edge.bundle import Bundle
from edge.bundle_file import Variant
from edge.engines import Array, Engine
from edge.errors import InputError, Reason
from edge.stopping import stopped_after

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


def _candidate(variant: Variant, threads: int, x: Array, load: Load, clocks: Clocks) -> Candidate:
    began = clocks.wall()
    engine = load(variant, threads)
    ready = clocks.wall()
    engine.infer(x)
    return Candidate(variant, threads, engine, 1000 * (ready - began), 1000 * (clocks.wall() - ready))
