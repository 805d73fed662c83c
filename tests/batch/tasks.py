"""What workers of the tests' clusters are given to do."""

from __future__ import annotations

import logging
import os
import signal
import time
import traceback
from pathlib import Path

from edge.batch import engine
from edge.batch.chunk import Chunk, Done, Job, processed

_hoard: list[bytearray] = []


def slow_at_first(number: int) -> int:
    time.sleep(0.3 if number == 0 else 0.0)
    return number


def noted(task: tuple[Path, int]) -> int:
    """Leaves the worker's process id in a file, and waits for the file `go` beside it."""
    folder, number = task
    (folder / f"{number}.{os.getpid()}").touch()
    while not (folder / "go").exists():
        time.sleep(0.01)
    return os.getpid()


def hoarding(mb: int) -> int:
    """On a worker that thinks 50 MB much."""
    engine.GROWN_MB = 50
    _hoard.append(bytearray(b"x") * (mb * 1_000_000))
    return os.getpid()


def deadly(job: Job, chunk: Chunk) -> Done:
    """As `processed`, but no process survives the recording r003."""
    if any(name.endswith("r003") for name in chunk.recordings):
        os.kill(os.getpid(), signal.SIGKILL)
    return processed(job, chunk)


def noisy(number: int) -> int:
    """As Dask is where a worker is told to close while it starts."""
    logging.getLogger("distributed.worker").error("ConnectionPool is closed")
    traceback.print_stack()
    return number
