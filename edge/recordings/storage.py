"""Bytes to disk so that a reader finds the old or the new state, whenever the writer dies."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from edge.errors import OutputError, Reason

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def output_error(path: Path, error: OSError) -> OutputError:
    """`error` from the operating system on writing `path`, in words."""
    if error.errno in _FULL:
        why = {errno.EDQUOT: "your quota is used up", errno.EFBIG: "no file may grow that large here"}
        reason = why.get(error.errno or 0, "the disk is full")
        way_out = "free some space or record elsewhere; what was written so far opens"
        return OutputError(f"cannot write {path}: {reason}: {way_out}", Reason.FULL)
    if isinstance(error, NotADirectoryError | FileExistsError):
        message = f"cannot write {path}: part of that path is a file: name a folder"
    elif isinstance(error, PermissionError):
        message = f"no permission to write {path}: choose a folder of yours, or chown it"
    elif error.errno == errno.EROFS:
        message = f"cannot write {path}: the disk is read-only: remount it, or record elsewhere"
    else:
        message = f"cannot write {path} ({error.strerror or error}): check the disk, or record elsewhere"
    return OutputError(message, Reason.UNWRITABLE)


@contextlib.contextmanager
def claimed(descriptor: int, path: Path, taken: str) -> Iterator[None]:
    """Locks an open file until it is closed; what goes wrong within closes it. Raises OutputError: `taken` if it is."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        os.close(descriptor)
        raise OutputError(taken, Reason.UNWRITABLE) from None
    except OSError as error:
        os.close(descriptor)
        raise output_error(path, error) from None
    except OutputError:
        os.close(descriptor)
        raise


def make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(path, error) from None


def replace_file(path: Path, text: str) -> None:
    """The file `path` with `text` in it, or as it was before: nothing in between, also after `kill -9`."""
    beside = path.with_name(f".{path.name}.new")
    try:
        try:
            beside.write_text(text, "utf-8")
            beside.replace(path)
        except OSError:
            beside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise output_error(path, error) from None


def open_to_write(path: Path) -> int:
    """A file descriptor to write `path`, created if it is not there."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise output_error(path, error) from None


def write_at(descriptor: int, path: Path, data: bytes | memoryview, offset: int) -> None:
    """All of `data` at `offset`; after an error the caller may write the same place again."""
    view = memoryview(data)
    try:
        while view:
            written = os.pwrite(descriptor, view, offset)
            view, offset = view[written:], offset + written
    except OSError as error:
        raise output_error(path, error) from None


def sync(descriptor: int, path: Path) -> None:
    """Through the operating system's cache to the disk."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise output_error(path, error) from None
