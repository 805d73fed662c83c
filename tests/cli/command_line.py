"""edge-run in a process of its own, and ports whose other end misbehaves."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Told:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


def ran(main: Callable[[list[str]], int], capfd: pytest.CaptureFixture[str], *arguments: object) -> Told:
    """A command in this process; whatever a test asks of it, no mistake of a user's may look like a bug."""
    capfd.readouterr()
    told = Told(main([str(argument) for argument in arguments]), *capfd.readouterr())
    assert "Traceback" not in told.err
    assert "a bug" not in told.err
    return told


def process(*arguments: object, **options: object) -> subprocess.Popen[str]:
    """edge-run in a process of its own, its output in pipes unless `options` say otherwise."""
    streams: dict[str, object] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = [sys.executable, "-m", "edge.cli.run", *map(str, arguments)]
    return subprocess.Popen(command, **{**streams, **options})  # type: ignore[call-overload, no-any-return]


def ended(running: subprocess.Popen[str], seconds: float = 20.0) -> Told:
    """How `running` ends, which takes no more than `seconds` and shows no traceback."""
    out, err = running.communicate(timeout=seconds)
    assert "Traceback" not in (err or "")
    assert "Exception ignored" not in (err or "")
    return Told(running.returncode, out or "", err or "")


def wait_for(condition: Callable[[], bool], running: subprocess.Popen[str], seconds: float = 20.0) -> None:
    """Until `condition`, which must come before the process ends."""
    until = time.monotonic() + seconds
    while not condition():
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)


@contextlib.contextmanager
def port(answer: Callable[[bytes], bytes] = lambda heard: b"", *, unasked: bytes = b"") -> Iterator[str]:
    """A serial port whose other end sends `unasked` again and again, and `answer` to what it hears; its path."""
    ours, hosts = os.openpty()
    tty.setraw(hosts)
    os.set_blocking(ours, False)
    over = threading.Event()

    def talk() -> None:
        while not over.wait(0.01):
            with contextlib.suppress(BlockingIOError):
                os.write(ours, unasked)
                os.write(ours, answer(os.read(ours, 4096)))

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    try:
        yield os.ttyname(hosts)
    finally:
        over.set()
        thread.join()
        os.close(ours)
        os.close(hosts)
