"""A part while it is being made: under a name that no reader looks at, then all of it in its place."""

from __future__ import annotations

import contextlib
import errno
import os
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path

from edge.batch.row import Row, table
from edge.batch.waveforms import Waveforms
from edge.blocks import TwelveLeads
from edge.errors import OutputError, Reason

GO_ON = "the same command goes on where this one ended"
FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your quota is used up",
    errno.EFBIG: "no file may grow so large",
}


def place(folder: Path, name: str) -> Path:
    return folder / f"part-{name}.parquet"


def unwritable(path: Path, error: OSError) -> OutputError:
    """`error` from the operating system on writing `path`, in words."""
    if (why := FULL.get(error.errno or 0)) is not None:
        return OutputError(f"cannot write {path}: {why}: free some space, and {GO_ON}", Reason.FULL)
    text = f"cannot write {path} ({error.strerror or error}): choose another --out, or mend it, and {GO_ON}"
    return OutputError(text, Reason.UNWRITABLE)


class Draft:
    """One part's rows and, where `waveforms` names their folder, its twelve leads."""

    def __init__(self, name: str, drafts: Path, rows: Path, waveforms: Path | None) -> None:
        own = f"{name}.{uuid.uuid4().hex[:8]}"  # two workers may be at the same part
        self._name, self._rows, self._waveforms = name, rows, waveforms
        self._rows_draft, self._twelve_draft = drafts / f"{own}.rows", drafts / f"{own}.waveforms"
        self._twelve: Waveforms | None = None
        if waveforms:
            with self._in_words():
                self._twelve = Waveforms(self._twelve_draft)

    def begin(self, recording: str) -> None:
        if self._twelve:
            self._twelve.begin(recording)

    def keep(self, block: TwelveLeads) -> None:
        """Raises OutputError."""
        if self._twelve:
            with self._in_words():
                self._twelve.push(block)

    def end(self, whole: bool) -> None:
        """Of a recording; of one that is not whole the last stretch is left out. Raises OutputError."""
        if self._twelve:
            with self._in_words():
                self._twelve.end(whole)

    def publish(self, rows: Iterable[Row]) -> None:
        """All of it in its place, the rows last. Raises OutputError; the rows are not there then."""
        from pyarrow import parquet

        with self._in_words():
            if self._twelve and self._waveforms:
                self._twelve.close()
                _publish(self._twelve_draft, place(self._waveforms, self._name))
            parquet.write_table(table(rows), self._rows_draft, compression="zstd")
            _publish(self._rows_draft, place(self._rows, self._name))

    def discard(self) -> None:
        """What was not published."""
        if self._twelve:
            with contextlib.suppress(OSError):
                self._twelve.close()
        for path in (self._rows_draft, self._twelve_draft):
            with contextlib.suppress(OSError):
                path.unlink()

    @contextlib.contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise unwritable(place(self._rows, self._name), error) from None


def _publish(draft: Path, path: Path) -> None:
    """On the disk before it has its name, and its name on the disk before anybody is told."""
    _sync(draft, os.O_RDWR)
    draft.replace(path)
    _sync(path.parent, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
