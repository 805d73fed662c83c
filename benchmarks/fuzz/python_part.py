"""The decoders in Python, fuzzed: mutation of what takes new edges, from a seed that replays."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass, field
from pathlib import Path

import firmware_bridge
from benchmarks.fuzz import seeds
from benchmarks.fuzz.decoders import TARGETS, try_input
from benchmarks.fuzz.edges import Known, Watch
from benchmarks.fuzz.mutate import Mutator

PACKAGE = Path(firmware_bridge.__file__).parent
WATCHED = frozenset(
    str(path) for path in (*(PACKAGE / "decoders").glob("*.py"), PACKAGE / "framing.py", PACKAGE / "messages.py")
)
MAX_CRASHERS = 10  # of a target: then it is clear that something is wrong


@dataclass(slots=True)
class Outcome:
    """What the fuzzing of one target came to."""

    inputs: int = 0
    seconds: float = 0.0
    edges: int = 0
    edges_of_vectors: int = 0  # before anything was changed
    corpus: list[bytes] = field(default_factory=list)
    crashers: list[tuple[bytes, str]] = field(default_factory=list)


def fuzz(name: str, *, inputs: int, seed: int = 1) -> Outcome:
    """So many inputs for the decoder `name`, after the golden vectors themselves."""
    target, known, watch = TARGETS[name], Known(), Watch(WATCHED)
    mutator = Mutator(seed, target.tokens)
    out = Outcome(corpus=seeds.of_device(name))

    def is_news(data: bytes) -> bool:
        try:
            return known.news(watch.run(functools.partial(try_input, target, data)))
        except Exception as error:  # noqa: BLE001  whatever it is, it is what is looked for
            out.crashers.append((data, f"{type(error).__name__}: {error}"))
            return False

    for data in out.corpus:
        is_news(data)
    out.edges_of_vectors = len(known)
    began_s = time.monotonic()
    while out.inputs < inputs and len(out.crashers) < MAX_CRASHERS:
        data = mutator.changed(out.corpus)
        out.inputs += 1
        if is_news(data):
            out.corpus.append(data)
    out.edges, out.seconds = len(known), time.monotonic() - began_s
    return out
