"""Events as JSON lines, on a file or on standard output; and the summary as a file of its own."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import sys
from pathlib import Path
from typing import Any, TextIO

from edge.blocks import Block, TwelveLeads
from edge.errors import OutputError, Reason
from edge.events import Event
from edge.sinks.base import RunInfo
from edge.sinks.pipe import Pipe

STDOUT = "-"


class Jsonl:
    """Sink: one JSON object a line, appended; each is with the system before the next comes."""

    def __init__(self, target: str) -> None:
        self._name = "standard output" if target == STDOUT else target
        try:
            self._file = sys.stdout if target == STDOUT else _appended(Path(target))
        except OSError as error:
            raise failure(self._name, error) from error
        self._pipe = Pipe.of(self._file)
        self._unread = False  # at the end nobody read any more

    def start(self, info: RunInfo) -> None:
        pass

    def raw(self, block: Block) -> None:
        pass

    def twelve(self, block: TwelveLeads) -> None:
        pass

    def hurry(self) -> None:
        """The run ends: a reader that stands still is waited for no more."""
        if self._pipe is not None:
            self._pipe.hurry()

    def event(self, event: Event) -> None:
        line = json.dumps(event, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        try:
            self._write(line + "\n")
        except OSError as error:
            raise failure(self._name, error) from error

    def _write(self, line: str) -> None:
        if self._pipe is None:
            self._file.write(line)
            self._file.flush()
        elif not self._unread:
            try:
                self._pipe.write(line)
            except TimeoutError:
                self._unread = True
                raise

    def close(self, summary: dict[str, Any]) -> None:
        if self._file is sys.stdout:
            return
        try:
            self._file.close()
        except OSError as error:
            raise failure(self._name, error) from error


def _appended(path: Path) -> TextIO:
    """`path`, to be gone on with on a line of its own: an earlier run may have been cut off in the midst of one."""
    last = _checked(path)
    file = path.open("a", encoding="utf-8")
    if last not in (b"", b"\n"):
        file.write("\n")
    return file


def _checked(path: Path) -> bytes:
    """The last byte of the file that is there, or none. Raises OutputError where it holds anything but JSON objects."""
    if not path.is_file() or not path.stat().st_size:
        return b""
    with path.open("rb") as file:
        if file.read(1) != b"{":
            raise OutputError(f"{path} is no JSON and is left as it is: name another file", Reason.UNWRITABLE)
        file.seek(-1, os.SEEK_END)
        return file.read()


class SummaryFile:
    """Sink: the summary, written whole or not at all."""

    def __init__(self, target: Path) -> None:
        self._target, self._started = target, False
        try:
            self._check()
        except OSError as error:
            raise failure(str(target), error) from error

    def _check(self) -> None:
        folder = self._target.parent
        if not folder.is_dir():
            raise OutputError(f"no such folder for --summary: {folder}: make it first", Reason.UNWRITABLE)
        if self._target.is_dir():
            raise OutputError(f"{self._target} is a folder: name a file for --summary", Reason.UNWRITABLE)
        if not os.access(folder, os.W_OK):
            raise OutputError(f"{folder} cannot be written: choose another place", Reason.UNWRITABLE)
        _checked(self._target)

    def start(self, info: RunInfo) -> None:
        self._started = True

    def raw(self, block: Block) -> None:
        pass

    def twelve(self, block: TwelveLeads) -> None:
        pass

    def event(self, event: Event) -> None:
        pass

    def close(self, summary: dict[str, Any]) -> None:
        if not self._started:
            return  # an earlier run's summary is worth more than one of nothing
        draft = self._target.with_name(self._target.name + ".part")
        text = json.dumps(summary, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        try:
            draft.write_text(text, encoding="utf-8")
            draft.replace(self._target)
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise failure(str(self._target), error) from error


def failure(name: str, error: OSError) -> OutputError:
    """`error` on writing `name`, in words."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return OutputError(f"no space left for {name}: free some, or write elsewhere", Reason.FULL)
    if isinstance(error, TimeoutError):
        return OutputError(f"nobody reads {name}: the last events are not there", Reason.GONE)
    if error.errno == errno.EPIPE:
        return OutputError(f"the reader of {name} went away", Reason.GONE)
    return OutputError(f"{name} cannot be written ({error.strerror}): choose another place", Reason.UNWRITABLE)
