"""Many recordings' names and sizes in little memory: some 60 bytes each, where Python's own objects take 200."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]


def key_of(recording: str) -> int:
    """What a recording is known by: 64 bits of its name's hash.

    Among a million recordings the chance that any two share a key is 3 in 100 million.
    """
    return int.from_bytes(hashlib.blake2b(encoded(recording), digest_size=8).digest(), "big")


def encoded(recording: str) -> bytes:
    """A file's name as the operating system has it, whatever its characters."""
    return recording.encode("utf-8", "surrogateescape")


class Names:
    """An append-only list of (recording, bytes), with a key for each."""

    def __init__(self) -> None:
        self._text = bytearray()
        self._ends = array("Q")
        self._bytes = array("Q")
        self._keys = array("Q")

    def add(self, recording: str, size_bytes: int) -> None:
        self._text += encoded(recording)
        self._ends.append(len(self._text))
        self._bytes.append(size_bytes)
        self._keys.append(key_of(recording))

    def __len__(self) -> int:
        return len(self._ends)

    def name(self, at: int) -> str:
        begin = self._ends[at - 1] if at else 0
        return self._text[begin : self._ends[at]].decode("utf-8", "surrogateescape")

    def __iter__(self) -> Iterator[str]:
        return map(self.name, range(len(self)))

    def size_bytes(self, at: int) -> int:
        return self._bytes[at]

    @property
    def keys(self) -> Keys:
        """In the list's order."""
        return np.array(self._keys, np.uint64)

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """Bytes, in the list's order."""
        return np.array(self._bytes, np.int64)
