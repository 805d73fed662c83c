"""The alerts' log: every change of every alert of every run, one JSON object a line."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from edge.blocks import Block, TwelveLeads
from edge.errors import OutputError, Reason
from edge.events import Event
from edge.recordings.storage import claimed, make_folder, output_error
from edge.sinks.base import RunInfo
from edge.sinks.recorder import record_name
from edge.sinks.syncing import Syncing

NAME = "log.jsonl"
ALERTS = ("alert", "technical")
TAIL_BYTES = 65_536  # in which the last line's beginning is looked for: a line has a few hundred


class AlertLog:
    """Sink: DIRECTORY/NAME_alerts/log.jsonl, only ever appended to, and continued by the next run.

    A run's lines stand between its `start` and its `end`; where the `end` is missing, it was killed. Each line is with
    the system at once, so it outlives the process, and then with the disk. A line that was cut off, which only a power
    failure can do, is taken away by the next run.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._syncing: Syncing | None = None
        self._path = Path()
        self._file = -1
        self._last_sample = 0

    def start(self, info: RunInfo) -> None:
        folder = self._directory / alerts_folder(info.device.name)
        make_folder(folder)
        self._path = folder / NAME
        self._file = _opened(self._path)
        self._syncing = Syncing()
        run = {"type": "start", "t": 0.0, "sample": 0, "utc": info.start_utc.isoformat(timespec="milliseconds")}
        self._append(run | {"device": info.device.name, "bundle": info.bundle, "version": info.version})

    def raw(self, block: Block) -> None:
        pass

    def twelve(self, block: TwelveLeads) -> None:
        pass

    def event(self, event: Event) -> None:
        if event["type"] in ALERTS:
            self._append(event)
        elif event["type"] == "summary":
            self._append({"type": "end", **{key: event[key] for key in ("t", "sample", "utc", "alerts")}})

    def close(self, summary: dict[str, Any]) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        if self._syncing is not None:
            self._syncing.close()

    def _append(self, line: Event) -> None:
        assert self._syncing is not None
        text = json.dumps(line, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        before = os.fstat(self._file).st_size
        data = memoryview(f"{text}\n".encode())
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError as error:
            with contextlib.suppress(OSError):  # half a line would be none
                os.ftruncate(self._file, before)
            raise output_error(self._path, error) from None
        self._syncing.sync(self._file, self._path)


def alerts_folder(device: str) -> str:
    """Where a device's alerts are kept, beside its recording."""
    return f"{record_name(device)}_alerts"


def _opened(path: Path) -> int:
    """A descriptor that appends to `path` on a line of its own, locked until it is closed."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise output_error(path, error) from None
    with claimed(descriptor, path, f"another program is writing to {path}: end it, or name another folder"):
        _mend(descriptor, path)
    return descriptor


def _mend(descriptor: int, path: Path) -> None:
    """Takes away a last line that is not whole. Raises OutputError where the file is no log."""
    size = os.fstat(descriptor).st_size
    if not size:
        return
    if os.pread(descriptor, 1, 0) != b"{":
        raise OutputError(f"{path} is no log of alerts and is left as it is: name another folder", Reason.UNWRITABLE)
    first = max(0, size - TAIL_BYTES)
    tail = os.pread(descriptor, size - first, first)
    if tail.endswith(b"\n"):
        return
    last = tail[tail.rfind(b"\n") + 1 :]
    try:
        json.loads(last)
        os.write(descriptor, b"\n")  # only its end was missing
    except ValueError:
        os.ftruncate(descriptor, size - len(last))
