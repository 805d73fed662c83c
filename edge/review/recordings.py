"""What a folder of --record holds, told by headers and sidecars: no sample is read."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from edge.errors import InputError, Reason
from edge.exports.run_record import RunRecord, excerpt, open_run
from edge.exports.told import told_alerts
from edge.recordings.wfdb_header import NULL

MAX_LISTED = 1000  # recordings in a list: a person reads it
NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")  # what the recorder names its files; nothing that leads out of the folder
_PART = re.compile(r"(?P<whole>.+)_(?:raw|layout|\d{4,})")  # what lies beside a recording under its name


@dataclass(frozen=True, slots=True)
class Entry:
    """A recording in the list. Of one that does not open there are its name and the `problem` in words."""

    name: str
    start_utc: datetime | None = None
    samples: int = 0
    rate: float = 0.0  # Hz
    missing_s: float = 0.0  # of the duration: gaps of a second or more
    montage: str = ""
    device: str = ""
    alerts: int = 0  # the wearer's
    technical: int = 0  # the equipment's
    problem: str = ""

    @property
    def duration_s(self) -> float:
        return self.samples / self.rate if self.rate else 0.0


@dataclass(frozen=True, slots=True)
class Listing:
    entries: tuple[Entry, ...]  # the newest first, those that do not open last
    left_out: int  # beyond MAX_LISTED


def list_recordings(folder: Path) -> Listing:
    """Errors: InputError where `folder` cannot be read; what is wrong with one recording stands in its entry."""
    names = _names(folder)
    entries = [_entry(folder, name) for name in names[:MAX_LISTED]]
    entries.sort(key=lambda entry: entry.start_utc.timestamp() if entry.start_utc else 0.0, reverse=True)
    return Listing(tuple(entries), max(0, len(names) - MAX_LISTED))


def open_named(folder: Path, name: str) -> RunRecord:
    """The recording `name` of `folder`. Errors: InputError, NOT_FOUND for a name that no recording there has."""
    check_name(folder, name)
    return open_run(folder / f"{name}.hea")


def check_name(folder: Path, name: str) -> None:
    """Errors: InputError, NOT_FOUND for what is no name, or that of no recording in `folder`."""
    if not NAME.fullmatch(name) or not (folder / f"{name}.hea").is_file():
        raise InputError(f"no recording of that name in {folder.name}: choose one from the list", Reason.NOT_FOUND)


def gaps(record: RunRecord) -> list[tuple[int, int]]:
    """First sample and end of every absence that the header tells of: a second or more of all leads."""
    out, at = [], 0
    for name, length in record.segments:
        if name == NULL:
            out.append((at, at + length))
        at += length
    return out


def _names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as items:
            stems = {item.name[:-4] for item in items if item.name.endswith(".hea")}
    except OSError as error:
        raise InputError(f"cannot read {folder} ({error.strerror}): name the folder of --record") from None
    return sorted(_records(folder, stems))


def _records(folder: Path, stems: set[str]) -> Iterator[str]:
    for stem in stems:
        part = _PART.fullmatch(stem)
        beside = part is not None and part["whole"] in stems
        if NAME.fullmatch(stem) and not beside and (folder / f"{stem}.json").is_file():
            yield stem


def _entry(folder: Path, name: str) -> Entry:
    try:
        record = open_named(folder, name)
        told = told_alerts(excerpt(record))
    except InputError as error:
        return Entry(name, problem=str(error))
    except (KeyError, TypeError, ValueError, AttributeError):  # a sidecar or log that is JSON, but not ours
        return Entry(name, problem=f"what lies beside {name} is not what edge-run writes: copy it again")
    return Entry(
        name=name,
        start_utc=record.start_utc,
        samples=record.samples,
        rate=record.rate,
        missing_s=sum(last - first for first, last in gaps(record)) / record.rate,
        montage=record.montage,
        device=str(record.facts.get("device") or name),
        alerts=sum(not alert.technical for alert in told),
        technical=sum(alert.technical for alert in told),
    )


def recently_written(folder: Path, within_s: float) -> list[str]:
    """Names of the recordings whose header is not older than that; none where the folder cannot be read."""
    try:
        names = _names(folder)
    except InputError:
        return []
    return [name for name in names if _age_s(folder / f"{name}.hea") <= within_s]


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return float("inf")
