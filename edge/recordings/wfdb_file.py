"""Reads WFDB records: one segment or many, fixed or variable layout."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edge.blocks import Signal
from edge.errors import InputError
from edge.recordings.channels import Channel, assemble
from edge.recordings.recording import Recording, check_size, unreadable
from edge.recordings.wfdb_header import NULL, Header, HeaderError, parse_header
from edge.recordings.wfdb_segment import read_segment


def read_wfdb(path: Path, wanted: Sequence[str] | None = None) -> Recording:
    """The record whose header is `path`."""
    header = read_header(path)
    note = {"format": "WFDB"}
    channels = _Segmented(path, header).read(note) if header.segments else read_segment(path, header, None, note)
    return assemble(path, channels, wanted, start_utc=header.start_utc, note=note)


def read_header(path: Path) -> Header:
    """Errors: InputError."""
    try:
        return parse_header(path.read_text("utf-8", "replace"))
    except OSError as error:
        raise unreadable(path, error) from None
    except HeaderError as error:
        raise InputError(f"{path} is no WFDB header: {error}: copy it again") from None


class _Segmented:
    """A record of many segments, read into one channel a signal; NaN where nothing was recorded."""

    def __init__(self, path: Path, header: Header) -> None:
        self._path = path
        self._header = header
        self._frames = sum(length for _, length in header.segments)
        if header.frames is not None and header.frames != self._frames:
            says = f"its segments have {self._frames} samples and its first line says {header.frames}"
            raise InputError(f"{path} contradicts itself: {says}: mend it")
        recorded = [name for name, length in header.segments if name != NULL and length]
        if not recorded:
            raise InputError(f"{path} lists no segment in which anything was recorded")
        self._lines = read_header(self._beside(header.layout or recorded[0])).signals
        check_size(path, self._frames * max((x.per_frame for x in self._lines), default=1), len(self._lines))
        self._units: list[str | None] = [None] * len(self._lines)
        self._mv: list[Signal | None] = [None] * len(self._lines)

    def read(self, note: dict[str, str]) -> list[Channel]:
        at = 0
        for name, length in self._header.segments:
            if name != NULL and length:
                self._place(self._beside(name), at, length, note)
            at += length
        return [
            Channel(line.name, self._header.rate * line.per_frame, unit or line.unit, mv)
            for line, unit, mv in zip(self._lines, self._units, self._mv, strict=True)
        ]

    def _place(self, path: Path, at: int, length: int, note: dict[str, str]) -> None:
        header = read_header(path)
        if header.segments:
            raise InputError(f"{path} is a segment that has segments: that is no WFDB record")
        if header.rate != self._header.rate:
            raise InputError(f"{path} says {header.rate:g} Hz, {self._path.name} {self._header.rate:g} Hz: mend one")
        channels = read_segment(path, header, length, note)
        for k, channel in zip(self._columns(path, header), channels, strict=True):
            per_frame = self._lines[k].per_frame
            if channel.rate != header.rate * per_frame:
                raise InputError(f"{path} has {channel.name} at {channel.rate:g} Hz, unlike the rest of the record")
            self._units[k] = self._units[k] or channel.unit
            if channel.mv is None:
                continue
            whole = self._mv[k]
            if whole is None:
                whole = self._mv[k] = np.full(self._frames * per_frame, np.nan, np.float32)
            whole[at * per_frame : (at + length) * per_frame] = channel.mv

    def _columns(self, path: Path, part: Header) -> list[int]:
        """Which of the record's signals each of the segment's is: by place, or by name in a variable layout."""
        if self._header.layout is None:
            if len(part.signals) != len(self._lines):
                raise InputError(f"{path} has {len(part.signals)} signals, the record {len(self._lines)}: mend it")
            return list(range(len(self._lines)))
        free = list(range(len(self._lines)))
        columns = []
        for line in part.signals:
            column = next((k for k in free if self._lines[k].name == line.name), None)
            if column is None:
                raise InputError(f"{path} has a signal {line.name!r} that {self._header.layout} does not list: mend it")
            free.remove(column)
            columns.append(column)
        return columns

    def _beside(self, name: str) -> Path:
        return self._path.parent / f"{name}.hea"
