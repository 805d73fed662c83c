"""Files through to the disk, beside the run: a memory card may take a second, in which a serial port overruns."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from edge.recordings.storage import output_error


class Syncing:
    """Syncs files in a thread of its own, one after the other, each as it is when its turn comes.

    What is written has left the process before, and outlives its death; this is for the power's.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "sync")
        self._pending: deque[tuple[Path, Future[None]]] = deque()

    def sync(self, descriptor: int, path: Path) -> None:
        """`descriptor` may be closed as soon as this returns. Errors: OutputError, of an earlier file too."""
        self._check()
        try:
            self._pending.append((path, self._thread.submit(_sync_and_close, os.dup(descriptor))))
        except OSError as error:
            raise output_error(path, error) from None

    def close(self) -> None:
        """All is on the disk when this returns. Errors: OutputError."""
        self._thread.shutdown(wait=True)
        self._check()

    def _check(self) -> None:
        while self._pending and self._pending[0][1].done():
            path, done = self._pending.popleft()
            error = done.exception()
            if isinstance(error, OSError):
                raise output_error(path, error) from None


def _sync_and_close(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
