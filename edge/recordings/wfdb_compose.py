"""The headers that the recorder writes: a layout, a header a segment, and the master that lists them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from edge.recordings.wfdb_header import NULL, START_COMMENT


@dataclass(frozen=True, slots=True)
class Shape:
    """What is the same for all segments of one run."""

    name: str
    rate: float  # Hz
    leads: tuple[str, ...]
    format: int  # 16, 24 or 32: bits a sample
    counts_per_mv: tuple[float, ...]  # one a lead

    @property
    def layout(self) -> str:
        return f"{self.name}_layout"

    @property
    def frame_bytes(self) -> int:
        return self.format // 8 * len(self.leads)


def layout_header(shape: Shape) -> str:
    """Lists the leads, so that a record may begin or end with a gap."""
    lines = [f"{NULL} 0 {_number(gain)}(0)/mV {shape.format} 0 0 0 0 {lead}" for lead, gain in _gains(shape)]
    return "\n".join([f"{shape.layout} {len(shape.leads)} {_number(shape.rate)} 0", *lines, ""])


def segment_header(
    shape: Shape, name: str, frames: int, initial: npt.NDArray[np.int64], checksums: npt.NDArray[np.int64]
) -> str:
    signed = ((checksums + 32768) % 65536 - 32768).tolist()
    lines = [
        f"{name}.dat {shape.format} {_number(gain)}(0)/mV {shape.format} 0 {first} {checksum} 0 {lead}"
        for (lead, gain), first, checksum in zip(_gains(shape), initial.tolist(), signed, strict=True)
    ]
    return "\n".join([f"{name} {len(shape.leads)} {_number(shape.rate)} {frames}", *lines, ""])


def master_header(shape: Shape, segments: Sequence[tuple[str, int]], start_utc: datetime | None) -> str:
    """`segments` are names and frames, `~` for a gap. The header's base time is UTC, which only its comment can say."""
    frames = sum(length for _, length in segments)
    record = f"{shape.name}/{len(segments) + 1} {len(shape.leads)} {_number(shape.rate)} {frames}"
    lines = [f"{shape.layout} 0", *(f"{name} {length}" for name, length in segments)]
    if start_utc is not None:
        record += f" {start_utc:%H:%M:%S}.{start_utc.microsecond // 1000:03d} {start_utc:%d/%m/%Y}"
        lines.append(f"# {START_COMMENT}{start_utc.isoformat(timespec='microseconds')}")
    return "\n".join([record, *lines, ""])


def _gains(shape: Shape) -> list[tuple[str, float]]:
    return list(zip(shape.leads, shape.counts_per_mv, strict=True))


def _number(value: float) -> str:
    """Exact, and without an exponent where the value allows it: not every reader of headers takes one."""
    return np.format_float_positional(value, trim="-") if 1e-6 < value < 1e15 else repr(value)
