"""An optional notch at the mains frequency."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.signal import iirnotch, lfilter, lfilter_zi

from edge.blocks import Block

Q = 25.0  # 2 Hz wide at 50 Hz: rings for 0.2 s after a QRS, below 2 % of it


class Notch:
    """Stage: takes out `frequency` Hz and leaves the rest; starts afresh after a gap."""

    def __init__(self, rate: float, frequency: float) -> None:
        self._b, self._a = iirnotch(frequency, Q, fs=rate)
        self._settled = lfilter_zi(self._b, self._a)
        self.delay_samples = 0
        self._states: dict[int, npt.NDArray[np.float64] | None] = {}

    def push(self, block: Block, /) -> list[Block]:
        out = np.full_like(block.mv, np.nan)
        for k in range(len(block.leads)):
            x, state = block.mv[:, k], self._states.get(k)
            edges = np.diff(np.isfinite(x).astype(np.int8), prepend=0, append=0)
            runs = zip(np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True)
            end = 0
            for first, last in runs:
                if first > 0 or state is None:
                    state = self._settled * float(x[first])
                out[first:last, k], state = lfilter(self._b, self._a, x[first:last].astype(np.float64), zi=state)
                end = last
            self._states[k] = state if end == len(x) and len(x) else None
        return [Block(block.start, block.rate, block.leads, out, block.valid)]

    def flush(self) -> list[Block]:
        return []
