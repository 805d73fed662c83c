"""Files that are there in whole or not at all: a kill or a full disk leaves the last good one behind."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from edge.errors import OutputError, Reason


def write(path: Path, data: bytes) -> None:
    """Replace `path` by `data`, once all of it is on the disk. Raises OutputError; `path` is then as it was."""
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise unwritable(path, error) from error


def folder(path: Path) -> None:
    """Make the folder `path`, with those above it. Raises OutputError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path} cannot be written ({error.strerror}): make room, or choose another place", Reason.FULL)
