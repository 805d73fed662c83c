"""A terminal one can paint on: only what changed is written, and nothing waits for a terminal that does not read."""

from __future__ import annotations

import contextlib
import io
import os
import select
import shutil
import time
from functools import lru_cache
from itertools import groupby
from typing import TextIO

import numpy as np
import numpy.typing as npt

from edge.sinks.glyphs import COLOUR, NO_COLOUR, Style, printable

PIECE = 256  # bytes: a terminal that says it can take more takes this much without waiting
CLOSE_S = 0.5  # how long a stuck terminal may delay the end
NEAR = 6  # cells: a move costs as many bytes as writing these again
OPEN = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[0m\x1b[2J"  # other screen, no cursor, no wrapping, clear
CLOSE = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"


class Canvas:
    """Cells with a character and a style each."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.codes: npt.NDArray[np.uint32] = np.full((height, width), ord(" "), np.uint32)
        self.styles: npt.NDArray[np.uint8] = np.zeros((height, width), np.uint8)

    def text(self, row: int, column: int, text: str, style: Style = Style.PLAIN, *, width: int | None = None) -> int:
        """Writes `text`, cut at `width` cells or at the edge, and returns the column behind it."""
        room = self.width - column if width is None else min(width, self.width - column)
        if not 0 <= row < self.height or room <= 0:
            return column
        codes = _codes(text[:room])
        self.codes[row, column : column + len(codes)] = codes
        self.styles[row, column : column + len(codes)] = style
        return column + len(codes)


@lru_cache(maxsize=256)  # from one drawing to the next, most words stay
def _codes(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(printable(text).encode("utf-32-le"), np.uint32)


class Terminal:
    """The screen of `stream`; put back as it was by `close`, whatever happened."""

    def __init__(self, stream: TextIO, *, colour: bool) -> None:
        self._stream = stream
        self._sgr = [f"\x1b[{'0;' if code != '0' else ''}{code}m" for code in (COLOUR if colour else NO_COLOUR)]
        self._fd = file_descriptor(stream)
        self._encoding = getattr(stream, "encoding", None) or "utf-8"
        self._pending = b""
        self._shown: Canvas | None = None
        stream.flush()  # what was printed before stands before
        self._put(OPEN)

    def size(self) -> tuple[int, int]:
        """Columns and lines, as of now."""
        return terminal_size(self._stream)

    def forget(self) -> None:
        """The next canvas is written whole: what a key's echo left behind goes away."""
        self._shown = None

    @property
    def behind(self) -> bool:
        """The terminal has not taken the last canvas yet."""
        self._push()
        return bool(self._pending)

    def show(self, canvas: Canvas) -> None:
        """Brings the screen to `canvas`."""
        old = self._shown
        if old is None or (old.width, old.height) != (canvas.width, canvas.height):
            changed = np.ones(canvas.codes.shape, bool)
            out = ["\x1b[2J"] if old is not None else []
        else:
            changed = (canvas.codes != old.codes) | (canvas.styles != old.styles)
            out = []
        text, styles = canvas.codes.tobytes().decode("utf-32-le"), canvas.styles.tobytes()
        for first, last in _stretches(np.flatnonzero(changed), canvas.width):
            row, column = divmod(first, canvas.width)
            out.append(f"\x1b[{row + 1};{column + 1}H")
            at = first
            for style, cells in groupby(styles[first:last]):
                behind = at + len(list(cells))
                out.append(self._sgr[style] + text[at:behind])
                at = behind
        self._shown = canvas
        if out:
            self._put("".join(out) + "\x1b[0m")

    def close(self) -> None:
        self._put(CLOSE)
        deadline = time.monotonic() + CLOSE_S
        while self._pending and time.monotonic() < deadline:
            time.sleep(0.01)
            self._push()

    def _put(self, text: str) -> None:
        if self._fd is None:
            self._stream.write(text.encode(self._encoding, "replace").decode(self._encoding))
            self._stream.flush()
            return
        self._pending += text.encode(self._encoding, "replace")
        self._push()

    def _push(self) -> None:
        while self._pending and self._fd is not None:
            if not select.select([], [self._fd], [], 0)[1]:
                return
            self._pending = self._pending[os.write(self._fd, self._pending[:PIECE]) :]


def file_descriptor(stream: TextIO) -> int | None:
    """The stream's file descriptor, or None where it has none."""
    with contextlib.suppress(AttributeError, OSError, ValueError, io.UnsupportedOperation):
        return stream.fileno()
    return None


def takes_more(stream: TextIO) -> bool:
    """Whether a line can be written without waiting for a reader."""
    fd = file_descriptor(stream)
    return fd is None or bool(select.select([], [fd], [], 0)[1])


def terminal_size(stream: TextIO) -> tuple[int, int]:
    """Columns and lines; those of COLUMNS and LINES, or 80 x 24, where the stream is no terminal."""
    fd = file_descriptor(stream)
    with contextlib.suppress(OSError):
        if fd is not None:
            size = os.get_terminal_size(fd)
            if size.columns > 0 and size.lines > 0:
                return size.columns, size.lines
    fallback = shutil.get_terminal_size()
    return fallback.columns, fallback.lines


def _stretches(cells: npt.NDArray[np.intp], width: int) -> list[tuple[int, int]]:
    """Changed cells as (first, last + 1) within a line, near ones taken together."""
    if not len(cells):
        return []
    cuts = np.flatnonzero((np.diff(cells) > NEAR) | (np.diff(cells // width) > 0))
    firsts = cells[np.concatenate(([0], cuts + 1))].tolist()
    lasts = cells[np.concatenate((cuts, [len(cells) - 1]))].tolist()
    return [(first, last + 1) for first, last in zip(firsts, lasts, strict=True)]
