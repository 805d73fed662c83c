"""Twelve leads a second at a time, each piece of one origin a lead."""

from __future__ import annotations

import numpy as np

from edge.blocks import TwelveLeads
from edge.bundle import RATE

PIECE = round(RATE)  # samples: a second


class Pieces:
    """Stage: joins blocks up to whole seconds of the timeline; a change of origin, or a hole, ends a piece early."""

    delay_samples = PIECE

    def __init__(self) -> None:
        self._held: list[TwelveLeads] = []

    def push(self, block: TwelveLeads) -> list[TwelveLeads]:
        out: list[TwelveLeads] = []
        if self._held and (self._held[-1].end != block.start or self._held[-1].origin != block.origin):
            out += self.flush()
        start = block.start
        while start < block.end:
            end = min(block.end, (start // PIECE + 1) * PIECE)
            self._held.append(_cut(block, start, end))
            if end % PIECE == 0:
                out += self.flush()
            start = end
        return out

    def flush(self) -> list[TwelveLeads]:
        held, self._held = self._held, []
        if len(held) < 2:
            return held
        first = held[0]
        mv, sd = np.concatenate([b.mv for b in held]), np.concatenate([b.sd for b in held])
        return [TwelveLeads(first.start, mv, sd, first.origin, held[-1].quality, first.rate, first.enrolled)]


def _cut(block: TwelveLeads, start: int, end: int) -> TwelveLeads:
    part = slice(start - block.start, end - block.start)
    return TwelveLeads(
        start, block.mv[part].copy(), block.sd[part].copy(), block.origin, block.quality, block.rate, block.enrolled
    )
