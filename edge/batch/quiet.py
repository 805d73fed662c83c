"""Loaded by every worker of ours as it starts: it says nothing to the terminal, whatever becomes of it.

A worker that is told to close while it starts ends with a traceback of Dask's own. What matters is told by the client,
which learns of a task's error by its future, and of a worker's death by its scheduler.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path


def silence_loggers() -> None:
    """Dask's own loggers, each of which has its level."""
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in ("distributed", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def dask_setup(worker: object) -> None:
    """Called by Dask in the worker's process, before it registers with the scheduler."""
    silence_loggers()
    sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 (to the end of the process)
