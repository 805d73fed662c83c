"""Reads tables of numbers as text.

The file::

    # rate: 500              Hz; needed where there is no time column, and wins where there is one
    # unit: uV               mV where nothing is said
    # start: 2026-03-01T12:00:00Z
    time,II,V1 (uV),V5
    0.000,0.12,,0.08

The first line that is no comment names the columns, separated by comma, semicolon or tab; with a semicolon or a tab a
decimal comma is read too. A column called `time`, `t`, `seconds` or `ms` is the time, in seconds, or in milliseconds
where its name ends in `ms` (`time_ms`, `time [ms]`); a step longer than its fellows is a gap. A name may end in a unit
of its own, in brackets (V, mV, uV, nV). A cell that is empty, or `nan`, is missing. Columns called `index` or `sample`
are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge.errors import InputError
from edge.leads import canonical
from edge.recordings.channels import Channel, assemble, mv_per_unit
from edge.recordings.recording import Recording, check_size, unreadable

_TIME = {"time", "t", "timestamp", "seconds", "sec", "s", "milliseconds", "millis", "ms"}
_PASSED_OVER = {"", "index", "sample", "samples", "n", "#"}
_REMARK = re.compile(r"#\s*(rate|unit|units|start)\s*[:=]\s*(.+?)\s*$", re.IGNORECASE)
_UNIT = re.compile(r"^(?P<name>.*?)\s*[\[(](?P<unit>[^\[\]()]*)[\])]$")
_ABSENT = {"", "nan", "na", "null", "none", "-"}
_GAP_STEPS = 1.5  # a step this many times the usual one, or longer, is a gap

Table = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Layout:
    names: list[str]
    separator: str
    first_row: int  # line number of the first row of numbers, from 1
    remarks: dict[str, str]


def read_csv(path: Path, wanted: Sequence[str] | None = None) -> Recording:
    """The recording in a table of text."""
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise unreadable(path, error) from None
    except UnicodeDecodeError:
        raise InputError(f"{path} is none of WFDB, EDF, DICOM or CSV: convert it to one of them") from None
    layout = _layout(path, text)
    table = _table(path, text, layout)
    if not len(table):
        raise InputError(f"{path} has names of columns and no numbers below them: export it again")
    clock = next((k for k, name in enumerate(layout.names) if _seconds_per_unit(name)), None)
    rate, rows = _clock(path, layout, table, clock)
    note = {"format": "CSV"}
    if (gaps := int(rows[-1]) + 1 - len(rows)) > 0:
        note["gaps"] = f"{gaps} samples missing by the time column"
    channels = [
        _channel(path, name, table[:, k], rate, rows, layout)
        for k, name in enumerate(layout.names)
        if k != clock and name.strip().lower() not in _PASSED_OVER
    ]
    return assemble(path, channels, wanted, start_utc=_start(path, layout), note=note)


def _layout(path: Path, text: str) -> _Layout:
    remarks: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _REMARK.match(line):
            remarks[match[1].lower().removesuffix("s")] = match[2]
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        separator = max(",;\t", key=line.count)
        names = [cell.strip().strip('"') for cell in line.split(separator)]
        if any(_is_number(name) for name in names) or not any(c.isalpha() for c in line):
            raise InputError(f"{path}, line {number}: numbers where the names of the columns should be: name them")
        return _Layout(names, separator, number + 1, remarks)
    raise InputError(f"{path} has no line that names its columns: see what a CSV file has to look like")


def _table(path: Path, text: str, layout: _Layout) -> Table:
    """Rows x columns, NaN for what is missing."""
    lines = text.splitlines()[layout.first_row - 1 :]
    check_size(path, len(lines), len(layout.names))
    try:
        body = StringIO("\n".join(lines))
        table = np.loadtxt(body, delimiter=layout.separator, comments="#", ndmin=2) if any(lines) else np.zeros((0, 0))
    except ValueError:  # empty cells, decimal commas, or trouble: slower, and says where
        table = _by_line(path, lines, layout)
    if len(table) and table.shape[1] != len(layout.names):
        raise InputError(f"{path} names {len(layout.names)} columns and has {table.shape[1]}: name each of them")
    return table


def _by_line(path: Path, lines: list[str], layout: _Layout) -> Table:
    rows: list[list[float]] = []
    for number, line in enumerate(lines, start=layout.first_row):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        cells = [cell.strip().strip('"') for cell in line.split("#")[0].split(layout.separator)]
        if len(cells) != len(layout.names):
            raise InputError(f"{path}, line {number}: {len(cells)} cells for {len(layout.names)} names: mend the line")
        try:
            rows.append([_value(cell) for cell in cells])
        except ValueError as error:
            raise InputError(f"{path}, line {number}: {error}: mend the line") from None
    return np.array(rows, np.float64)


def _value(cell: str) -> float:
    if cell.lower() in _ABSENT:
        return float("nan")
    if not _is_number(cell):
        raise ValueError(f"{cell[:20]!r} is no number")
    return float(cell.replace(",", "."))


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return cell.strip().lower() != "nan"


def _parts(name: str) -> tuple[str, str]:
    match = _UNIT.match(name.strip())
    return (match["name"], match["unit"].strip()) if match else (name.strip(), "")


def _seconds_per_unit(name: str) -> float | None:
    """Seconds in one unit of the column `name`, or None if it is no time."""
    plain, unit = _parts(name.lower())
    stem, _, suffix = plain.rpartition("_")
    if stem in _TIME and suffix in ("s", "ms"):
        plain, unit = stem, suffix
    if plain not in _TIME:
        return None
    return 1e-3 if unit == "ms" or plain in ("ms", "millis", "milliseconds") else 1.0


def _clock(path: Path, layout: _Layout, table: Table, clock: int | None) -> tuple[float, npt.NDArray[np.int64]]:
    """The rate in Hz, and at which sample each row stands."""
    stated = _stated_rate(path, layout)
    if clock is None:
        if stated is None:
            raise InputError(f"{path} has neither a time column nor a line `# rate: 500`: add one of them")
        return stated, np.arange(len(table))
    seconds = table[:, clock] * (_seconds_per_unit(layout.names[clock]) or 1.0)
    steps = np.diff(seconds)
    wrong = np.flatnonzero(~(steps > 0))
    if len(wrong):
        row = layout.first_row + 1 + int(wrong[0])
        raise InputError(f"{path}, near line {row}: the time stands still or goes backwards: sort or mend the rows")
    if not len(steps):
        return stated or 1.0, np.arange(len(table))
    usual = float(np.median(steps))
    resolution = _resolution(seconds)
    ordinary = steps[steps < _GAP_STEPS * usual + resolution]
    rate = stated or _rounded(1 / float(ordinary.mean()), resolution / float(ordinary.sum()))
    lost = np.where(steps < _GAP_STEPS * usual + resolution, 1, np.maximum(1, np.rint(steps * rate)))
    rows = np.concatenate([[0], np.cumsum(lost)]).astype(np.int64)
    check_size(path, int(rows[-1]), table.shape[1])
    return rate, rows


def _resolution(seconds: Table) -> float:
    """To what part of a second the times were written down."""
    for digits in range(10):
        scaled = seconds * 10.0**digits
        if np.abs(scaled - np.rint(scaled)).max() < 1e-6 * max(1.0, 10.0 ** (digits - 6)):
            return float(10.0**-digits)
    return 0.0


def _rounded(rate: float, relative_error: float) -> float:
    """A whole number of Hz where the times as written cannot tell it from one."""
    whole = round(rate)
    return float(whole) if whole and abs(rate - whole) <= rate * max(relative_error, 1e-6) else rate


def _stated_rate(path: Path, layout: _Layout) -> float | None:
    text = layout.remarks.get("rate")
    if text is None:
        return None
    number = text.lower().removesuffix("hz").strip()
    if not _is_number(number) or not 0 < float(number.replace(",", ".")) < 1e6:
        raise InputError(f"{path}: `# rate: {text}` is no rate in Hz: write e.g. `# rate: 500`")
    return float(number.replace(",", "."))


def _start(path: Path, layout: _Layout) -> datetime | None:
    text = layout.remarks.get("start")
    if text is None:
        return None
    try:
        start = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"{path}: `# start: {text}` is no time: write e.g. 2026-03-01T12:00:00Z") from None
    return start.replace(tzinfo=start.tzinfo or UTC).astimezone(UTC)


def _channel(
    path: Path, name: str, values: Table, rate: float, rows: npt.NDArray[np.int64], layout: _Layout
) -> Channel:
    plain, unit = _parts(name)
    common = layout.remarks.get("unit", "mV")
    if mv_per_unit(common) is None:
        raise InputError(f"{path}: `# unit: {common}` is no voltage: write V, mV, uV or nV")
    own = mv_per_unit(unit)
    if unit and own is None and canonical(plain) is None:  # "II (Einthoven)" is a remark, "SpO2 (%)" a unit
        return Channel(plain, rate, unit, None)
    mv = np.full(int(rows[-1]) + 1, np.nan, np.float32)
    mv[rows] = values * (own or mv_per_unit(common) or 1.0)
    return Channel(plain, rate, unit if own else common, mv)
