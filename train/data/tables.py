"""Publishers' CSV tables."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path

from edge.errors import InputError, Reason
from edge.recordings.recording import unreadable


def stream(path: Path, needed: Sequence[str]) -> Iterator[dict[str, str]]:
    """The rows of a CSV file (gzipped or not) by column name. Raises InputError where it lacks a `needed` column."""
    try:
        with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="") as file:
            reader = csv.DictReader(file)
            missing = [column for column in needed if column not in (reader.fieldnames or ())]
            if missing:
                raise InputError(f"{path} has no column {', '.join(missing)}: is it the publisher's table?")
            yield from reader
    except FileNotFoundError:
        what = f"{path.parent} has no {path.name}: give the folder that the publisher's table lies in"
        raise InputError(what, Reason.UNREADABLE) from None
    except OSError as error:
        raise unreadable(path, error) from None


def rows_of(path: Path, needed: Sequence[str]) -> list[dict[str, str]]:
    """All rows of a table that fits in memory."""
    return list(stream(path, needed))
