"""Records a stream as WFDB so that `kill -9` costs a second at most."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge.blocks import Flags, Signal
from edge.errors import OutputError, Reason
from edge.recordings.resuming import claim, earlier_run, next_number, pause_samples
from edge.recordings.segment_file import Counts, SegmentFile
from edge.recordings.sidecar import Sidecar
from edge.recordings.storage import make_folder, replace_file
from edge.recordings.wfdb_compose import Shape, master_header
from edge.recordings.wfdb_formats import INVALID
from edge.recordings.wfdb_header import NULL

NULL_FROM_S = 1.0  # a shorter absence is marked sample by sample: a lossy link must not leave thousands of files
FLUSH_EVERY_S = 1.0  # of signal: what a kill may cost
MAX_SEGMENT_BYTES = 1 << 30  # FAT and 32-bit readers end at 2 or 4 GiB; a day of twelve leads is 1 GiB


class WfdbWriter:
    """Writes DIRECTORY/NAME as a multi-segment WFDB record of variable layout.

    Each stretch of signal is a segment (`NAME_0001.hea`, `.dat`), each gap of a second or more a null segment; shorter
    ones are samples with the format's value for "not there". Data are written before the header that counts them,
    headers are replaced as a whole, the master last: so the record opens at any time, with all that was flushed.
    That holds for the death of the process; when the power goes, so does what the system had not written to disk.

    A record of that name with the same leads and rate is continued: the time between the runs is a gap as both
    `start_utc` tell it, or none if one is missing or the clock went back. `offset_samples` leads from this run's
    timeline to the record's sample numbers, which annotations count in.

    `uv_per_count` is one number, or one a lead; `fmt` is 16, 24 or 32, the bits a sample; `clipped` counts what was
    too large for it in this run. `sidecar` are facts for NAME.json; `writer.sidecar.update({...})` changes them.

    Errors: OutputError (FULL, UNWRITABLE) from every method. What was flushed opens even then, and `write` may be
    called again: what could not be written is a gap.
    """

    def __init__(
        self,
        directory: Path,
        name: str,
        rate: float,
        leads: Sequence[str],
        *,
        uv_per_count: float | Sequence[float] = 1.0,
        start_utc: datetime | None = None,
        sidecar: Mapping[str, object] | None = None,
        fmt: int = 16,
    ) -> None:
        self.directory = Path(directory)
        self.clipped = 0
        self._shape = _shape(name, rate, leads, uv_per_count, fmt)
        self._counts_per_mv = np.array(self._shape.counts_per_mv)
        self._segment: SegmentFile | None = None  # the one that grows
        self._unflushed = 0  # samples
        self._wrote = False
        self._null_from = max(1, round(NULL_FROM_S * rate))
        self._master = self.directory / f"{name}.hea"
        start_utc = _as_utc(start_utc)
        make_folder(self.directory)
        self._claim = claim(self.directory, self._shape)
        try:
            self._segments, began = earlier_run(self.directory, self._shape)
            self._complete = sum(samples for _, samples in self._segments)
            self._absent = pause_samples(self._master, began, start_utc, self._complete, rate)
            self._began_here = not self._segments
            self._start_utc = began if self._segments else start_utc
            self.offset_samples = self._position
            self._number = next_number(self.directory, name)
            self.sidecar = Sidecar(self.directory / f"{name}.json", _facts(self._shape) | dict(sidecar or {}))
            self.sidecar.add_run(self.offset_samples, start_utc)
            self.sidecar.save()  # now, so that a folder that cannot be written is told before the first sample
        except BaseException:
            os.close(self._claim)
            raise
        self._open = True

    def write(self, start: int, mv: Signal) -> None:
        """`mv` (n x leads, mV; NaN where missing) at index `start` of this run's timeline.

        A start beyond the last end is a gap. Errors: ValueError for one before it.
        """
        scaled = np.asarray(mv, np.float64) * self._counts_per_mv
        missing = np.isnan(scaled)
        self._write(start, np.rint(np.where(missing, 0.0, scaled)), missing)

    def write_counts(self, start: int, counts: npt.NDArray[np.integer], missing: Flags | None = None) -> None:
        """As `write`, for counts (n x leads) as the device sent them, and `missing` (n x leads) where it did not."""
        absent = np.zeros(np.shape(counts), np.bool_) if missing is None else missing
        self._write(start, np.asarray(counts, np.float64), absent)

    def began(self, utc: datetime) -> None:
        """Sample 0 of this run was taken at `utc`, as is known by now; the header says so where it is the record's."""
        self.sidecar.set_run_start(utc)
        if self._began_here and utc != self._start_utc:
            self._start_utc = _as_utc(utc)
            self._unflushed = max(self._unflushed, 1)  # the header is to be written again

    def flush(self) -> None:
        """What was written up to now can be read when this returns, even if the process is killed after it."""
        if not self._open:
            return
        if self._unflushed:
            self._publish()
        self.sidecar.save()

    def _publish(self) -> None:
        if self._segment is not None:
            self._segment.save_header()
        self._save_master()
        if self.clipped:
            self.sidecar.update({"clipped": self.clipped})
        self._unflushed = 0

    def close(self) -> None:
        """Flushes through to the disk. Errors: OutputError; the files are closed all the same."""
        if not self._open:
            return
        try:
            if self._segment is not None:
                self._segment.sync()
            self._end_segment()
            if self._wrote:
                self._absence_to_null()
            self._publish()
            self.sidecar.save()
        finally:
            self._open = False
            if self._segment is not None:
                self._segment.abandon()
            os.close(self._claim)

    def __enter__(self) -> WfdbWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def _position(self) -> int:
        """How many samples the record has, absent ones included."""
        return self._complete + (self._segment.frames if self._segment else 0) + self._absent

    def _write(self, start: int, counts: npt.NDArray[np.float64], missing: Flags) -> None:
        if not self._open:
            raise ValueError("the recording is closed")
        if counts.ndim != 2 or counts.shape[1] != len(self._shape.leads):
            raise ValueError(f"samples of the shape {counts.shape} for {len(self._shape.leads)} leads")
        jump = start + self.offset_samples - self._position
        if jump < 0:
            raise ValueError(f"samples at {start} overlap what is written: the next is {start - jump}")
        limit = 2 ** (self._shape.format - 1) - 1
        self.clipped += int(((np.abs(counts) > limit) & ~missing).sum())
        coded = np.clip(counts, -limit, limit).astype(np.int64)
        coded[missing] = INVALID[self._shape.format]
        self._absent += jump
        for first, last, present in _stretches(np.asarray(missing.all(axis=1)), self._null_from):
            if present:
                self._append(coded[first:last])
            else:
                self._absent += last - first
        self._unflushed += jump + len(coded)
        if self._unflushed >= FLUSH_EVERY_S * self._shape.rate:
            self.flush()

    def _append(self, counts: Counts) -> None:
        if self._segment is not None and 0 < self._absent < self._null_from:
            fill = np.full((self._absent, counts.shape[1]), INVALID[self._shape.format], np.int64)
            self._segment.append(np.concatenate([fill, counts]))
            self._absent = 0
            return
        if self._absent or (self._segment is not None and self._segment.bytes > MAX_SEGMENT_BYTES):
            self._end_segment()
            self._absence_to_null()
        if self._segment is None:
            self._segment = SegmentFile(self.directory, self._shape, f"{self._shape.name}_{self._number:04d}")
            self._number += 1
        self._segment.append(counts)
        self._wrote = True

    def _end_segment(self) -> None:
        if self._segment is None:
            return
        self._segment.save_header()
        self._segment.close()
        if self._segment.frames:
            self._segments.append((self._segment.name, self._segment.frames))
            self._complete += self._segment.frames
        self._segment = None

    def _absence_to_null(self) -> None:
        if self._absent:
            self.sidecar.add_gap(self._complete, self._absent)
            self._segments.append((NULL, self._absent))
            self._complete += self._absent
            self._absent = 0

    def _save_master(self) -> None:
        listed = list(self._segments)
        if self._segment is not None and self._segment.counted:
            listed.append((self._segment.name, self._segment.counted))
            if self._absent >= self._null_from:
                listed.append((NULL, self._absent))
        if self._wrote and any(name != NULL for name, _ in listed):
            replace_file(self._master, master_header(self._shape, listed, self._start_utc))


