"""Baseline removal: a causal first-order high-pass at 0.05 Hz.

The choice. ST levels must survive, so a monitor's 0.5 Hz causal filter is out; a linear-phase one as gentle as this
would need seconds of delay. A single pole at 0.05 Hz, the diagnostic bandwidth of IEC 60601-2-25, answers the
3 mV, 100 ms impulse with 3 (1 - exp(-2 pi 0.05 0.1)) = 0.093 mV of undershoot and 0.03 mV/s of slope. Slow wander
passes it on purpose: it is the network's and the reader's to see, not the filter's to hide at the price of the ST
segment.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from edge.blocks import Block, Signal
from edge.dsp.design import high_pass, recurse

CUTOFF_HZ = 0.05
_Piece = tuple[int, int, bool]  # first, last + 1, whether the filter starts there
SETTLE_S = 1.0  # a beat or more: its mean is where the filter would have settled


class Baseline:
    """Stage: removes the baseline of every lead; starts afresh after a gap.

    A lead's filter starts at the mean of the run's first second (or of the whole run, if it is shorter), so no start
    costs seconds of settling. Mean, not median: the filter stays linear and Einthoven's law survives it.
    Bridged samples (finite but invalid) keep the filter going; NaN ends the run.

    Of leads that say the same twice (I, II and III), one that comes back alone would start at another level than the
    others have, and break the law between them: with `together`, all leads start afresh when one does.
    """

    def __init__(self, rate: float, *, together: bool = False) -> None:
        self._together = together
        self._filter = high_pass(CUTOFF_HZ, rate)
        self._settle = round(SETTLE_S * rate)
        self.delay_samples = 0  # but up to SETTLE_S are held back at the start of a run
        self._held: Block | None = None
        self._states: list[tuple[float, ...] | None] = []

    def push(self, block: Block, /) -> list[Block]:
        if block.blank and self._held is None:
            self._states = [None] * len(block.leads)
            return [block]
        if self._going and np.isfinite(block.mv).all():
            return [self._continue(block)]
        self._held = block if self._held is None else _join(self._held, block)
        return self._emit(final=False)

    def flush(self) -> list[Block]:
        out = self._emit(final=True)
        self._held = None
        return out

    @property
    def _going(self) -> bool:
        """Whether nothing is held and every lead's filter runs."""
        return self._held is None and bool(self._states) and None not in self._states

    def _continue(self, block: Block) -> Block:
        """The common case: a block without a hole after one without."""
        out = np.empty_like(block.mv)
        for k, state in enumerate(self._states):
            assert state is not None
            out[:, k], self._states[k] = recurse(self._filter, block.mv[:, k].astype(np.float64), state)
        return Block(block.start, block.rate, block.leads, out, block.valid)

    def _emit(self, *, final: bool) -> list[Block]:
        held = self._held
        if held is None or not len(held.mv):
            return []
        if len(self._states) != len(held.leads):
            self._states = [None] * len(held.leads)
        pieces = self._pieces(held.mv)
        ready = len(held.mv)
        if not final:
            ready = min(self._ready(of_lead, len(held.mv)) for of_lead in pieces)
        if ready == 0:
            return []
        out = np.empty((ready, len(held.leads)), np.float32)
        for k in range(len(held.leads)):
            out[:, k] = self._run(k, held.mv[:, k], pieces[k], ready)
        done = Block(held.start, held.rate, held.leads, out, held.valid[:ready])
        self._held = held.cut(held.start + ready, held.end) if ready < len(held.mv) else None
        return [done]

    def _pieces(self, mv: Signal) -> list[list[_Piece]]:
        """The stretches of every lead over which one filter runs."""
        runs = [_runs(mv[:, k]) for k in range(mv.shape[1])]
        starts = [
            {first for first, _ in of_lead if first > 0 or self._states[k] is None} for k, of_lead in enumerate(runs)
        ]
        if not self._together:
            return [[(a, b, a in starts[k]) for a, b in of_lead] for k, of_lead in enumerate(runs)]
        anywhere = set().union(*starts)
        edges = sorted({edge for of_lead in runs for run in of_lead for edge in run})
        return [
            [
                (a, b, a in anywhere)
                for first, last in of_lead
                for a, b in pairwise([first, *(edge for edge in edges if first < edge < last), last])
            ]
            for of_lead in runs
        ]

    def _ready(self, pieces: list[_Piece], samples: int) -> int:
        """How many samples can be filtered now: a filter that has not started needs its first second."""
        for first, last, starts in pieces:
            if starts and last == samples and last - first < self._settle:
                return first
        return samples

    def _run(self, k: int, x: Signal, pieces: list[_Piece], ready: int) -> Signal:
        out = np.full(ready, np.nan, np.float32)
        state = self._states[k]
        at = 0
        for first, last, starts in pieces:
            if first >= ready:
                break
            if starts:
                mean = float(x[first : min(last, first + self._settle)].mean(dtype=np.float64))
                state = (-self._filter[0][0] * mean,)  # output 0 for a constant input at the mean
            assert state is not None
            at = min(last, ready)
            out[first:at], state = recurse(self._filter, x[first:at].astype(np.float64), state)
        self._states[k] = state if at == ready else None
        return out


def remove_baseline(mv: Signal, rate: float) -> Signal:
    """`mv` (n x leads, mV; NaN where lost) without its baseline, exactly as a live stream would have it."""
    stage = Baseline(rate)
    names = tuple(str(k) for k in range(mv.shape[1]))
    block = Block(0, rate, names, mv.astype(np.float32, copy=False), np.isfinite(mv))
    parts = stage.push(block) + stage.flush()
    return np.concatenate([part.mv for part in parts]) if parts else mv.astype(np.float32)


def _runs(x: Signal) -> list[tuple[int, int]]:
    """Stretches of finite samples, as (first, last + 1)."""
    edges = np.diff(np.isfinite(x).astype(np.int8), prepend=0, append=0)
    return list(zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True))


def _join(a: Block, b: Block) -> Block:
    return Block(a.start, a.rate, a.leads, np.concatenate([a.mv, b.mv]), np.concatenate([a.valid, b.valid]))
