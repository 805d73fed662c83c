"""What loading a variant costs in resident memory, seen in a process of its own: its engine's library counts too.

python -m edge.bench.memory BUNDLE VARIANT THREADS      prints one JSON object
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.bench.fresh import command, environment
from edge.bundle import Bundle, open_bundle
from edge.telemetry import resident_mb

LIMIT_S = 60.0  # a small board reads an engine from its card in some seconds


@dataclass(frozen=True, slots=True)
class Memory:
    """None where it could not be told."""

    variant: str
    before_mb: float | None = None  # Python, numpy and the manifest
    growth_mb: float | None = None  # by the engine's library, the network and its first window
    cold_load_ms: float | None = None  # the library's import and the loading


def memory(bundle: Bundle, variant: str, threads: int) -> Memory:
    """Of one variant, by its whole name, in a fresh process."""
    call = command("edge.bench.memory", bundle.path, variant, threads)
    try:
        done = subprocess.run(call, capture_output=True, timeout=LIMIT_S, check=True, env=environment())
        told = json.loads(done.stdout)
        return Memory(variant, told["before_mb"], told["growth_mb"], told["cold_load_ms"])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
        return Memory(variant)


def resident() -> float | None:
    """MB of this process, None where it cannot be told."""
    mb = resident_mb()
    return None if math.isnan(mb) else mb


def main(path: str, name: str, threads: str) -> None:
    bundle = open_bundle(Path(path))
    variant = bundle.choose(precision=name)
    x = np.zeros((24, bundle.window), np.float32)
    before, began = resident(), time.perf_counter()
    engine = bundle.load(variant, int(threads))
    cold_load_ms = round(1000 * (time.perf_counter() - began), 1)
    engine.infer(x)
    after = resident()
    growth = None if before is None or after is None else round(after - before, 1)
    print(json.dumps({"before_mb": before, "growth_mb": growth, "cold_load_ms": cold_load_ms}))


if __name__ == "__main__":
    main(*sys.argv[1:])
