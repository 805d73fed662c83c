"""Lines for a reader that may take its time: through a pipe, a socket or a terminal."""

from __future__ import annotations

import os
import select
import stat
from typing import TextIO

LOOK_S = 0.1  # between two looks at whether the run ends
LAST_S = 0.5  # for a reader that stands still, once it does
AT_ONCE = select.PIPE_BUF  # bytes that a pipe said to be writable takes without waiting


class Pipe:
    """Waits for its reader as long as the run goes on, and no longer."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._hurried = False

    @classmethod
    def of(cls, file: TextIO) -> Pipe | None:
        """None for a file on a disk, and for what is no file of the system's."""
        try:
            descriptor = file.fileno()
            mode = os.fstat(descriptor).st_mode
        except (OSError, ValueError):
            return None
        waits = stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or stat.S_ISCHR(mode)
        return cls(descriptor) if waits else None

    def write(self, text: str) -> None:
        """Raises OSError, TimeoutError where the run ends and nobody reads."""
        data = text.encode()
        while data:
            self._wait()
            data = data[os.write(self._descriptor, data[:AT_ONCE]) :]

    def hurry(self) -> None:
        """The run ends; from any thread."""
        self._hurried = True

    def _wait(self) -> None:
        while not self._writable(LAST_S if self._hurried else LOOK_S):
            if self._hurried:
                raise TimeoutError
        # a reader that has gone makes it writable too, and `write` says so

    def _writable(self, timeout_s: float) -> bool:
        return bool(select.select([], [self._descriptor], [], timeout_s)[1])
