"""A served page, and what a browser, or somebody with worse in mind, sends to it."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import pytest

pytest.importorskip("uvicorn", reason="the extra edge-ecg[web] is not installed")
pytest.importorskip("starlette", reason="the extra edge-ecg[web] is not installed")
pytest.importorskip("websockets", reason="the extra edge-ecg[web] is not installed")

import numpy as np
from websockets.sync.client import ClientConnection, connect

from edge.config import RunSettings
from edge.sinks.state import ViewState
from edge.web.page import Page

NAMES = {1: "hello", 2: "block", 3: "hole", 4: "state", 5: "event", 6: "over", 7: "skipped"}
SECONDS = 10.0  # for what must come


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> Any:
        return json.loads(self.body)

    def __str__(self) -> str:
        return str(self.status)


@dataclass
class Served:
    """A page under test."""

    page: Page
    state: ViewState

    @property
    def port(self) -> int:
        return self.page.place.port

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def origin(self) -> str:
        return f"{'https' if self.page.place.tls else 'http'}://{self.host}"

    def ask(self, method: str, path: str, body: bytes | str = b"", **headers: str) -> Answer:
        """`headers`: with _ for -; in place of those that a browser would send. An empty one is left out."""
        told = {"Host": self.host}
        if method not in ("GET", "HEAD"):
            told |= {"Origin": self.origin, "Content-Type": "application/json", "Content-Length": str(len(body))}
        told |= {name.replace("_", "-").title(): value for name, value in headers.items()}
        connection = self.connection()
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in told.items():
                if value:
                    connection.putheader(name, value)
            connection.endheaders(body.encode() if isinstance(body, str) else body or None)
            got = connection.getresponse()
            return Answer(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())
        finally:
            connection.close()

    def connection(self) -> http.client.HTTPConnection:
        if not self.page.place.tls:
            return http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=SECONDS, context=trusting())

    def raw(self, data: bytes, seconds: float = SECONDS) -> bytes:
        """All that comes back until the other end closes, or nothing more does."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as line:
            line.sendall(data)
            got = b""
            with contextlib.suppress(TimeoutError, ConnectionError):
                while part := line.recv(65536):
                    got += part
            return got

    def log_in(self, token: str) -> str:
        """The cookie that it buys."""
        answer = self.ask("POST", "/api/session", json.dumps({"token": token}))
        assert answer.status == 204, answer
        return answer.headers["set-cookie"].partition(";")[0]

    @contextlib.contextmanager
    def socket(self, path: str = "/ws", origin: str | None = "", **headers: str) -> Iterator[ClientConnection]:
        """`origin`: this page's, unless another or None is named."""
        address = f"{'wss' if self.page.place.tls else 'ws'}://{self.host}{path}"
        more: dict[str, Any] = {"ssl": trusting()} if self.page.place.tls else {}
        named = {name.replace("_", "-").title(): value for name, value in headers.items()}
        of = self.origin if origin == "" else origin
        with connect(address, origin=of, additional_headers=named, open_timeout=SECONDS, **more) as line:  # type: ignore[arg-type]
            yield line


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@contextlib.contextmanager
def served(**settings: Any) -> Iterator[Served]:
    """A page whose run has not begun."""
    state = ViewState()
    source = {} if {"replay", "review"} & {*settings} else {"port": "/dev/none"}
    page = Page(RunSettings(**{"serve": "127.0.0.1:0", **source, **settings}), state)
    try:
        yield Served(page, state)
    finally:
        page.close()


def frames(message: bytes) -> list[tuple[str, Any]]:
    """By name; JSON as it is, of signal start, n and all that is after the first 8 bytes. As WIRE.md says it."""
    found, at = [], 0
    while at < len(message):
        kind, version, zero, size = struct.unpack_from("<BBHI", message, at)
        assert (version, zero, size % 4) == (1, 0, 0)
        payload = message[at + 8 : at + 8 + size]
        assert len(payload) == size
        name = NAMES[kind]
        found.append((name, payload if name in ("block", "hole") else json.loads(payload)))
        at += 8 + size
    return found


_left: WeakKeyDictionary[ClientConnection, list[tuple[str, Any]]] = WeakKeyDictionary()  # of a message, not told yet


def until(line: ClientConnection, wanted: Callable[[str, Any], bool]) -> list[tuple[str, Any]]:
    """What comes up to and with the first frame that is `wanted`; what is left of its message is for the next call."""
    got: list[tuple[str, Any]] = []
    end = time.monotonic() + SECONDS
    left = _left.setdefault(line, [])
    while True:
        while left:
            got.append(left.pop(0))
            if wanted(*got[-1]):
                return got
        message = line.recv(timeout=max(0.01, end - time.monotonic()))
        assert isinstance(message, bytes)
        left += frames(message)


def wait_for(condition: Callable[[], bool], seconds: float = SECONDS) -> None:
    end, never = time.monotonic() + seconds, threading.Event()
    while not condition():
        assert time.monotonic() < end, "it did not come"
        never.wait(0.01)


def blocks(told: list[tuple[str, Any]]) -> list[tuple[int, np.ndarray]]:
    found = []
    for name, payload in told:
        if name == "block":
            start, _, n = struct.unpack_from("<qdH", payload)
            found.append((start, np.frombuffer(payload, "<i2", 12 * n, 44).reshape(12, n).T))
    return found
