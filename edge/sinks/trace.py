"""Twelve small traces from the last seconds: decimation that keeps every peak, and dots packed into characters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.blocks import Flags, Origin, Signal, TwelveLeads

Ints = npt.NDArray[np.intp]
Codes = npt.NDArray[np.uint32]

KEEP_S = 8.0  # more than the widest view shows
ERASED = 3  # dot columns left blank ahead of the pen
DOTS = 4  # rows of dots in a character
ORIGINS = tuple(Origin)
_CODE = {origin: code for code, origin in enumerate(ORIGINS)}


@dataclass(frozen=True, slots=True)
class Sweep:
    """What stands on the screen: each dot column's span. The pen runs to the right and starts over, as on a monitor."""

    low: Signal  # 12 x columns, mV; NaN where there is nothing
    high: Signal
    origin: npt.NDArray[np.uint8]  # 12 x columns, index into ORIGINS
    seconds: float
    lap: int  # how many times the pen has started over


class Traces:
    """The last seconds of twelve leads, by sample index."""

    def __init__(self) -> None:
        self._rate = 0.0
        self._mv: Signal = np.empty((12, 0), np.float32)
        self._origin: npt.NDArray[np.uint8] = np.empty((12, 0), np.uint8)
        self._end = 0
        self.now: tuple[Origin, ...] = (Origin.UNAVAILABLE,) * 12

    def add(self, block: TwelveLeads) -> None:
        """Takes `block`; what lies between it and the one before is a gap."""
        if block.rate != self._rate or block.start < self._end:
            self._restart(block)
        length = self._mv.shape[1]
        missing = np.arange(max(self._end, block.start - length), block.start) % length
        self._mv[:, missing] = np.nan
        mv = block.mv[-length:]
        at = np.arange(block.end - len(mv), block.end) % length
        self._mv[:, at] = mv.T
        self._origin[:, at] = np.array([[_CODE[origin]] for origin in block.origin], np.uint8)
        self._end = block.end
        self.now = block.origin

    def _restart(self, block: TwelveLeads) -> None:
        self._rate, self._end = block.rate, block.start
        length = round(KEEP_S * block.rate)
        self._mv = np.full((12, length), np.nan, np.float32)
        self._origin = np.zeros((12, length), np.uint8)

    def sweep(self, seconds: float, columns: int) -> Sweep | None:
        """The last `seconds`, or a little more, on `columns` dot columns; None before the first block."""
        if not self._rate or columns < 1:
            return None
        per = max(1, int(np.ceil(seconds * self._rate / columns)))
        last = (self._end - 1) // per
        first = last - max(1, columns - ERASED) + 1
        # One sample earlier than the first column: a column starts where the one before it ended.
        at = np.arange(first * per - 1, (last + 1) * per) % self._mv.shape[1]
        x = self._mv[:, at]
        ahead = (last + 1) * per - self._end
        if ahead:
            x[:, -ahead:] = np.nan
        before, within = x[:, :-1:per], x[:, 1:].reshape(12, -1, per)
        stacked = np.ascontiguousarray(within.transpose(2, 0, 1))  # four times as fast as along the last axis
        low, high = np.fmin.reduce(stacked, axis=0), np.fmax.reduce(stacked, axis=0)
        joined = np.isfinite(low) & np.isfinite(before) & np.isfinite(within[:, :, 0])
        low = np.where(joined, np.fmin(low, before), low)
        high = np.where(joined, np.fmax(high, before), high)
        place = np.arange(first, last + 1) % columns
        out = Sweep(
            np.full((12, columns), np.nan, np.float32),
            np.full((12, columns), np.nan, np.float32),
            np.zeros((12, columns), np.uint8),
            per * columns / self._rate,
            int(last // columns),
        )
        out.low[:, place], out.high[:, place] = low, high
        out.origin[:, place] = self._origin[:, at[1::per]]
        return out


def spans(low: Signal, high: Signal, middle: Signal, dots_per_mv: float, dots: int) -> tuple[Ints, Ints]:
    """Uppermost and lowermost dot of each column (0 is the top); nothing is drawn where top > bottom.

    `middle` (leads, mV) is what lies half-way up the trace's `dots`; beyond its edges the trace is held at the edge.
    """
    drawn: Flags = np.isfinite(low)
    half = (dots - 1) / 2
    with np.errstate(invalid="ignore"):
        top = np.clip(np.rint(half - (high - middle[:, None]) * dots_per_mv), 0, dots - 1)
        bottom = np.clip(np.rint(half - (low - middle[:, None]) * dots_per_mv), 0, dots - 1)
    return np.where(drawn, top, dots).astype(np.intp), np.where(drawn, bottom, -1).astype(np.intp)


def _tables() -> tuple[Codes, Codes, Codes]:
    """A character's column of four dots, lit from row `a` up to, not including, `b`: its bits, at [5 a + b]."""
    left_bits, right_bits = (0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80)  # Unicode 15, block U+2800
    lines = {1: "'--.", 2: "'-.", 3: "||", 4: "|"}  # by how many dots are lit, then the first of them
    left, right, plain = np.zeros(25, np.uint32), np.zeros(25, np.uint32), np.full(25, ord(" "), np.uint32)
    for a in range(DOTS):
        for b in range(a + 1, DOTS + 1):
            left[5 * a + b] = sum(left_bits[a:b])
            right[5 * a + b] = sum(right_bits[a:b])
            plain[5 * a + b] = ord(lines[b - a][a])
    return left, right, plain


_LEFT, _RIGHT, _PLAIN = _tables()


def characters(top: Ints, bottom: Ints, rows: int, *, braille: bool) -> Codes:
    """Code points (leads x rows x cells) for spans on 4 `rows` dots: braille has two columns a cell, ASCII one."""
    above = DOTS * np.arange(rows)[:, None]
    a = np.clip(top[:, None, :] - above, 0, DOTS)
    b = np.clip(bottom[:, None, :] + 1 - above, 0, DOTS)
    run = 5 * a + b
    if not braille:
        lines: Codes = _PLAIN[run]
        return lines
    dots = _LEFT[run[:, :, 0::2]] | _RIGHT[run[:, :, 1::2]]
    return np.where(dots, 0x2800 + dots, ord(" ")).astype(np.uint32)
