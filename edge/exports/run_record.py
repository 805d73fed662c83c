"""A recording that edge-run wrote, read piece by piece: a day of it never stands in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.blocks import Origin
from edge.errors import InputError, Reason, UsageError
from edge.exports.record_clock import RecordClock
from edge.leads import LEADS, canonical, determined, row
from edge.recordings.annotations import Annotation, read_annotations
from edge.recordings.recording import unreadable
from edge.recordings.wfdb_file import read_header
from edge.recordings.wfdb_formats import INVALID
from edge.recordings.wfdb_header import NULL, Header

FORMAT = 16  # what edge-run writes: 16 bits ...
UV_PER_COUNT = 1.0  # ... of 1 uV each, so that every count goes through an export unchanged
MISSING = INVALID[FORMAT]  # the count of a sample that is not there
STRIPS = "_alerts"  # what the folder of a recording's strips is called, behind its name
PIECE_S = 60.0  # read at a time: 0.7 MB of twelve leads

Counts = npt.NDArray[np.int16]  # uV


@dataclass(frozen=True, slots=True)
class Lead:
    name: str
    column: int  # in the record
    origin: Origin  # what it was for most of the recording
    mean_sd_uv: float | None  # of a reconstructed one, over the recording

    @property
    def words(self) -> str:
        sd = f", mean sd {self.mean_sd_uv:.0f} uV" if self.mean_sd_uv else ""
        return f"{self.origin}{sd}"


@dataclass(frozen=True)
class RunRecord:
    """A record's facts. Errors of every method: InputError."""

    header_path: Path
    rate: float  # Hz
    samples: int
    start_utc: datetime
    leads: tuple[Lead, ...]
    segments: tuple[tuple[str, int], ...]  # name, or ~ for a gap, and samples
    facts: dict[str, Any]  # the sidecar's

    @property
    def name(self) -> str:
        return self.header_path.stem

    @property
    def montage(self) -> str:
        measured = [lead.name for lead in self.leads if lead.origin is Origin.MEASURED]
        return str(self.facts.get("montage") or ",".join(measured))

    @cached_property
    def clock(self) -> RecordClock:
        return RecordClock.of(self.start_utc, self.rate, self.facts.get("times"))

    def annotations(self, kind: str) -> list[Annotation]:
        path = self.header_path.with_suffix(f".{kind}")
        return read_annotations(path) if path.is_file() else []

    def counts(self, first: int, last: int) -> Counts:
        """n x all leads from sample `first` up to, not including, `last`; MISSING where nothing was recorded."""
        out = np.full((last - first, len(self.leads)), MISSING, np.int16)
        at = 0
        for name, length in self.segments:
            begin, end = max(first, at), min(last, at + length)
            if name != NULL and begin < end:
                out[begin - first : end - first] = self._segment(name, begin - at, end - at)
            at += length
            if at >= last:
                break
        return out

    def _segment(self, name: str, first: int, last: int) -> Counts:
        path = self.header_path.parent / f"{name}.hea"
        header = self._checked.get(name) or read_header(path)
        if name not in self._checked:
            _check(path, header, [lead.name for lead in self.leads])
            self._checked[name] = header
        file = path.parent / header.signals[0].file
        width = len(self.leads)
        try:
            flat = np.fromfile(file, "<i2", (last - first) * width, offset=2 * first * width)
        except OSError as error:
            raise unreadable(file, error) from None
        if len(flat) < (last - first) * width:
            raise InputError(f"{file} is truncated: {path.name} promises more samples: copy it again")
        return flat.reshape(-1, width)

    @cached_property
    def _checked(self) -> dict[str, Header]:
        return {}


@dataclass(frozen=True)
class Excerpt:
    """A stretch of a record and some of its leads: what is exported."""

    record: RunRecord
    first: int  # sample of the record
    last: int  # not included
    leads: tuple[Lead, ...]

    @property
    def samples(self) -> int:
        return self.last - self.first

    @property
    def rate(self) -> float:
        return self.record.rate

    @property
    def seconds(self) -> float:
        return self.samples / self.rate

    @property
    def start_utc(self) -> datetime:
        return self.utc(self.first)

    def utc(self, sample: int) -> datetime:
        """When the record's `sample` was taken."""
        return self.record.clock.utc(sample)

    def pieces(self, samples: int | None = None) -> Iterator[tuple[int, Counts]]:
        """(sample of the record, n x leads) in order, `samples` at a time; MISSING where nothing was recorded."""
        step = samples or round(PIECE_S * self.rate)
        columns = [lead.column for lead in self.leads]
        for first in range(self.first, self.last, step):
            counts = self.record.counts(first, min(first + step, self.last))
            yield first, counts[:, columns]

    def annotations(self, kind: str) -> list[Annotation]:
        """Those of annotator `kind` within; their samples count from the record's start."""
        return [mark for mark in self.record.annotations(kind) if self.first <= mark.sample < self.last]


