"""What Linux does for a family of processes, and Python has no name for: prctl(2)."""

from __future__ import annotations

import ctypes
import os

_PR_SET_NAME, _PR_SET_CHILD_SUBREAPER = 15, 36
_NAME_BYTES = 15


def adopt_orphans() -> None:
    """From now on this process is the parent of every descendant whose own parent has ended. Raises OSError."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def name_process(name: str) -> None:
    """What `top` and `ps -o comm` call this process; the first 15 bytes of it."""
    _prctl(_PR_SET_NAME, ctypes.c_char_p(name.encode()[:_NAME_BYTES]))


def _prctl(option: int, value: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
