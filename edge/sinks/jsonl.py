"""Events as JSON lines, on a file or on standard output; and the summary as a file of its own."""

from __future__ import annotations

import errno
import json
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from edge.blocks import Block, TwelveLeads
from edge.errors import OutputError, Reason
from edge.events import Event
from edge.sinks.base import RunInfo

FLUSH_S = 0.5  # an event is on disk within a second
STDOUT = "-"


class Jsonl:
    """Sink: one JSON object a line, appended."""

    def __init__(self, target: str) -> None:
        self._name = "standard output" if target == STDOUT else target
        self._flushed = time.monotonic()
        try:
            self._file: TextIO = sys.stdout if target == STDOUT else open(target, "a", encoding="utf-8")  # noqa: SIM115
        except OSError as error:
            raise failure(self._name, error) from error

    def start(self, info: RunInfo) -> None:
        pass

    def raw(self, block: Block) -> None:
        pass

    def twelve(self, block: TwelveLeads) -> None:
        if time.monotonic() - self._flushed > FLUSH_S:
            self._flush()

    def event(self, event: Event) -> None:
        self._write(json.dumps(event, separators=(",", ":"), ensure_ascii=False, allow_nan=False) + "\n")

    def close(self, summary: dict[str, Any]) -> None:
        self._flush()
        if self._file is not sys.stdout:
            self._file.close()

    def _write(self, line: str) -> None:
        try:
            self._file.write(line)
        except OSError as error:
            raise failure(self._name, error) from error
        if time.monotonic() - self._flushed > FLUSH_S:
            self._flush()

    def _flush(self) -> None:
        self._flushed = time.monotonic()
        try:
            self._file.flush()
        except OSError as error:
            raise failure(self._name, error) from error


class SummaryFile:
    """Sink: the summary, written whole or not at all."""

    def __init__(self, target: Path) -> None:
        self._target = target
        if not target.parent.is_dir():
            raise OutputError(f"no such folder for --summary: {target.parent}", Reason.UNWRITABLE)

    def start(self, info: RunInfo) -> None:
        pass

    def raw(self, block: Block) -> None:
        pass

    def twelve(self, block: TwelveLeads) -> None:
        pass

    def event(self, event: Event) -> None:
        pass

    def close(self, summary: dict[str, Any]) -> None:
        draft = self._target.with_name(self._target.name + ".part")
        try:
            draft.write_text(json.dumps(summary, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
            draft.replace(self._target)
        except OSError as error:
            raise failure(str(self._target), error) from error


def failure(name: str, error: OSError) -> OutputError:
    """`error` on writing `name`, in words."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return OutputError(f"no space left for {name}: free some, or write elsewhere", Reason.FULL)
    if error.errno == errno.EPIPE:
        return OutputError(f"the reader of {name} went away", Reason.UNWRITABLE)
    return OutputError(f"{name} cannot be written ({error.strerror}): choose another place", Reason.UNWRITABLE)
