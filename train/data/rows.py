"""Records of several memory-mapped arrays as one array that is read only where it is asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Int16s = npt.NDArray[np.int16]


class Rows:
    """Chosen records (records x samples x 12, int16) of `parts`, without a copy of them.

    Indexed like an array by record first, it gives plain arrays in memory. Where the parts differ in length, all are
    as long as the shortest.
    """

    ndim = 3
    dtype = np.dtype(np.int16)

    def __init__(self, parts: Sequence[Int16s], index: npt.NDArray[np.int64] | None = None) -> None:
        self._parts = tuple(parts)
        if index is None:
            of_part = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
            index = np.stack([of_part, np.concatenate([np.arange(len(part)) for part in parts])], 1)
        self._index = index.reshape(-1, 2)  # part, record in it
        self._samples = min((part.shape[1] for part in parts), default=0)

    @classmethod
    def of(cls, records: Int16s | Rows) -> Rows:
        return records if isinstance(records, Rows) else cls([records])

    @classmethod
    def joined(cls, several: Sequence[Rows]) -> Rows:
        parts: list[Int16s] = []
        index = []
        for rows in several:
            index.append(rows._index + np.array([len(parts), 0]))
            parts += rows._parts
        return cls(parts, np.concatenate(index))

    @property
    def shape(self) -> tuple[int, int, int]:
        return len(self._index), self._samples, 12

    @property
    def nbytes(self) -> int:
        return int(np.prod(self.shape)) * self.dtype.itemsize

    def take(self, records: npt.ArrayLike | slice) -> Rows:
        """The same view of fewer records, or of other ones in another order."""
        chosen = records if isinstance(records, slice) else np.asarray(records, np.int64)
        return Rows(self._parts, self._index[chosen])

    def __len__(self) -> int:
        return len(self._index)

    def __getitem__(self, key: Any) -> Int16s:
        first, rest = (key[0], key[1:]) if isinstance(key, tuple) else (key, ())
        chosen = self._index[first]
        if chosen.ndim == 1:
            part, record = chosen
            one: Int16s = np.array(self._parts[part][record, : self._samples])
            return one[rest] if rest else one
        out = np.empty((len(chosen), self._samples, 12), np.int16)
        for at, (part, record) in enumerate(chosen):
            out[at] = self._parts[part][record, : self._samples]
        return out[(slice(None), *rest)] if rest else out

    def __iter__(self) -> Iterator[Int16s]:
        return (self[k] for k in range(len(self)))

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[Any]:
        whole = self[:]
        return whole if dtype is None else whole.astype(dtype)

    def astype(self, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        return self[:].astype(dtype)
