"""How long a recording of a day takes to open and to look at, with and without tiles; and what tiles cost.

A night of synthetic rhythms is written by the recorder itself (1 GB for 24 h), then listed, opened and looked at as the
page does it, without the network between. "From the disk": the system was told to forget the recording's pages before.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import result
from benchmarks.review_night import record_night
from edge.errors import UsageError
from edge.exports.run_record import RunRecord
from edge.review import marks, trend
from edge.review.beats import read_beats
from edge.review.recordings import list_recordings, open_named
from edge.review.tiles import extend, find_tiles, forget, tiles_folder
from edge.review.window import window

PX = 1280
SHOWN_S = {"10 s": 10.0, "1 min": 60.0, "10 min": 600.0, "1 h": 3600.0, "6 h": 21_600.0, "24 h": 86_400.0}
RAW_PX = 4096  # what the page asks for where it draws samples


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--hours", type=float, default=24.0, help="of the recording (%(default)s; 43 MB an hour)")
    parser.add_argument("--repeats", type=int, default=5, help="of each figure, the median counts (%(default)s)")
    parser.add_argument("--folder", type=Path, help="where the recording is made (default: a temporary folder)")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "review.json", help="result file (%(default)s)")


def run(args: argparse.Namespace) -> int:
    if args.hours < 0.1 or args.repeats < 1:
        raise UsageError("--hours must be 0.1 or more, --repeats 1 or more")
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        path = record_night(Path(folder), args.hours)
        figures = measure(path, args.repeats)
    print(json.dumps(figures, indent=1))
    result.write(args.out, figures, ("numpy",))
    return 0


def measure(path: Path, repeats: int) -> dict[str, Any]:
    record = open_named(path.parent, path.name)
    without = {"ms": _opening(path, repeats), "from_disk_ms": _opening(path, repeats, cold=True)}
    before_s = time.perf_counter()
    for _ in extend(record):
        pass
    made_s = time.perf_counter() - before_s
    figures: dict[str, Any] = {
        "hours": round(record.samples / record.rate / 3600, 3),
        "recording_mb": round(_bytes(path.parent, f"{path.name}_*.dat") / 1e6, 1),
        "list_ms": _ms(lambda: list_recordings(path.parent), repeats),
        "open_without_tiles": without,
        "open": {"ms": _opening(path, repeats), "from_disk_ms": _opening(path, repeats, cold=True)},
        "tiles": {
            "made_s": round(made_s, 2),
            "made_s_per_hour_of_signal": round(made_s / (record.samples / record.rate / 3600), 4),
            "mb": round(_bytes(tiles_folder(record), "*.bin") / 1e6, 1),
        },
        "windows": _windows(record, repeats),
    }
    forget(record)
    return figures


def opening(path: Path) -> None:
    """What the page asks for when a recording is opened."""
    record = open_named(path.parent, path.name)
    marks.alerts(record)
    marks.rhythms(record, 0, record.samples)
    by = trend.steps(record, 0, record.samples, 1440)
    trend.rate_trend(read_beats(record), record.rate, by)
    trend.st_trend(trend.read_st(record), by)
    tiles = find_tiles(record)
    window(record, tiles, 0, record.samples, PX, ("II",)).encoded()
    for first in range(0, 3 * RAW_PX, RAW_PX):
        window(record, tiles, record.samples // 2 + first, record.samples // 2 + first + RAW_PX, RAW_PX).encoded()


def _opening(path: Path, repeats: int, cold: bool = False) -> float:
    return _ms(lambda: opening(path), repeats, before=(lambda: _forget_pages(path.parent)) if cold else None)


def _forget_pages(folder: Path) -> None:
    """Of every file of the recording: what is asked of it next comes from the disk."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())  # only what is written can be forgotten
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _windows(record: RunRecord, repeats: int) -> dict[str, Any]:
    out = {}
    for name, seconds in SHOWN_S.items():
        samples = round(seconds * record.rate)
        if samples > record.samples:
            continue
        first = (record.samples - samples) // 2
        px = RAW_PX if seconds <= 10 else PX
        seen = window(record, find_tiles(record), first, first + samples, px)

        def look(first: int = first, last: int = first + samples, px: int = px) -> None:
            window(record, find_tiles(record), first, last, px).encoded()

        out[name] = {"ms": _ms(look, repeats), "kb": round(len(seen.encoded()) / 1e3, 1), "samples_a_bin": seen.step}
    return out


def _ms(what: Callable[[], object], repeats: int, before: Callable[[], object] | None = None) -> float:
    taken = []
    for _ in range(repeats):
        if before is not None:
            before()
        began = time.perf_counter()
        what()
        taken.append(1000 * (time.perf_counter() - began))
    return round(median(taken), 2)


def _bytes(folder: Path, pattern: str) -> int:
    return sum(path.stat().st_size for path in folder.glob(pattern))
