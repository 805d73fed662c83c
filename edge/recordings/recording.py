"""What every reader returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from edge.blocks import Signal
from edge.errors import InputError, Reason

MAX_VALUES = 1 << 30  # 4 GiB as float32, two days of twelve leads: a longer claim is a damaged header or needs cutting


@dataclass(frozen=True, slots=True)
class Recording:
    """A whole recording in memory, whatever the file's format and units."""

    name: str
    rate: float  # Hz
    leads: tuple[str, ...]  # standard names where they are standard leads; each one once
    mv: Signal  # n x leads, mV; NaN where missing
    start_utc: datetime | None = None  # as the file has it; a file that names no time zone is taken as UTC
    note: Mapping[str, str] = field(default_factory=dict)  # "format", and what was left out or looked wrong


def unreadable(path: Path, error: OSError) -> InputError:
    """`error` from the operating system on reading `path`, in words."""
    if isinstance(error, FileNotFoundError):
        message = f"no such file: {path}: check the spelling and the folder"
    elif isinstance(error, PermissionError):
        message = f"no permission to read {path}: ask its owner, or chmod a+r {path}"
    elif isinstance(error, IsADirectoryError):
        message = f"{path} is a folder: name a recording in it"
    else:
        message = f"cannot read {path} ({error.strerror or error}): check the disk, or copy the file again"
    return InputError(message, Reason.UNREADABLE)


def check_size(path: Path, samples: int, channels: int) -> None:
    """Refuses a recording that would not fit in memory, before anything is allocated for it."""
    if samples * channels > MAX_VALUES:
        raise InputError(f"{path}: {samples} samples of {channels} channels are too long to open at once: cut it")
