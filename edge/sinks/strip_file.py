"""One alert's strip while it grows: a small WFDB record, with its beats and what was told as annotations."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.blocks import Origin
from edge.bundle import RATE
from edge.leads import LEADS
from edge.recordings.annotations import AnnotationWriter
from edge.recordings.storage import open_to_write, replace_file, write_at
from edge.recordings.wfdb_compose import Shape, segment_header
from edge.recordings.wfdb_formats import INVALID
from edge.recordings.wfdb_header import START_COMMENT
from edge.sinks.syncing import Syncing

COUNTS_PER_MV = 1000.0  # 1 uV a count: +-32.767 mV, ten times what a heart gives
FORMAT = 16
ORDER = (Origin.MEASURED, Origin.DERIVED, Origin.RECONSTRUCTED)  # a lead is the last it ever was, where it was there
GAPS = "with gaps"  # in the header's comments: leads that were missing for a while

Counts = npt.NDArray[np.int16]


def as_counts(mv: npt.NDArray[np.float32]) -> Counts:
    """mV to counts; what is missing to the format's value for that."""
    limit = 2 ** (FORMAT - 1) - 1
    missing = np.isnan(mv)
    counts = np.clip(np.rint(np.where(missing, 0.0, mv.astype(np.float64) * COUNTS_PER_MV)), -limit, limit)
    return np.where(missing, INVALID[FORMAT], counts).astype(np.int16)


class StripFile:
    """FOLDER/NAME.hea, .dat, beats as .qrs, and as .alm the alert's onset and what was told of it.

    What `save` has counted opens, whatever happens next. Errors: OutputError from every method.
    """

    def __init__(self, folder: Path, name: str, about: Mapping[str, str], start_utc: datetime) -> None:
        """`about`: facts for the header's comments. `start_utc`: of the strip's first sample."""
        self._shape = Shape(name, RATE, LEADS, FORMAT, (COUNTS_PER_MV,) * len(LEADS))
        self._path, self._folder = folder / f"{name}.dat", folder
        self._about, self._start_utc = about, start_utc
        self._frames = 0
        self.unsaved = 0  # frames that no header counts yet
        self._initial, self._checksums = np.zeros(len(LEADS), np.int64), np.zeros(len(LEADS), np.int64)
        self._origin = [Origin.UNAVAILABLE] * len(LEADS)
        self._gaps = [False] * len(LEADS)
        self._marks: dict[str, AnnotationWriter] = {}
        for kind in ("qrs", "alm"):
            with contextlib.suppress(FileNotFoundError):
                (folder / f"{name}.{kind}").unlink()  # one of a clock that went back, to the millisecond
        self._file = open_to_write(self._path)
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, 0)

    def append(self, counts: Counts, origin: tuple[Origin, ...]) -> None:
        """`counts`: n x 12, all of one origin a lead."""
        write_at(self._file, self._path, counts.astype("<i2").tobytes(), self._frames * self._shape.frame_bytes)
        if not self._frames:
            self._initial = counts[0].astype(np.int64)
        self._checksums = (self._checksums + counts.sum(axis=0, dtype=np.int64)) % 65536
        self._frames += len(counts)
        self.unsaved += len(counts)
        for k, now in enumerate(origin):
            before = self._origin[k]
            if now is Origin.UNAVAILABLE:
                self._gaps[k] = True
            elif before is Origin.UNAVAILABLE or ORDER.index(now) > ORDER.index(before):
                self._origin[k] = now

    def mark(self, kind: str, sample: int, symbol: str, aux: str = "") -> None:
        """An annotation of `kind` (qrs or alm) at the strip's `sample`; in its file after the next `save`."""
        if kind not in self._marks:
            self._marks[kind] = AnnotationWriter(self._folder / f"{self._shape.name}.{kind}")
        self._marks[kind].add(sample, symbol, aux)

    def save(self) -> None:
        for marks in self._marks.values():
            marks.flush()
        if not self._frames:
            return
        first, _, rest = segment_header(
            self._shape, self._shape.name, self._frames, self._initial, self._checksums
        ).partition("\n")
        utc = self._start_utc
        first += f" {utc:%H:%M:%S}.{utc.microsecond // 1000:03d} {utc:%d/%m/%Y}"
        facts = {**self._about, **self._leads()}
        comments = [f"# {START_COMMENT}{utc.isoformat(timespec='microseconds')}"]
        comments += [f"# {key}: {value}" for key, value in facts.items()]
        replace_file(self._path.with_suffix(".hea"), "\n".join([first, rest.rstrip("\n"), *comments, ""]))
        self.unsaved = 0

    def close(self, syncing: Syncing) -> None:
        """Saved, and on its way to the disk. The files are closed, whatever fails."""
        with contextlib.ExitStack() as closing:
            closing.callback(self._release)
            for marks in self._marks.values():
                closing.callback(marks.close)
            closing.callback(syncing.sync, self._file, self._path)
            closing.callback(self.save)  # the last registered is the first called

    def _release(self) -> None:
        os.close(self._file)
        if not self._frames:
            with contextlib.suppress(OSError):
                self._path.unlink()

    def _leads(self) -> dict[str, Any]:
        """Which leads were measured wherever they were there, which derived or reconstructed at any time, which never
        there; and those that were missing for a while."""
        each = list(zip(LEADS, self._origin, self._gaps, strict=True))
        of = {str(origin): [lead for lead, o, _ in each if o is origin] for origin in (*ORDER, Origin.UNAVAILABLE)}
        of[GAPS] = [lead for lead, o, gaps in each if gaps and o is not Origin.UNAVAILABLE]
        return {key: " ".join(leads) for key, leads in of.items() if leads}
