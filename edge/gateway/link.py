"""What a patch's process and its supervisor say to each other: whole messages over a pair of Unix sockets.

From the process: the page's own frames (edge/web/WIRE.md), of which BLOCK, HOLE and EVENT are as a page gets them.
HELLO holds what is known of the run, STATE how it stands (`ViewState`'s fields), OVER how it ended. Back comes JSON.
A supervisor that does not read costs the page frames, which are counted; events wait; the run never does.
"""

from __future__ import annotations

import json
import socket
import struct
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from edge.gateway.mail import MAIL, Mail, unpacked
from edge.sinks.state import ActiveAlert, ViewState
from edge.web.frames import Frame, Kind

MOST_BYTES = 65_536  # a message: a frame of 2 s is 26 kB; an event with evidence some kB
MOST_WAITING = 400  # events that wait for a supervisor that does not read; the recording has them all
ENDED, FAILED = "ended", "failed"  # how a run was over, in OVER
_HEAD = struct.Struct("<BBHI")
_SPAN = struct.Struct("<q")
_SAMPLES = {Kind.BLOCK: struct.Struct("<H"), Kind.HOLE: struct.Struct("<q")}  # how many there are, and where it says so
_SAMPLES_AT = {Kind.BLOCK: 24, Kind.HOLE: 16}


def pair() -> tuple[socket.socket, socket.socket]:
    """The supervisor's end and the process's."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    theirs.setblocking(False)
    return ours, theirs


class Outlet:
    """The process's end: sends at once what there is room for. Never raises, never waits."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._waiting: deque[bytes] = deque()
        self.left_out = 0  # messages

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def put(self, frame: Frame) -> None:
        self.send(frame.data, waits=not frame.signal)

    def send(self, data: bytes, *, waits: bool) -> bool:
        """Whether it is sent, or `waits` for the supervisor to read; else it is left out, and counted."""
        while self._waiting and self._sent(self._waiting[0]):
            self._waiting.popleft()
        if not self._waiting and self._sent(data):
            return True
        if waits and len(self._waiting) < MOST_WAITING:
            self._waiting.append(data)
            return True
        self.left_out += 1
        return False

    def _sent(self, data: bytes) -> bool:
        try:
            self._sock.send(data)
        except BlockingIOError:
            return False
        except OSError:  # too long, or nobody is there any more: the reading side notices
            self.left_out += 1
        return True


def received(sock: socket.socket, most: int) -> Iterator[Frame | Mail | None]:
    """Up to `most` messages that have come; None at the end of all. What is none is left out."""
    for _ in range(most):
        try:
            data = sock.recv(MOST_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            yield None
            return
        if (message := unpacked(data) if data[0] == MAIL else parsed(data)) is not None:
            yield message


def parsed(data: bytes) -> Frame | None:
    """A message as the frame it is."""
    try:
        kind, _, _, size = _HEAD.unpack_from(data)
        kind = Kind(kind)
        if len(data) != _HEAD.size + size:
            return None
        if kind not in _SAMPLES:
            return Frame(kind, data)
        (start,) = _SPAN.unpack_from(data, _HEAD.size)
        (count,) = _SAMPLES[kind].unpack_from(data, _SAMPLES_AT[kind])
    except (struct.error, ValueError):
        return None
    return Frame(kind, data, start, start + count)


def told(frame: Frame) -> dict[str, Any]:
    """What a frame says in JSON."""
    words: dict[str, Any] = json.loads(frame.data[_HEAD.size :])
    return words


def view_as_json(view: ViewState) -> dict[str, Any]:
    """How a run stands, as JSON can hold it."""
    of = asdict(view) | {"electrodes_off": sorted(view.electrodes_off)}
    return {key: _number(value) for key, value in of.items()}


def view_of_json(of: dict[str, Any]) -> ViewState:
    alerts = tuple(ActiveAlert(**one) for one in of["alerts"])
    sets = {"montage": tuple(of["montage"]), "electrodes_off": frozenset(of["electrodes_off"]), "alerts": alerts}
    speed = float("inf") if of["speed"] is None else of["speed"]
    return ViewState(**{**of, **sets, "speed": speed})


def _number(value: Any) -> Any:
    """JSON knows no infinity, and no number that is none."""
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return {key: _number(one) for key, one in value.items()} if isinstance(value, dict) else value
