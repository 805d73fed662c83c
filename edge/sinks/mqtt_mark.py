"""Up to where messages may have been sent: one number in a file, written in place before they are."""

from __future__ import annotations

import os
import struct
from pathlib import Path

from edge.recordings.storage import open_to_write, write_at

FIELDS = struct.Struct("<q36s")  # the number; the boot in which it was written
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Mark:
    """A number that only rises, and survives the process: no room on the disk is needed to raise it.

    It is not synced, so what another boot wrote last may be missing: then all of what waits may have been sent.
    Errors: OutputError on opening.
    """

    def __init__(self, path: Path, last: int) -> None:
        """`last`: the highest number that there is."""
        self._path, self._boot = path, _boot()
        self._descriptor = open_to_write(path)
        there = os.pread(self._descriptor, FIELDS.size, 0)
        number, boot = FIELDS.unpack(there) if len(there) == FIELDS.size else (0, self._boot)
        self.value = number if boot == self._boot else max(number, last)
        self._write()

    def rise(self, to: int) -> None:
        """Before the messages up to `to` are sent. What cannot be written is known to this process all the same."""
        if to > self.value:
            self.value = to
            self._write()

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _write(self) -> None:
        write_at(self._descriptor, self._path, FIELDS.pack(self.value, self._boot), 0)


def _boot() -> bytes:
    """This boot of the machine; nothing where it has no name for it."""
    try:
        return BOOT_ID.read_bytes().strip()[:36].ljust(36)
    except OSError:
        return b" " * 36
