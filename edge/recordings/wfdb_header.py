"""WFDB headers as text: the record line, signal lines and segment lines of header(5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath

DEFAULT_RATE_HZ = 250.0  # header(5)
DEFAULT_GAIN = 200.0  # counts per unit, header(5); also what a gain of 0 ("uncalibrated") stands for
NULL = "~"  # a segment or a signal of which nothing was recorded
START_COMMENT = "start_utc: "  # ours: the base time of a header has no time zone

_RECORD_NAME = re.compile(r"(?P<name>[^\s/]+)(?:/(?P<segments>\d+))?")
_FREQUENCY = re.compile(r"(?P<rate>\d*\.?\d+(?:[eE][+-]?\d+)?\.?)(?:/.*)?")
_FORMAT = re.compile(r"(?P<format>\d+)(?:x(?P<per_frame>\d+))?(?::(?P<skew>\d+))?(?:\+(?P<offset>\d+))?")
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_GAIN = re.compile(rf"(?P<gain>{_NUMBER})(?:\((?P<baseline>-?\d+)\))?(?:/(?P<unit>\S+))?")


class HeaderError(ValueError):
    """A line that is no line of a WFDB header; the message names it."""


@dataclass(frozen=True, slots=True)
class SignalLine:
    file: str
    format: int
    per_frame: int  # samples a frame
    skew_frames: int
    offset_bytes: int
    gain: float  # counts per unit
    calibrated: bool
    baseline: int  # count at zero
    unit: str
    initial: int
    checksum: int | None
    name: str


@dataclass(frozen=True, slots=True)
class Header:
    name: str
    rate: float  # frames a second
    frames: int | None  # None where the header does not say
    start_utc: datetime | None
    signals: tuple[SignalLine, ...]
    segments: tuple[tuple[str, int], ...]  # name and frames; empty for an ordinary record
    channels: int
    comments: tuple[str, ...]

    @property
    def layout(self) -> str | None:
        """The segment that only lists the signals, in a record of variable layout."""
        return self.segments[0][0] if self.segments and self.segments[0][1] == 0 else None


def parse_header(text: str) -> Header:
    """A header's content. Errors: HeaderError."""
    lines = [line.strip() for line in text.splitlines()]
    comments = tuple(line.lstrip("# \t") for line in lines if line.startswith("#"))
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines:
        raise HeaderError("the header is empty")
    fields = lines[0].split()
    record = _RECORD_NAME.fullmatch(fields[0])
    if record is None or len(fields) < 2 or not fields[1].isdigit():
        raise HeaderError(f"its first line is no record line: {lines[0][:60]!r}")
    segments = int(record["segments"]) if record["segments"] else 0
    channels = int(fields[1])
    below = segments or channels
    if len(lines) - 1 < below:
        raise HeaderError(f"its first line promises {below} lines, and {len(lines) - 1} follow")
    return Header(
        name=record["name"],
        rate=_rate(fields[2]) if len(fields) > 2 else DEFAULT_RATE_HZ,
        frames=_frames(fields[3]) if len(fields) > 3 else None,
        start_utc=_start(fields[4:6], comments),
        signals=() if segments else tuple(_signal(line) for line in lines[1 : 1 + channels]),
        segments=tuple(_segment(line) for line in lines[1 : 1 + segments]),
        channels=channels,
        comments=comments,
    )


def _rate(field: str) -> float:
    match = _FREQUENCY.fullmatch(field)
    if match is None or float(match["rate"]) <= 0:
        raise HeaderError(f"{field!r} is no sampling frequency")
    return float(match["rate"])


def _frames(field: str) -> int | None:
    if not field.isdigit():
        raise HeaderError(f"{field!r} is no number of samples")
    return int(field) or None  # header(5): 0 is unknown


def _start(fields: list[str], comments: tuple[str, ...]) -> datetime | None:
    """None where the header names no day, or one that is in no calendar (sets of the 2020 and 2021 challenges)."""
    exact = next((c.removeprefix(START_COMMENT) for c in comments if c.startswith(START_COMMENT)), "")
    try:
        if exact:
            return datetime.fromisoformat(exact).astimezone(UTC)
        time, date = fields
        day, month, year = (int(part) for part in date.split("/"))
        hours, minutes, seconds = ["0", "0", *time.split(":")][-3:]
        whole, _, fraction = seconds.partition(".")
        micros = int(f"{fraction:0<6.6}")
        return datetime(year, month, day, int(hours), int(minutes), int(whole or 0), micros, UTC)
    except ValueError:
        return None


def _signal(line: str) -> SignalLine:
    # The name is what follows the eight fields before it, blanks included; any tail of the line may be missing.
    file, *rest = line.split(None, 8)
    form = _FORMAT.fullmatch(rest[0]) if rest else None
    if form is None:
        raise HeaderError(f"this is no signal line: {line[:60]!r}")
    gain = _GAIN.fullmatch(rest[1]) if len(rest) > 1 else None
    if len(rest) > 1 and gain is None:
        raise HeaderError(f"{rest[1]!r} is no gain, in the line {line[:60]!r}")
    zero, initial, checksum = (_integer(rest, at, line) for at in (3, 4, 5))
    factor = float(gain["gain"]) if gain else 0.0
    baseline = int(gain["baseline"]) if gain and gain["baseline"] else zero or 0
    return SignalLine(
        file=_inside(file),
        format=int(form["format"]),
        per_frame=int(form["per_frame"] or 1) or 1,
        skew_frames=int(form["skew"] or 0),
        offset_bytes=int(form["offset"] or 0),
        gain=factor or DEFAULT_GAIN,
        calibrated=factor != 0,
        baseline=baseline,
        unit=(gain["unit"] if gain else None) or "mV",
        initial=(zero or 0) if initial is None else initial,
        checksum=checksum,
        name=rest[7].strip() if len(rest) > 7 else "",
    )


def _integer(fields: list[str], at: int, line: str) -> int | None:
    if len(fields) <= at:
        return None
    try:
        return int(fields[at])
    except ValueError:
        raise HeaderError(f"{fields[at]!r} is no whole number, in the line {line[:60]!r}") from None


def _segment(line: str) -> tuple[str, int]:
    fields = line.split()
    if len(fields) < 2 or not fields[1].isdigit():
        raise HeaderError(f"this is no segment line: {line[:60]!r}")
    return _inside(fields[0]), int(fields[1])


def _inside(name: str) -> str:
    """A header is a stranger's text: it may name files in its own folder only."""
    parts = PurePosixPath(name)
    if parts.is_absolute() or ".." in parts.parts:
        raise HeaderError(f"it names a file outside its folder: {name!r}")
    return name
