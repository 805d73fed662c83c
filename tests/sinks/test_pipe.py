from __future__ import annotations

import fcntl
import io
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from a_run import info

from edge.errors import OutputError, Reason
from edge.sinks.jsonl import Jsonl
from edge.sinks.pipe import Pipe
from edge.sinks.queued import Queued

ROOM = 4096  # bytes, the least that a pipe holds


@pytest.fixture
def fifo(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A named pipe, and its reading end, which reads when a test does."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, ROOM)
    yield path, reader
    os.close(reader)


def beat(sample: int) -> dict[str, object]:
    return {"type": "beat", "sample": sample, "note": "x" * 100}


def queued(path: Path) -> Queued:
    sink = Queued(Jsonl(str(path)), str(path), raw=False, twelve=False)
    sink.start(info())
    return sink


def read_all(reader: int, count: int) -> list[int]:
    """The samples of so many lines."""
    text, until_s = b"", time.monotonic() + 10
    while text.count(b"\n") < count:
        assert time.monotonic() < until_s
        try:
            text += os.read(reader, 65536)
        except BlockingIOError:
            time.sleep(0.005)
    return [json.loads(line)["sample"] for line in text.splitlines()]


def test_a_reader_that_takes_its_time_gets_every_line(fifo):
    path, reader = fifo
    sink = queued(path)
    for k in range(200):
        sink.event(beat(k))
    assert read_all(reader, 200) == list(range(200))
    sink.close({})


def test_a_reader_that_stands_still_does_not_hold_up_the_end_and_that_is_told(fifo):
    path, _ = fifo
    sink = queued(path)
    for k in range(200):
        sink.event(beat(k))
    began_s = time.monotonic()
    with pytest.raises(OutputError, match="nobody reads") as told:
        sink.close({})
    assert time.monotonic() - began_s < 2.0
    assert told.value.reason is Reason.GONE


def test_a_line_longer_than_a_pipe_takes_at_once_comes_whole(fifo):
    path, reader = fifo
    sink = Jsonl(str(path))
    writing = threading.Thread(target=sink.event, args=({"type": "start", "sample": 7, "note": "x" * 3 * ROOM},))
    writing.start()
    assert read_all(reader, 1) == [7]
    writing.join()
    sink.close({})


def test_a_file_on_a_disk_is_no_pipe(tmp_path):
    with (tmp_path / "events").open("w") as file:
        assert Pipe.of(file) is None
    assert Pipe.of(io.StringIO()) is None
