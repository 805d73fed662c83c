"""Rate conversion by a windowed-sinc polyphase filter whose delay is taken out of the timestamps."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from edge.blocks import Block, Signal

LOBES = 12  # zero crossings of the sinc on each side: passband flat to 0.1 % up to 0.38 of the lower rate
ROLL_OFF = 0.94  # cutoff as a part of the lower Nyquist frequency
KAISER_BETA = 7.0  # 70 dB
PIECE = 4096  # output samples at a time, so that an hour at once takes no gigabytes
MAX_PHASES = 8192  # finer ratios are rounded to this many phases: an error below 1 uV at 1 mV, 40 Hz


class Resample:
    """Stage: any rate in, `to` out; sample n of the output is the signal at n / to seconds.

    A run of samples ends where NaN begins; beyond its ends its first and last value count on. An input sample stands
    for the time up to the next one: an output sample is there, and valid, where the input sample at or before it is.
    """

    def __init__(self, rate: float, to: float) -> None:
        self.rate, self.to = rate, to
        num, den = round(rate * 1000), round(to * 1000)  # input samples an output sample
        self._num, self._den = num // math.gcd(num, den), den // math.gcd(num, den)
        scale = min(1.0, to / rate) * ROLL_OFF
        self._half = int(np.ceil(LOBES / scale))
        self.delay_samples = int(np.ceil((self._half + 1) * to / rate))  # half a filter, and the sample that is next
        self._phases = min(self._den, MAX_PHASES)
        self._table = _kernel(self._phases, self._half, scale)
        self._held: Block | None = None
        self._next = 0  # next output sample

    def push(self, block: Block, /) -> list[Block]:
        return self._pass(block, final=False)

    def flush(self) -> list[Block]:
        return self._pass(None, final=True)

    def _pass(self, block: Block | None, *, final: bool) -> list[Block]:
        parts = [b for b in (self._held, block) if b is not None]
        if not parts:
            return []
        first = parts[0]
        if self._held is None:  # the very first block: the timeline may not start at zero
            self._next = -(-first.start * self._den // self._num)
        mv, valid = np.concatenate([b.mv for b in parts]), np.concatenate([b.valid for b in parts])
        settled = first.start + len(mv) - (0 if final else self._half)
        last = self._first_output_at(settled)
        whole = Block(first.start, self.rate, first.leads, mv, valid)
        done = [self._outputs(whole, self._next, last)] if last > self._next else []
        self._next = max(self._next, last)
        keep = max(first.start, self._next * self._num // self._den - self._half - 1)
        self._held = whole.cut(min(keep, whole.end), whole.end)
        return done

    def _first_output_at(self, index: int) -> int:
        """The first output sample at input sample `index` or later."""
        return max(0, -(-index * self._den // self._num))

    def _outputs(self, held: Block, first: int, last: int) -> Block:
        if not np.isfinite(held.mv).any():
            return Block.nothing(first, last - first, self.to, held.leads)
        n = np.arange(first, last, dtype=np.int64)
        whole, part = np.divmod(n * self._num, self._den)
        phase = part * self._phases // self._den
        base = whole - held.start
        taps = np.arange(1 - self._half, 1 + self._half)[:, None]
        out = np.empty((len(n), len(held.leads)), np.float32)
        for k in range(len(held.leads)):
            x = held.mv[:, k].astype(np.float64)
            low, high = _run_bounds(held.mv[:, k])
            for piece in (slice(at, at + PIECE) for at in range(0, len(n), PIECE)):
                at = np.clip(base[piece] + taps, low[base[piece]], high[base[piece]])
                weighed = x[at] * self._table[phase[piece]].T
                out[piece, k] = np.add.accumulate(weighed)[-1]  # tap by tap: the same sum however the input is cut
        return Block(first, self.to, held.leads, out, held.valid[base])


def _kernel(phases: int, half: int, scale: float) -> npt.NDArray[np.float64]:
    """Filter taps for each fractional position (phases x 2 half), each summing to one."""
    fraction = np.arange(phases)[:, None] / phases
    distance = np.arange(-half + 1, half + 1)[None, :] - fraction
    window = np.i0(KAISER_BETA * np.sqrt(np.clip(1 - (distance / half) ** 2, 0, None)))
    taps = np.sinc(distance * scale) * window
    normal: npt.NDArray[np.float64] = taps / taps.sum(axis=1, keepdims=True)
    return normal


def _run_bounds(x: Signal) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """For every sample the first and last index of the run of finite samples it is in (itself, if it is NaN)."""
    index = np.arange(len(x))
    finite = np.isfinite(x)
    starts = finite & ~np.concatenate([[False], finite[:-1]])
    ends = finite & ~np.concatenate([finite[1:], [False]])
    low = np.where(finite, np.maximum.accumulate(np.where(starts, index, 0)), index)
    high = np.where(finite, np.minimum.accumulate(np.where(ends, index, len(x))[::-1])[::-1], index)
    return low, high
