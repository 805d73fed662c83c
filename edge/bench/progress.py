"""How far it is, in one line of a terminal that is written over again and again."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

Tell = Callable[[str, float | None], None]  # what is being done, and how much of it is done (0 to 1)
EVERY_S = 0.2
BACK = "\r\x1b[K"


def quiet(text: str, share: float | None) -> None:
    """Tells nobody."""


class Progress:
    """Writes to `stream` where that is a terminal, and nothing else anywhere."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._shown = self._stream.isatty()
        self._text, self._due = "", 0.0

    def __call__(self, text: str, share: float | None) -> None:
        now = time.monotonic()
        if not self._shown or (text == self._text and now < self._due):
            return
        self._text, self._due = text, now + EVERY_S
        self._write(BACK + text + ("" if share is None else f" {100 * share:.0f} %"))

    def line(self, text: str) -> None:
        """A line that stays, on a terminal or not."""
        self._write((BACK if self._shown else "") + text + "\n")
        self._text = ""

    def clear(self) -> None:
        if self._shown and self._text:
            self._write(BACK)
        self._text = ""

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:  # nobody is there to be told
            self._shown = False
