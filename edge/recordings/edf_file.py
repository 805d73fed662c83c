"""Reads EDF, EDF+ and BDF files (Kemp 1992, Kemp and Olivan 2003; BDF: 24 bits instead of 16).

The format is a fixed-width header and 16-bit integers, so it needs no library.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge.blocks import Signal
from edge.errors import InputError
from edge.recordings.channels import Channel, assemble, mv_per_unit
from edge.recordings.recording import Recording, check_size, unreadable
from edge.recordings.wfdb_formats import Counts, decode

_FIXED = 256  # bytes of the header that are the file's; as many again for each signal
_WIDTHS = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)  # fields of a signal, each stored for all signals in turn
_ANNOTATIONS = ("EDF Annotations", "BDF Annotations")
_LONGEST_ONSET = 64  # bytes; a record's own time comes first among its annotations
_ONSET = re.compile(rb"([+-]\d+(?:\.\d*)?)[\x14\x15]")

LATEST_S = 366 * 86400.0  # of a first record after the header's time: a file that says more has no time to go by

Raw = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _SignalHead:
    label: str
    unit: str
    physical_min: float
    physical_max: float
    digital_min: int
    digital_max: int
    samples: int  # a record


@dataclass(frozen=True, slots=True)
class _Head:
    start_utc: datetime | None
    bytes: int
    kind: str  # "EDF+C", "EDF+D", "24BIT", or empty
    records: int  # -1 while it was being recorded
    record_s: float
    signals: tuple[_SignalHead, ...]


def read_edf(path: Path, wanted: Sequence[str] | None = None) -> Recording:
    """The recording in an EDF or BDF file; the pauses of EDF+D are NaN."""
    try:
        raw = np.memmap(path, np.uint8, "r")
    except OSError as error:
        raise unreadable(path, error) from None
    sample_bytes = 3 if raw[0] == 0xFF else 2
    try:
        head = _head(raw[:_FIXED].tobytes(), raw)
    except (ValueError, IndexError):
        raise InputError(f"{path} begins like EDF, but its header makes no sense: copy or export it again") from None
    records = _records(path, raw, head, sample_bytes)
    note = {"format": "BDF" if sample_bytes == 3 else head.kind if head.kind.startswith("EDF+") else "EDF"}
    starts = _record_starts(records, head, sample_bytes, path)
    channels = []
    for signal, first in zip(head.signals, _offsets(head), strict=True):
        if signal.label in _ANNOTATIONS or not signal.samples:
            continue
        mv = _mv(records, signal, first, sample_bytes)
        if mv is not None:
            mv = _spread(path, mv, signal.samples, head.record_s, starts)
        channels.append(Channel(signal.label, signal.samples / head.record_s, signal.unit, mv))
    return assemble(path, channels, wanted, start_utc=_start_utc(records, head, sample_bytes), note=note)


def _head(fixed: bytes, raw: Raw) -> _Head:
    text = fixed.decode("latin-1")
    signals = int(text[252:256])
    if signals < 1:
        raise ValueError
    rest = raw[_FIXED : _FIXED * (signals + 1)].tobytes().decode("latin-1")
    if len(rest) < _FIXED * signals:
        raise ValueError
    columns: list[list[str]] = []
    at = 0
    for width in _WIDTHS:
        columns.append([rest[at + k * width : at + (k + 1) * width].strip() for k in range(signals)])
        at += signals * width
    heads = tuple(
        _SignalHead(label, unit, _number(low), _number(high), int(bottom), int(top), int(samples))
        for label, _, unit, low, high, bottom, top, _, samples, _ in zip(*columns, strict=True)
    )
    record_s = _number(text[244:252])
    if record_s <= 0 or min(x.samples for x in heads) < 0 or not any(x.samples for x in heads):
        raise ValueError
    start = _start(text[168:176], text[176:184], text[88:168])
    return _Head(start, int(text[184:192]), text[192:197].strip(), int(text[236:244]), record_s, heads)


def _number(field: str) -> float:
    return float(field.strip().replace(",", "."))  # a decimal comma is forbidden and found all the same


def _start(date: str, time: str, recording: str) -> datetime | None:
    """None where the file's date is no date (anonymised files)."""
    try:
        day, month, year = (int(part) for part in re.split(r"\D", date.strip()))
        hour, minute, second = (int(part) for part in re.split(r"\D", time.strip()))
        year += 1900 if year >= 85 else 2000  # EDF: 1985 to 2084
        if plus := re.search(r"Startdate \d\d-[A-Za-z]{3}-(\d{4})", recording):
            year = int(plus[1])
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def _offsets(head: _Head) -> list[int]:
    sizes = [signal.samples for signal in head.signals]
    return [sum(sizes[:k]) for k in range(len(sizes))]


