"""A small file that is there whole or not at all: a kill or a full disk leaves the last good one behind."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def replace(path: Path, text: str, *, mode: int = 0o666) -> None:
    """`path` holds `text` (ASCII) once all of it is on the disk. Raises OSError; `path` is then as it was.

    mode: who may read a file that is new, less the umask.
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        draft.touch(mode=mode)
        with draft.open("w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