def open_run(path: str | Path) -> RunRecord:
    """DIR/NAME, with or without `.hea`, of edge-run's --record, or one of its alerts' strips. Errors: InputError."""
    given = Path(path)
    header_path = given if given.suffix == ".hea" else given.with_name(f"{given.name}.hea") if given.name else given
    if given.is_dir() and not header_path.is_file():
        found = sorted(p.stem for p in given.glob("*.hea") if (given / f"{p.stem}.json").is_file())
        there = f": it holds {', '.join(str(given / name) for name in found)}" if found else ""
        raise InputError(f"{given} is a folder: name a recording in it{there}", Reason.UNREADABLE)
    header = read_header(header_path)
    facts = _facts(header_path, header)
    segments = tuple((name, length) for name, length in header.segments if length)
    if not header.segments:
        segments = ((header_path.stem, header.frames or 0),)
    first = header.layout or header_path.stem
    names = [line.name for line in read_header(header_path.parent / f"{first}.hea").signals]
    samples = sum(length for _, length in segments)
    if not samples or header.start_utc is None:
        raise _foreign(header_path, "it has no samples" if not samples else "it does not say when it began")
    leads = _leads(header_path, names, facts)
    return RunRecord(header_path, header.rate, samples, header.start_utc, leads, segments, facts)


def excerpt(record: RunRecord, from_s: float = 0.0, seconds: float | None = None, leads: Sequence[str] = ()) -> Excerpt:
    """From `from_s` on, `seconds` long or to the end; `leads` in their order, or all. Errors: UsageError."""
    first = round(from_s * record.rate)
    last = record.samples if seconds is None else min(record.samples, first + round(seconds * record.rate))
    if not 0 <= first < last:
        length = record.samples / record.rate
        raise UsageError(f"nothing to export from {from_s:g} s on: {record.name} is {length:g} s long")
    there = {lead.name: lead for lead in record.leads}
    wanted = [canonical(name) or name.strip() for name in leads] or list(there)
    strange = [name for name in wanted if name not in there]
    if strange:
        raise UsageError(f"{record.name} has no lead {', '.join(strange)}: choose among {', '.join(there)}")
    if len(set(wanted)) < len(wanted):
        raise UsageError(f"leads {', '.join(wanted)}: name each lead once")
    return Excerpt(record, first, last, tuple(there[name] for name in wanted))


def strip_origins(record: RunRecord, strip: str) -> dict[str, Origin]:
    """What each lead was around an alert, the least certain it ever was there; nothing where the strip is not kept."""
    path = record.header_path.parent / f"{strip}.hea"
    told = _origins(read_header(path)) if path.is_file() else {}
    return {lead: Origin(origin) for lead, origin in told.items()}


def _check(path: Path, header: Header, names: list[str]) -> None:
    """Only what edge-run writes goes through unchanged."""
    lines = header.signals
    if [line.name for line in lines] != names:
        raise _foreign(path, "its leads are not those of the record")
    plain = all(
        (line.format, line.per_frame, line.skew_frames, line.offset_bytes, line.baseline) == (FORMAT, 1, 0, 0, 0)
        and line.file == lines[0].file
        and line.unit == "mV"
        and abs(line.gain * UV_PER_COUNT - 1000) < 1e-6
        for line in lines
    )
    if not plain:
        raise _foreign(path, "its samples are not 16 bits of 1 uV")


def _foreign(path: Path, why: str) -> InputError:
    return InputError(f"{path} is no recording of edge-run's ({why}): name one that edge-run --record wrote")


def _sidecar(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise unreadable(path, error) from None
    except ValueError:
        raise InputError(f"{path} is no JSON: copy it again; it says which leads were measured") from None
    return facts if isinstance(facts, dict) else {}


def _facts(path: Path, header: Header) -> dict[str, Any]:
    """The sidecar's; a strip has that of the recording it was taken from, and its own origins."""
    whole = path.parent.name.removesuffix(STRIPS)
    if path.with_suffix(".json").exists() or whole == path.parent.name:
        return _sidecar(path.with_suffix(".json"))
    facts = _sidecar(path.parent.parent / f"{whole}.json")
    facts.pop("runs", None)  # the strip's samples are not the recording's
    return facts | {"origin": facts.get("origin", {}) | _origins(header)}


def _origins(header: Header) -> dict[str, str]:
    """Which lead is what by a strip's comments; those of old with a gap tell of all leads that they were missing."""
    origins: dict[str, str] = {}
    for comment in header.comments:
        key, _, names = comment.partition(": ")
        if key in [*Origin] and key != Origin.UNAVAILABLE:
            origins |= dict.fromkeys(names.split(), key)
    return origins


def _leads(path: Path, names: Sequence[str], facts: dict[str, Any]) -> tuple[Lead, ...]:
    """An origin that the sidecar does not tell, or tells as unavailable for the most part, follows from the montage."""
    told: dict[str, str] = facts.get("origin") or {}
    montage = [name for name in str(facts.get("montage") or "").split(",") if name in LEADS]
    if any(name not in LEADS for name in names):
        raise _foreign(path, f"{', '.join(name for name in names if name not in LEADS)} is no standard lead")
    if not told and not montage:
        raise _foreign(path, f"{path.with_suffix('.json').name} does not say which leads were measured")
    follows = dict(zip(LEADS, determined(np.array([row(name) for name in montage])), strict=True)) if montage else {}
    sd = facts.get("mean_sd_uv") or {}
    leads = []
    for column, name in enumerate(names):
        origin = Origin(told.get(name, Origin.UNAVAILABLE))
        if origin is Origin.UNAVAILABLE and montage:
            measured = name in montage
            origin = Origin.MEASURED if measured else Origin.DERIVED if follows[name] else Origin.RECONSTRUCTED
        if origin is Origin.UNAVAILABLE:
            raise _foreign(path, f"nothing says whether {name} was measured")
        reconstructed = origin is Origin.RECONSTRUCTED
        leads.append(Lead(name, column, origin, float(sd[name]) if reconstructed and name in sd else None))
    return tuple(leads)
