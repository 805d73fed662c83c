"""Blocks of one length, whatever lengths they come in: what follows sees the same ones however the input was cut."""

from __future__ import annotations

import numpy as np

from edge.blocks import Block

HOP_S = 0.1  # often enough for an alert, seldom enough to cost nothing


class Grid:
    """Stage: cuts and joins blocks at the multiples of `hop_s` on the timeline."""

    def __init__(self, rate: float, hop_s: float = HOP_S) -> None:
        self._hop = max(1, round(hop_s * rate))
        self.delay_samples = self._hop
        self._held: list[Block] = []

    def push(self, block: Block, /) -> list[Block]:
        if block.blank:  # a long gap would be many blocks of nothing
            return [*self.flush(), block]
        out = []
        while len(block.mv):
            edge = (block.start // self._hop + 1) * self._hop
            if block.end < edge:
                self._held.append(block)
                break
            self._held.append(block.cut(block.start, edge))
            out += self.flush()
            block = block.cut(edge, block.end)
        return out

    def flush(self) -> list[Block]:
        held, self._held = self._held, []
        if len(held) < 2:
            return held
        mv, valid = np.concatenate([b.mv for b in held]), np.concatenate([b.valid for b in held])
        return [Block(held[0].start, held[0].rate, held[0].leads, mv, valid)]
