"""The last few seconds of a signal, addressed by sample index."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


class History:
    """A sliding stretch of `length` rows; `end` is the timeline index after the newest."""

    def __init__(self, length: int, columns: int, end: int, fill: float) -> None:
        self._rows: npt.NDArray[np.float64] = np.full((length, columns), fill)
        self.end = end

    @property
    def start(self) -> int:
        return self.end - len(self._rows)

    def append(self, rows: npt.NDArray[np.float64]) -> None:
        count = len(rows)
        self._rows[:-count] = self._rows[count:]
        self._rows[-count:] = rows
        self.end += count

    def view(self, first: int, last: int) -> npt.NDArray[np.float64]:
        """Rows from timeline index `first` up to, not including, `last`, as far as they are held."""
        return self._rows[max(first - self.start, 0) : max(last - self.start, 0)]

    def at(self, index: int) -> npt.NDArray[np.float64]:
        row: npt.NDArray[np.float64] = self._rows[index - self.start]
        return row
