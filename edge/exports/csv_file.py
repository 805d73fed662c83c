"""CSV: a row a sample, in mV; `edge.recordings.csv_file` reads it back.

What a lead is stands in the comment above its column. A sample that is missing is an empty cell.
"""

from __future__ import annotations

import csv
from operator import itemgetter
from pathlib import Path

from edge.exports.run_record import MISSING, Excerpt
from edge.exports.words import ESTIMATES, NO_DEVICE, PROGRAM

TIME_DIGITS = 6  # of a second: exact for every rate that divides a million, and 1 us else


def write_csv(excerpt: Excerpt, path: Path) -> None:
    """Errors: OSError."""
    cells = [f"{count / 1000:.3f}" for count in range(-(1 << 15), 1 << 15)]  # as text, each once
    cells[MISSING + (1 << 15)] = ""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(_head(excerpt))
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["time", *(f"{lead.name} (mV)" for lead in excerpt.leads)])
        for start, counts in excerpt.pieces():
            first = start - excerpt.first
            times = [f"{(first + n) / excerpt.rate:.{TIME_DIGITS}f}" for n in range(len(counts))]
            indices = counts.T.astype(int) + (1 << 15)
            columns = [itemgetter(*column.tolist(), 0)(cells)[:-1] for column in indices]  # the 0: never one alone
            rows.writerows(zip(times, *columns, strict=True))


def _head(excerpt: Excerpt) -> str:
    origins = ",".join(str(lead.origin) for lead in excerpt.leads)
    sds = ",".join("" if lead.mean_sd_uv is None else f"{lead.mean_sd_uv:g}" for lead in excerpt.leads)
    lines = [
        f"rate: {excerpt.rate:g}",
        f"start: {excerpt.start_utc.isoformat(timespec='microseconds')}",
        f"record: {excerpt.record.name}, from its sample {excerpt.first} on, by {PROGRAM}",
        NO_DEVICE,
        ESTIMATES,
        f"origin,{origins}",
        f"mean sd uV,{sds}",
    ]
    return "".join(f"# {line}\n" for line in lines)
