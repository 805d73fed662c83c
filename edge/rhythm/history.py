"""The last few seconds of a signal, addressed by sample index."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.float64]
ROOM = 4  # times the length: how much is written before the old is cleared away


class History:
    """A sliding stretch of `length` rows; `end` is the timeline index after the newest."""

    def __init__(self, length: int, columns: int, end: int, fill: float) -> None:
        self._rows: Rows = np.full((ROOM * length, columns), fill)
        self._length = self._written = length
        self._zero = end - length  # timeline index of row 0
        self.end = end

    def append(self, rows: Rows) -> None:
        count = len(rows)
        if self._written + count > len(self._rows):
            kept = self._rows[self._written - self._length : self._written].copy()
            self._rows[: self._length] = kept
            self._zero += self._written - self._length
            self._written = self._length
        self._rows[self._written : self._written + count] = rows
        self._written += count
        self.end += count

    def view(self, first: int, last: int) -> Rows:
        """Rows from timeline index `first` up to, not including, `last`, as far as they are held."""
        oldest = self._written - self._length
        return self._rows[max(first - self._zero, oldest) : min(max(last - self._zero, oldest), self._written)]

    def at(self, index: int) -> Rows:
        row: Rows = self._rows[index - self._zero]
        return row
