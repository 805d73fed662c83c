"""An optional notch at the mains frequency."""

from __future__ import annotations

import numpy as np

from edge.blocks import Block
from edge.dsp.design import notch, recurse

Q = 25.0  # 2 Hz wide at 50 Hz: rings for 0.2 s after a QRS, below 2 % of it


class Notch:
    """Stage: takes out `frequency` Hz and leaves the rest; starts afresh after a gap."""

    def __init__(self, rate: float, frequency: float) -> None:
        self._filter = notch(frequency, Q, rate)
        self.delay_samples = 0
        self._states: dict[int, tuple[float, ...] | None] = {}

    def push(self, block: Block, /) -> list[Block]:
        if not len(block.mv):
            return []
        if block.blank:
            self._states.clear()
            return [block]
        out = np.full_like(block.mv, np.nan)
        for k in range(len(block.leads)):
            x, state = block.mv[:, k], self._states.get(k)
            edges = np.diff(np.isfinite(x).astype(np.int8), prepend=0, append=0)
            runs = zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True)
            end = 0
            for first, last in runs:
                if first > 0 or state is None:
                    state = self._settled(float(x[first]))
                out[first:last, k], state = recurse(self._filter, x[first:last].astype(np.float64), state)
                end = last
            self._states[k] = state if end == len(x) else None
        return [Block(block.start, block.rate, block.leads, out, block.valid)]

    def _settled(self, level: float) -> tuple[float, ...]:
        """The state of having seen nothing but `level`, which passes unchanged."""
        (b0, _, b2), (_, _, a2) = self._filter
        return level * (1 - b0), level * (b2 - a2)

    def flush(self) -> list[Block]:
        return []
