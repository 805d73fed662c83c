"""How far an archive is, how fast it goes, and how long it takes: one line on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from typing import TextIO

EVERY_S = 0.5  # on a terminal
PLAINLY_EVERY_S = 30.0  # in a log
SETTLED_S = 5.0  # before that nothing is said of the time left


class Progress:
    """Counts what is done of `total` recordings, of which `before` were when it began."""

    def __init__(self, total: int, before: int, bad: int, stream: TextIO | None = None) -> None:
        self._total, self._before, self._bad = total, before, bad
        self._stream = stream or sys.stderr
        self._line = self._stream.isatty()
        self._begun_s = self._shown_s = time.monotonic()
        self._state = ""
        self.recordings, self.bytes = 0, 0  # done since

    def step(self, recordings: int, bad: int, size_bytes: int) -> None:
        self.recordings, self.bytes, self._bad = self.recordings + recordings, self.bytes + size_bytes, self._bad + bad
        self.tick(self._state)

    def tick(self, state: str) -> None:
        """`state`: what there is to say besides, such as `waiting for workers`."""
        changed, self._state = state != self._state, state
        now_s = time.monotonic()
        if not changed and now_s - self._shown_s < (EVERY_S if self._line else PLAINLY_EVERY_S):
            return
        self._shown_s = now_s
        self._stream.write(f"\r\x1b[K{self.told()}" if self._line else f"edge-batch: {self.told()}\n")
        self._stream.flush()

    def close(self) -> None:
        """Leaves the line empty for what is written next."""
        if self._line:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._begun_s

    def told(self) -> str:
        done, elapsed_s = self._before + self.recordings, self.elapsed_s
        parts = [f"{done} of {self._total} recordings"]
        if self._bad:
            parts.append(f"{self._bad} bad")
        if self.recordings:
            each_s = elapsed_s / self.recordings
            parts.append(f"{1 / each_s:.3g}/s, {self.bytes / 1e6 / elapsed_s:.2g} MB/s")
            if elapsed_s >= SETTLED_S and done < self._total:
                parts.append(f"{span(each_s * (self._total - done))} to go")
        if self._state:
            parts.append(self._state)
        return ", ".join(parts)


def span(seconds: float) -> str:
    """A time for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 2 * 86_400 else f"{seconds / 86_400:.1f} days"
