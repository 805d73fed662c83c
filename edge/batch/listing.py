"""What is to be done: the recordings of a folder, of a PhysioNet index (RECORDS), or of a list as Parquet or CSV.

Names are relative to the folder that holds them (or the list), in an order that is the same every time.

- A folder: every WFDB header (segments of a longer record and layouts are no recordings of their own), EDF, BDF and
  DICOM file below it. CSV files only where there is nothing else: published sets have tables as CSV beside them.
- `RECORDS`: a name a line; a line that ends with `/` names a folder with a `RECORDS` of its own.
- `.parquet` and `.csv`: a column `path`, as MIMIC-IV-ECG's `record_list.csv` has it, or `recording`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from edge.batch.extra import needed
from edge.batch.names import Names, key_of
from edge.errors import InputError, Reason

HEADER = ".hea"
FILES = (".edf", ".bdf", ".rec", ".dcm")
TABLE = ".csv"
SIGNALS = (".dat", ".mat")  # beside a header of the same name, as all large sets have them
COLUMNS = ("path", "recording", "file_name", "filename")
DEEPEST = 16  # RECORDS within RECORDS: more is a circle
BATCH = 16_384  # rows of a Parquet list read at once


@dataclass(slots=True)
class Listing:
    """The recordings named, each once, below `root`."""

    root: Path
    names: Names = field(default_factory=Names)
    repeated: int = 0  # names that came before, and were left out

    def path(self, recording: str) -> Path:
        return self.root / recording


def listed(source: Path, limit: int | None = None) -> Listing:
    """The recordings of `source`, or the first `limit` of them. Raises InputError where there are none."""
    listing = Listing(source if source.is_dir() else source.parent)
    seen: set[int] = set()
    for recording in _found(source):
        if limit is not None and len(listing.names) >= limit:
            break
        before = key_of(recording)
        if before in seen:
            listing.repeated += 1
            continue
        seen.add(before)
        listing.names.add(recording, _size_bytes(listing.root, recording))
    if not len(listing.names):
        raise InputError(f"{source} names no recording: give a folder that holds some, a RECORDS file or a list")
    if not listing.names.sizes.any():
        few = f"{listing.names.name(0)} and {len(listing.names) - 1} more"
        raise InputError(f"{source} names {few}, and none of them is there: is it the right file, in the right folder?")
    return listing


def _found(source: Path) -> Iterator[str]:
    try:
        if source.is_dir():
            yield from _below(source)
        elif source.suffix.lower() == ".parquet":
            yield from _parquet(source)
        elif source.suffix.lower() == TABLE:
            yield from _csv(source)
        else:
            yield from _index(source, "", DEEPEST)
    except OSError as error:
        what = f"{error.filename or source} cannot be read ({error.strerror or error}): check the name and the folder"
        raise InputError(what, Reason.UNREADABLE) from None


def _below(root: Path) -> Iterator[str]:
    """Names by folder: a folder's own first, in order, then those of its folders."""
    names = _walk(root, "", (HEADER, *FILES))
    first = next(names, None)
    if first is None:
        yield from _walk(root, "", (TABLE,))
    else:
        yield first
        yield from names


def _walk(root: Path, below: str, endings: tuple[str, ...]) -> Iterator[str]:
    files, folders = [], []
    with os.scandir(root / below) as entries:
        for entry in entries:
            if entry.is_dir():
                folders.append(entry.name)
            elif entry.name.lower().endswith(endings):
                files.append(entry.name)
    headers = {name.removesuffix(HEADER) for name in files if name.endswith(HEADER)}
    for name in sorted(files):
        stem = name.removesuffix(HEADER)
        if not (name.endswith(HEADER) and _is_segment(stem, headers)):
            yield f"{below}{stem}"
    for name in sorted(folders):
        if not (root / below / name).is_symlink():  # may lead back up
            yield from _walk(root, f"{below}{name}/", endings)


def _is_segment(stem: str, headers: set[str]) -> bool:
    """Of a record of many segments: `NAME_0001` beside a `NAME`, or a layout header."""
    of, _, number = stem.rpartition("_")
    return bool(of) and (number.isdigit() or number == "layout") and of in headers


def _index(path: Path, below: str, deepest: int) -> Iterator[str]:
    if not deepest:
        raise InputError(f"{path} names itself again, {DEEPEST} folders down: mend the RECORDS files")
    with path.open("rb") as file:
        for line in file:
            name = _text(path, line).strip()
            if name.endswith("/"):
                yield from _index(path.parent / name / "RECORDS", f"{below}{name}", deepest - 1)
            elif name:
                yield below + name.removesuffix(HEADER)


def _text(path: Path, line: bytes) -> str:
    if b"\0" in line:
        raise InputError(f"{path} is no list of recordings: give a folder, RECORDS, .parquet or .csv")
    return line.decode("utf-8", "surrogateescape")


def _csv(path: Path) -> Iterator[str]:
    import csv

    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        rows = csv.DictReader(file)
        column = _column(path, rows.fieldnames or ())
        yield from (row[column].removesuffix(HEADER) for row in rows if row[column])


def _parquet(path: Path) -> Iterator[str]:
    arrow, parquet = needed("pyarrow"), needed("pyarrow.parquet")
    try:
        with parquet.ParquetFile(path) as file:
            column = _column(path, file.schema_arrow.names)
            for batch in file.iter_batches(BATCH, columns=[column]):
                yield from (str(name).removesuffix(HEADER) for name in batch.column(0).to_pylist() if name)
    except arrow.ArrowInvalid as error:
        raise InputError(f"{path} is no Parquet file ({str(error).splitlines()[0]}): write it again") from None


def _column(path: Path, names: object) -> str:
    have = list(names) if isinstance(names, list | tuple) else []
    for column in COLUMNS:
        if column in have:
            return column
    has = ", ".join(map(str, have[:8])) or "none"
    raise InputError(f"{path} has no column {COLUMNS[0]} that names recordings (its columns: {has}): rename one")


def _size_bytes(root: Path, recording: str) -> int:
    """Of a recording's files; 0 where there are none, which reading it will tell in words."""
    beside = os.path.join(root, recording)  # noqa: PTH118  a million of these
    if (whole := _stat(beside)) is not None:
        return whole
    return sum(_stat(beside + ending) or 0 for ending in (HEADER, *SIGNALS))


def _stat(path: str) -> int | None:
    """A file's bytes, or None where there is no such file."""
    try:
        status = os.stat(path)  # noqa: PTH116  a Path each would cost more than the call
    except (OSError, ValueError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None
