"""One segment of a record while it grows: a signal file, then the header that counts it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge.recordings.storage import open_to_write, replace_file, sync, write_at
from edge.recordings.wfdb_compose import Shape, segment_header

Counts = npt.NDArray[np.int64]


class SegmentFile:
    """Appends frames; what `save_header` has counted can be read whatever happens next."""

    def __init__(self, directory: Path, shape: Shape, name: str) -> None:
        self.name = name
        self.frames = 0  # in the signal file
        self.counted = 0  # in the header
        self._shape = shape
        self._data = directory / f"{name}.dat"
        self._header = directory / f"{name}.hea"
        self._initial = np.zeros(len(shape.leads), np.int64)
        self._checksums = np.zeros(len(shape.leads), np.int64)
        self._descriptor = open_to_write(self._data)

    @property
    def bytes(self) -> int:
        return self.frames * self._shape.frame_bytes

    def append(self, counts: Counts) -> None:
        """`counts` (n x leads); after an error none of them count."""
        if not len(counts):
            return
        write_at(self._descriptor, self._data, _encoded(counts, self._shape.format), self.bytes)
        if not self.frames:
            self._initial = counts[0].copy()
        self._checksums = (self._checksums + counts.sum(axis=0)) % 65536
        self.frames += len(counts)

    def save_header(self) -> None:
        if self.counted != self.frames:
            text = segment_header(self._shape, self.name, self.frames, self._initial, self._checksums)
            replace_file(self._header, text)
            self.counted = self.frames

    def sync(self) -> None:
        """Through to the disk; may take a second on a memory card, so not while a stream runs."""
        sync(self._descriptor, self._data)

    def close(self) -> None:
        """An empty one disappears."""
        self.abandon()
        if not self.frames:
            with contextlib.suppress(OSError):
                self._data.unlink()

    def abandon(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _encoded(counts: Counts, bits: int) -> bytes:
    if bits == 16:
        return counts.astype("<i2").tobytes()
    words = np.ascontiguousarray(counts, dtype="<i4")
    return words.tobytes() if bits == 32 else words.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
