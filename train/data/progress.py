"""A long job's one line on a terminal; nothing where nobody watches."""

from __future__ import annotations

import sys
import time
from typing import TextIO

EVERY_S = 0.2  # more often is only flicker


class Progress:
    """Counts what is done and says so, on `stream` (standard error) if it is a terminal."""

    def __init__(self, title: str, total: int | None, unit: str, stream: TextIO | None = None) -> None:
        self._title, self._total, self._unit = title, total, unit
        self._stream = stream or sys.stderr
        self._watched = self._stream.isatty()
        self._begun_s = time.monotonic()
        self._shown_s = self._begun_s
        self.done = 0

    def step(self, count: int = 1, remark: str = "") -> None:
        self.done += count
        now_s = time.monotonic()
        if self._watched and now_s - self._shown_s >= EVERY_S:
            self._shown_s = now_s
            self._stream.write(f"\r\x1b[K{self._line(now_s - self._begun_s)}{remark}")
            self._stream.flush()

    def close(self) -> None:
        """Leaves the line empty for what is written next."""
        if self._watched:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def _line(self, elapsed_s: float) -> str:
        rate = self.done / max(elapsed_s, 1e-9)
        line = f"{self._title}: {self.done}"
        if self._total:
            line += f" of {self._total} {self._unit}, {_span(max(0, self._total - self.done) / rate)} to go"
        else:
            line += f" {self._unit}"
        return f"{line}, {rate:.0f}/s" if rate >= 1 else line


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
