"""Reads the signal files of one WFDB segment, or of a record that has only one."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import numpy as np

from edge.blocks import Signal
from edge.errors import InputError
from edge.recordings.channels import Channel, mv_per_unit
from edge.recordings.recording import check_size, unreadable
from edge.recordings.wfdb_formats import FORMATS, INVALID, Counts, bytes_of, decode, samples_in
from edge.recordings.wfdb_header import NULL, Header, SignalLine


def read_segment(path: Path, header: Header, frames: int | None, note: dict[str, str]) -> list[Channel]:
    """The first `frames` of the segment whose header stands at `path`, or all; one channel a signal line.

    A file that is longer than its header says is none the worse: a recording that was cut off looks like that.
    """
    if header.frames is not None and frames is not None and frames > header.frames:
        raise InputError(f"{path} has {header.frames} samples where {frames} are expected: the record is damaged")
    channels: list[Channel] = []
    for file, group in groupby(header.signals, key=lambda line: line.file):
        lines = list(group)
        if file == NULL:
            known = frames or header.frames or 0
            channels += [_channel(line, header, np.full(known * line.per_frame, np.nan)) for line in lines]
            continue
        counts = _counts(path, path.parent / file, lines, frames or header.frames)
        whole = frames is None or header.frames is None or frames == header.frames
        for line, of_line in zip(lines, counts, strict=True):
            if whole and line.checksum and (int(of_line.sum(dtype=np.int64)) - line.checksum) % 65536:
                _add(note, "checksum", f"{line.name or path.stem} differs from its header's: changed since, or damaged")
            if not line.calibrated:
                _add(note, "gain", f"{line.name or path.stem} is uncalibrated: {line.gain:g} counts a mV assumed")
            channels.append(_channel(line, header, _physical(line, of_line)))
    return channels


def _counts(header_path: Path, path: Path, lines: list[SignalLine], frames: int | None) -> list[Counts]:
    """The counts of each signal in one file, one after the other where a frame has several."""
    form, offset = lines[0].format, lines[0].offset_bytes
    if any((line.format, line.offset_bytes) != (form, offset) for line in lines):
        raise InputError(f"{header_path} gives {path.name} two formats or offsets: mend it")
    if form not in FORMATS:
        known = ", ".join(str(known) for known in FORMATS)
        raise InputError(f"{path} has WFDB format {form}: convert it (xform) to one of {known}")
    if not path.name or path.name == "-":
        raise InputError(f"{header_path} names no signal file: mend it")
    a_frame = sum(line.per_frame for line in lines)
    try:
        held = samples_in(form, max(0, path.stat().st_size - offset)) // a_frame
        if frames is None:
            frames = held
        elif held < frames:
            raise InputError(
                f"{path} is truncated: it holds {held} of the {frames} samples that {header_path.name} promises: "
                "copy it again"
            )
        check_size(path, frames, a_frame)
        raw = np.fromfile(path, np.uint8, bytes_of(form, frames * a_frame), offset=offset)
    except OSError as error:
        raise unreadable(path, error) from None
    table = decode(form, raw, frames * a_frame).reshape(frames, a_frame)
    edges = np.cumsum([line.per_frame for line in lines])[:-1]
    parts = [part.reshape(-1) for part in np.split(table, edges, axis=1)]
    if form == 8:
        parts = [
            (np.cumsum(part, dtype=np.int64) + line.initial).astype(np.int32)
            for line, part in zip(lines, parts, strict=True)
        ]
    return parts


def _physical(line: SignalLine, counts: Counts) -> Signal:
    """In the line's unit, NaN where the count says that there is no sample."""
    values = ((counts - float(line.baseline)) / line.gain).astype(np.float32)
    if line.format in INVALID:
        values[counts == INVALID[line.format]] = np.nan
    if line.skew_frames:  # sample n of this signal stands `skew` frames late in the file
        late = min(len(values), line.skew_frames * line.per_frame)
        values = np.concatenate([values[late:], np.full(late, np.nan, np.float32)])
    return values


def _channel(line: SignalLine, header: Header, values: Signal) -> Channel:
    factor = mv_per_unit(line.unit)
    mv = None if factor is None else (values * factor).astype(np.float32)
    return Channel(line.name, header.rate * line.per_frame, line.unit, mv)


def _add(note: dict[str, str], key: str, remark: str) -> None:
    note[key] = f"{note[key]}; {remark}" if key in note else remark