def _shape(name: str, rate: float, leads: Sequence[str], uv_per_count: float | Sequence[float], fmt: int) -> Shape:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise OutputError(f"no WFDB record can be called {name!r}: use letters, digits, - and _", Reason.UNWRITABLE)
    names = tuple(lead.strip() for lead in leads)
    if not names or len(set(names)) < len(names) or not all(names) or any(c in "".join(names) for c in "\r\n\t"):
        raise ValueError(f"leads {names}: each needs a name of its own, on one line")
    uv = (
        [float(uv_per_count)] * len(names)
        if isinstance(uv_per_count, int | float)
        else [float(x) for x in uv_per_count]
    )
    if len(uv) != len(names) or not all(math.isfinite(x) and x > 0 for x in (*uv, rate)):
        raise ValueError(f"rate {rate} Hz, {uv} uV a count for {len(names)} leads: one positive number each")
    if fmt not in (16, 24, 32):
        raise ValueError(f"format {fmt}: 16, 24 or 32")
    return Shape(name, float(rate), names, fmt, tuple(1000 / x for x in uv))


def _facts(shape: Shape) -> dict[str, object]:
    uv = [1000 / gain for gain in shape.counts_per_mv]
    return {"format": 1, "name": shape.name, "rate": shape.rate, "leads": list(shape.leads), "uv_per_count": uv}


def _as_utc(moment: datetime | None) -> datetime | None:
    """A moment without a zone is taken as UTC, as the program's own moments are."""
    return moment if moment is None else moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def _stretches(absent: Flags, null_from: int) -> Iterator[tuple[int, int, bool]]:
    """(first, last + 1, present) in order; an absence inside that is too short to be a null segment counts as present.

    One at an edge is told however short: it may go on in the neighbouring block.
    """
    edges = np.flatnonzero(np.diff(absent.astype(np.int8), prepend=0, append=0))
    firsts, lasts = edges[::2], edges[1::2]
    told = (lasts - firsts >= null_from) | (firsts == 0) | (lasts == len(absent))
    at = 0
    for first, last in zip(firsts[told].tolist(), lasts[told].tolist(), strict=True):
        if first > at:
            yield at, first, True
        yield first, last, False
        at = last
    if at < len(absent):
        yield at, len(absent), True
