"""Beats as a stream: any blocks in, beats out, the same however the input is cut."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from edge.blocks import Block
from edge.rhythm.beat import Beat
from edge.rhythm.decision import HOLD_S, LONGEST_RR_S, SEARCH_BACK, Decision

HOP_S = 0.1  # the work is done in hops of this length on the timeline, however the input is cut
MIN_QUALITY = 0.02  # a lead below it has no vote: all but hopeless leads are weighed by their own noise instead


class BeatDetector:
    """Stage: blocks of measured leads (baseline removed, NaN where lost) to beats in order of time.

    `delay_samples` is the worst case, from an R peak to its `Beat`: a search back after slow beats, or the first beats
    of a run, which wait for its levels to be learned. `typical_delay_samples` is that of every other beat.
    """

    def __init__(self, rate: float = 500.0, min_quality: float = MIN_QUALITY) -> None:
        if not 125 <= rate <= 1000:
            raise ValueError(f"a rate of {rate} Hz: beats are found at 125 to 1000 Hz")
        self.rate = rate
        self._min_quality = min_quality
        self._hop = round(HOP_S * rate)
        probe = Decision(rate, ("",), self._hop, 0)
        self.typical_delay_samples = probe.typical_delay_samples + self._hop
        self.delay_samples = self.typical_delay_samples + round(SEARCH_BACK * LONGEST_RR_S * rate) + self._hop
        self._leads: tuple[str, ...] = ()
        self._quality: deque[tuple[int, Mapping[str, float]]] = deque()
        self._filled = 0
        self._open = False
        self.horizon = 0  # timeline index before which no further beat will be put

    def set_quality(self, start: int, scores: Mapping[str, float]) -> None:
        """From sample `start` on leads have these scores (0 to 1); a lead not named is taken as good.

        To be called in order, and before the block that holds `start` is pushed.
        """
        self._quality.append((start, dict(scores)))

    def push(self, block: Block, /) -> list[Beat]:
        found: list[Beat] = []
        if not len(block.mv):
            return found
        if self._open and block.leads != self._leads:
            found += self.flush()
        if not self._open:
            self._begin(block.start, block.leads)
        at = self._next
        if block.start < at:
            raise ValueError(f"a block at sample {block.start} after one that ended at {at}: blocks must not go back")
        if block.start - at > round(HOLD_S * self.rate):  # longer than anything remembered
            found += self.flush()
            self._begin(block.start, block.leads)
        elif block.start > at:
            found += self._take(np.full((block.start - at, len(block.leads)), np.nan))
        return found + self._take(block.mv, block.valid)

    def flush(self) -> list[Beat]:
        """The beats still undecided; the next block may start anywhere later."""
        if not self._open:
            return []
        found: list[Beat] = []
        for _ in range(-(-self.delay_samples // self._hop) + 2):  # what follows the end is a gap
            found += self._take(np.full((self._hop - self._filled, len(self._leads)), np.nan))
        self._open = False
        return found

    def _begin(self, start: int, leads: tuple[str, ...]) -> None:
        lead = start % self._hop  # hops lie at multiples of their length
        self._leads, self._open = leads, True
        self._samples = np.full((self._hop, len(leads)), np.nan)
        self._valid = np.zeros((self._hop, len(leads)), bool)
        self._filled = lead
        self._next = start
        self._beats = Decision(self.rate, leads, self._hop, start - lead)
        self.horizon = start

    def _take(self, mv: npt.NDArray[np.floating], valid: npt.NDArray[np.bool_] | None = None) -> list[Beat]:
        """Fill hops with samples; work on each that is full."""
        found: list[Beat] = []
        done = 0
        while done < len(mv):
            count = min(self._hop - self._filled, len(mv) - done)
            here = slice(self._filled, self._filled + count)
            self._samples[here] = mv[done : done + count]
            self._valid[here] = False if valid is None else valid[done : done + count]
            done += count
            self._filled += count
            self._next += count
            if self._filled == self._hop:
                self._filled = 0
                self._samples[~np.isfinite(self._samples)] = np.nan  # infinity is no voltage either
                first = self._next - self._hop - self._beats.delay_samples
                found += self._beats.push(self._samples, self._valid, self._votes(first))
                self.horizon = max(self.horizon, self._beats.horizon)
        return found

    def _votes(self, index: int) -> npt.NDArray[np.bool_]:
        """Which leads are good enough at sample `index`."""
        while len(self._quality) > 1 and self._quality[1][0] <= index:
            self._quality.popleft()
        if not self._quality or self._quality[0][0] > index:
            return np.ones(len(self._leads), bool)
        scores = self._quality[0][1]
        return np.array([scores.get(name, 1.0) >= self._min_quality for name in self._leads])
