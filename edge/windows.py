"""The network's windows, cut from the timeline, and its answers joined again by overlap-add."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from edge.blocks import Block, Flags, Signal

Float64s = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Window:
    """One input of the network."""

    start: int
    mv: Signal  # window x leads
    present: Flags  # leads: measured without a hole over the whole window


@dataclass(frozen=True, slots=True)
class Settled:
    """No window still to come reaches below `end`."""

    end: int


class Windows:
    """Stage: windows every `hop` samples of each run, and one that ends where the run ends.

    A run is a stretch in which at least one lead is valid. A window touches no gap; a lead with a hole in the window
    is not present in it. Windows and `Settled` marks come in the order in which they must be worked off.
    """

    def __init__(self, window: int, hop: int) -> None:
        if not 0 < hop <= window:
            raise ValueError(f"a hop of {hop} samples with windows of {window}: the hop must be 1 to {window}")
        self.window, self.hop = window, hop
        self.delay_samples = window
        self._held: Block | None = None
        self._run: int | None = None  # first sample of the run
        self._next = 0  # start of the run's next regular window
        self._last_end = 0  # end of the last window cut

    def push(self, block: Block, /) -> list[Window | Settled]:
        out: list[Window | Settled] = []
        for alive, first, last in _stretches(block):
            part = block.cut(first, last)
            if alive:
                out += self._grow(part)
            else:
                out += self._end_run()
                out.append(Settled(last))
        return out

    def flush(self) -> list[Window | Settled]:
        return self._end_run()

    def _grow(self, part: Block) -> list[Window | Settled]:
        if self._run is None:
            self._run = self._next = self._last_end = part.start
            self._held = part
        else:
            assert self._held is not None
            mv, valid = np.concatenate([self._held.mv, part.mv]), np.concatenate([self._held.valid, part.valid])
            self._held = Block(self._held.start, part.rate, part.leads, mv, valid)
        held, out = self._held, list[Window | Settled]()
        while self._next + self.window <= held.end:
            out += [self._cut(self._next), Settled(self._next + self.hop)]
            self._next += self.hop
        self._held = held.cut(max(held.start, min(held.end - self.window, self._next)), held.end)
        return out

    def _end_run(self) -> list[Window | Settled]:
        out: list[Window | Settled] = []
        if self._run is not None:
            assert self._held is not None
            end = self._held.end
            if self._last_end < end and end - self.window >= self._run:
                out.append(self._cut(end - self.window))
            out.append(Settled(end))
        self._run = self._held = None
        return out

    def _cut(self, start: int) -> Window:
        assert self._held is not None
        part = self._held.cut(start, start + self.window)
        self._last_end = part.end
        present: Flags = np.all(part.valid, axis=0)
        return Window(start, part.mv, present)


class OverlapAdd:
    """Joins windows of values by weights that fall off as a raised cosine to both sides.

    Holds sums from `start` on, one row a sample; a sample that no window reached has weight zero.
    """

    def __init__(self, window: int, columns: int) -> None:
        self.start = 0
        self._taper = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(window) + 0.5) / window)
        self._sums = np.zeros((0, columns))
        self._weights = np.zeros(0)

    def add(self, start: int, values: Float64s) -> None:
        """`values` (window x columns); what lies before `self.start` is already settled and left out."""
        self._grow(start + len(values))
        late = max(0, self.start - start)
        at = slice(start + late - self.start, start + len(values) - self.start)
        self._sums[at] += self._taper[late:, None] * values[late:]
        self._weights[at] += self._taper[late:]

    def settle(self, end: int) -> tuple[Float64s, Flags]:
        """The joined values up to timeline index `end`, and where there are any."""
        self._grow(end)
        n = end - self.start
        known = self._weights[:n] > 0
        values = self._sums[:n] / np.where(known, self._weights[:n], 1.0)[:, None]
        self._sums, self._weights, self.start = self._sums[n:], self._weights[n:], end
        return values, known

    def _grow(self, end: int) -> None:
        more = end - self.start - len(self._sums)
        if more > 0:
            self._sums = np.concatenate([self._sums, np.zeros((more, self._sums.shape[1]))])
            self._weights = np.concatenate([self._weights, np.zeros(more)])


def _stretches(block: Block) -> list[tuple[bool, int, int]]:
    """Where any lead is valid and where none is: (alive, first, last + 1) on the timeline."""
    alive: Flags = np.any(block.valid, axis=1)
    if not len(alive):
        return []
    cuts = [0, *(np.flatnonzero(np.diff(alive)) + 1).tolist(), len(alive)]
    return [(bool(alive[a]), block.start + a, block.start + b) for a, b in pairwise(cuts)]
