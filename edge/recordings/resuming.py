"""What an earlier run left of a record, and the right to continue it."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path

from edge.errors import InputError, OutputError, Reason
from edge.recordings.storage import claimed, open_to_write, output_error, write_at
from edge.recordings.wfdb_compose import Shape, layout_header
from edge.recordings.wfdb_file import read_header
from edge.recordings.wfdb_header import NULL

MAX_JOINED_SAMPLES = (1 << 31) - 1  # what 32-bit readers can count: 49 days at 500 Hz


def claim(directory: Path, shape: Shape) -> int:
    """A descriptor of the record's layout, locked until it is closed: one recorder at a time.

    Errors: OutputError, also if another one is at work.
    """
    path = directory / f"{shape.layout}.hea"
    descriptor = open_to_write(path)
    name = directory / shape.name
    taken = f"another program is recording to {name}: end it, or record under another name"
    with claimed(descriptor, path, taken):
        if not (directory / f"{shape.name}.hea").exists():
            os.ftruncate(descriptor, 0)
            write_at(descriptor, path, layout_header(shape).encode(), 0)
    return descriptor


def earlier_run(directory: Path, shape: Shape) -> tuple[list[tuple[str, int]], datetime | None]:
    """The segments (names and frames) of the record as it is on disk, and when it began; none if it is new.

    Errors: OutputError where a record of that name is another one's.
    """
    master = directory / f"{shape.name}.hea"
    if not master.exists():
        return [], None
    try:
        header = read_header(master)
        layout = read_header(directory / f"{header.layout or header.name}.hea")
        segments = list(header.segments[1:])
        if segments and segments[-1][0] != NULL:  # the run may have died between this header and the master
            name, counted = segments[-1]
            segments[-1] = name, max(counted, read_header(directory / f"{name}.hea").frames or 0)
    except InputError as error:
        raise OutputError(f"cannot continue {master}: {error}; or record elsewhere", Reason.UNWRITABLE) from None
    leads = tuple(line.name for line in layout.signals)
    if header.layout != shape.layout or leads != shape.leads or header.rate != shape.rate:
        raise OutputError(
            f"{master} is another recording ({' '.join(leads)} at {header.rate:g} Hz): "
            "record under another name or elsewhere",
            Reason.UNWRITABLE,
        )
    return segments, header.start_utc


def pause_samples(master: Path, began: datetime | None, now: datetime | None, samples: int, rate: float) -> int:
    """How many samples passed between the end of a record and `now`; 0 where no clock tells, or it went back."""
    if began is None or now is None:
        return 0
    pause = max(0, round((now - began).total_seconds() * rate) - samples)
    if samples + pause > MAX_JOINED_SAMPLES:
        raise OutputError(
            f"{master} was begun on {began:%Y-%m-%d}, too long ago to be continued: record under another name",
            Reason.UNWRITABLE,
        )
    return pause


def next_number(directory: Path, name: str) -> int:
    """The first segment number that no file has, also none that an earlier run left unlisted."""
    pattern = re.compile(rf"{re.escape(name)}_(\d{{4,}})\.(?:dat|hea)")
    try:
        numbers = [int(match[1]) for path in directory.iterdir() if (match := pattern.fullmatch(path.name))]
    except OSError as error:
        raise output_error(directory, error) from None
    return max(numbers, default=0) + 1
