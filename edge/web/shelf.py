"""The recordings that are being looked at, kept open: each file is read again where it has changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from edge.exports.run_record import RunRecord
from edge.review import marks
from edge.review.beats import Beats, read_beats
from edge.review.recordings import check_name, open_named
from edge.review.trend import ST, StReadings, read_st

MAX_KEPT = 16  # files' contents: of four recordings. A day's beats take 2 MB, its ST as much

T = TypeVar("T")
Stamp = tuple[tuple[int, int], ...]  # of each file, when it was written (ns) and its bytes


class Shelf:
    """Of one folder; asked from several threads. Errors of every method: InputError, NOT_FOUND for another's name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._kept: dict[tuple[str, str], tuple[Stamp, Any]] = {}  # the latest used last
        self._mine = threading.Lock()  # of the dictionary; what is read twice at the same time is read twice

    def record(self, name: str) -> RunRecord:
        check_name(self.folder, name)
        return self._of(name, "record", (".hea", ".json"), lambda: open_named(self.folder, name))

    def beats(self, record: RunRecord) -> Beats:
        return self._of(record.name, "beats", (".qrs",), lambda: read_beats(record))

    def st(self, record: RunRecord) -> StReadings:
        return self._of(record.name, "st", (ST,), lambda: read_st(record))

    def alerts(self, record: RunRecord) -> tuple[list[marks.Alert], int]:
        endings = (".alm", ".json", "_alerts/log.jsonl")
        return self._of(record.name, "alerts", endings, lambda: marks.alerts(record))

    def _of(self, name: str, what: str, endings: Sequence[str], make: Callable[[], T]) -> T:
        stamp = tuple(_stamp(Path(f"{self.folder / name}{ending}")) for ending in endings)
        with self._mine:
            kept = self._kept.get((name, what))
        found: T = kept[1] if kept and kept[0] == stamp else make()
        with self._mine:
            self._kept.pop((name, what), None)
            self._kept[name, what] = stamp, found
            while len(self._kept) > MAX_KEPT:
                self._kept.pop(next(iter(self._kept)))
        return found


def _stamp(path: Path) -> tuple[int, int]:
    try:
        told = path.stat()
    except OSError:
        return 0, -1
    return told.st_mtime_ns, told.st_size
