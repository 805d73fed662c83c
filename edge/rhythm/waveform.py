"""Whole seconds of slow waveform: what rhythm leaves of an ECG once lines and muscle are taken away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.blocks import Block
from edge.dsp.design import low_pass_taps

Array = npt.NDArray[np.float64]

SLOW_RATE = 125  # Hz: four samples a cycle at the pass band's end
PASS_HZ = 30.0  # QRS complexes lie below; muscle and mains above
TAPS_S = 0.1  # the low-pass's length: 60 Hz is 50 dB down


@dataclass(frozen=True, slots=True)
class Second:
    """One second of the timeline, low-passed to 30 Hz and thinned out to 125 Hz."""

    start: int  # sample index on the timeline
    end: int
    mv: Array  # leads x 125, mV; the last value held where samples are lost; half the filter's length late
    lost: Array  # per lead: the share of the second's samples that are lost


class Seconds:
    """Cuts blocks at multiples of a second and thins them out; the same seconds however the input is cut.

    A block that does not follow the one before, or has other leads, begins anew: the broken second is dropped.
    """

    def __init__(self, rate: float = 500.0) -> None:
        self._step = round(rate / SLOW_RATE)
        if self._step * SLOW_RATE != rate:
            raise ValueError(f"a rate of {rate} Hz: it must be a multiple of {SLOW_RATE} Hz")
        self._samples = round(rate)
        half = round(TAPS_S * rate / 2)
        self.late = half  # samples: where a slow sample's middle lies before its place
        self._taps = low_pass_taps(2 * half + 1, PASS_HZ, rate)
        self._leads: tuple[str, ...] = ()
        self._end: int | None = None
        self._filled = 0
        self._mv: Array = np.empty((0, 0))
        self._valid: npt.NDArray[np.bool_] = np.empty((0, 0), bool)
        self._tail: Array = np.empty((0, 0))

    def push(self, block: Block) -> list[Second]:
        if self._end is None or block.start != self._end or block.leads != self._leads:
            self._begin(block)
        found: list[Second] = []
        at = block.start
        while at < block.end:
            if self._filled == 0 and at % self._samples:  # begin with a whole second
                at = min(block.end, at + self._samples - at % self._samples)
                continue
            count = min(self._samples - self._filled, block.end - at)
            here, there = slice(self._filled, self._filled + count), slice(at - block.start, at - block.start + count)
            self._mv[here], self._valid[here] = block.mv[there], block.valid[there]
            at, self._filled = at + count, self._filled + count
            if self._filled == self._samples:
                self._filled = 0
                found.append(self._second(at))
        self._end = block.end
        return found

    def _begin(self, block: Block) -> None:
        width = len(block.leads)
        self._leads, self._filled = block.leads, 0
        self._mv = np.empty((self._samples, width))
        self._valid = np.empty((self._samples, width), bool)
        self._tail = np.zeros((width, len(self._taps) - 1))

    def _second(self, end: int) -> Second:
        finite = np.isfinite(self._mv)
        x = held(self._mv, finite, self._tail[:, -1])
        padded = np.concatenate([self._tail, x], axis=1)
        self._tail = padded[:, -self._tail.shape[1] :].copy()
        rows = np.lib.stride_tricks.sliding_window_view(padded, len(self._taps), axis=1)[:, :: self._step]
        lost = 1 - (self._valid & finite).mean(axis=0)
        return Second(end - self._samples, end, rows @ self._taps, lost)


def held(mv: Array, finite: npt.NDArray[np.bool_], before: Array) -> Array:
    """`mv` (n x leads) as leads x n, the last finite value held over the others."""
    x = mv.T.copy()
    if finite.all():
        return x
    last = np.maximum.accumulate(np.where(finite.T, np.arange(1, x.shape[1] + 1), 0), axis=1)
    with_before = np.concatenate([before[:, None], x], axis=1)
    filled: Array = np.take_along_axis(with_before, last, axis=1)
    return filled