def _records(path: Path, raw: Raw, head: _Head, sample_bytes: int) -> Raw:
    """The data as records x bytes."""
    size = sample_bytes * sum(signal.samples for signal in head.signals)
    held = (len(raw) - head.bytes) // size
    if head.records < 0:  # the recorder was cut off before it could count
        records = held
    elif held < head.records:
        raise InputError(
            f"{path} is truncated: it holds {max(0, held)} of the {head.records} records that its header promises: "
            "copy it again"
        )
    else:
        records = head.records
    check_size(path, records, size // sample_bytes)
    return raw[head.bytes : head.bytes + records * size].reshape(records, size)


def _counts(records: Raw, first: int, samples: int, sample_bytes: int) -> Counts:
    part = np.ascontiguousarray(records[:, first * sample_bytes : (first + samples) * sample_bytes])
    return decode(8 * sample_bytes, part.reshape(-1), len(records) * samples)


def _mv(records: Raw, signal: _SignalHead, first: int, sample_bytes: int) -> Signal | None:
    factor = mv_per_unit(signal.unit)
    if factor is None:
        return None
    span = signal.digital_max - signal.digital_min
    gain = (signal.physical_max - signal.physical_min) / span * factor if span else factor
    counts = _counts(records, first, signal.samples, sample_bytes)
    return ((counts - float(signal.digital_min)) * gain + signal.physical_min * factor).astype(np.float32)


def _start_utc(records: Raw, head: _Head, sample_bytes: int) -> datetime | None:
    """When the first record begins: the header has whole seconds, EDF+ the rest as that record's own time."""
    clock = _clock(head)
    if head.start_utc is None or clock is None or not len(records):
        return head.start_utc
    stamp = _stamp(records[0], clock * sample_bytes)
    later_s = 0.0 if stamp is None or not 0 <= stamp <= LATEST_S else stamp
    return head.start_utc + timedelta(seconds=later_s)


def _clock(head: _Head) -> int | None:
    """Where in a record its own time stands, in samples; None where there is none."""
    of = (at for signal, at in zip(head.signals, _offsets(head), strict=True) if signal.label in _ANNOTATIONS)
    return next(of, None)


def _stamp(record: Raw, at: int) -> float | None:
    """A record's own time, s after the header's."""
    found = _ONSET.match(record[at : at + _LONGEST_ONSET].tobytes())
    return None if found is None else float(found[1])


def _record_starts(records: Raw, head: _Head, sample_bytes: int, path: Path) -> npt.NDArray[np.float64] | None:
    """When each record starts, in seconds after the first, if the file is one with pauses (EDF+D)."""
    if head.kind not in ("EDF+D", "BDF+D"):
        return None
    clock = _clock(head)
    if clock is None:
        raise InputError(f"{path} says that it has pauses (EDF+D), but no annotations that tell when: export it again")
    stamps = [_stamp(record, clock * sample_bytes) for record in records]
    seconds = [stamp for stamp in stamps if stamp is not None]
    if len(seconds) < len(records) or any(b <= a for a, b in pairwise(seconds)):
        raise InputError(f"{path} has records without a time, or times that go backwards: export it again")
    return np.array(seconds) - seconds[0] if seconds else np.zeros(0)


def _spread(path: Path, mv: Signal, samples: int, record_s: float, starts: npt.NDArray[np.float64] | None) -> Signal:
    """`mv` with NaN for the pauses between its records."""
    if starts is None or not len(starts):
        return mv
    rate = samples / record_s
    first = np.rint(starts * rate).astype(np.int64)
    if (np.diff(first) < samples).any():
        raise InputError(f"{path} has records that overlap in time: export it again")
    length = int(first[-1]) + samples
    check_size(path, length, 1)
    out = np.full(length, np.nan, np.float32)
    out[(first[:, None] + np.arange(samples)).reshape(-1)] = mv
    return out
