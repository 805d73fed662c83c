"""A real broker for measurements and tests, a line to it that can be cut, and a client that remembers what comes."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
PATIENCE_S = 20.0


def until(condition: Callable[[], Any], what: str = "", patience_s: float = PATIENCE_S) -> Any:
    """What `condition` gives, as soon as that is true."""
    deadline_s = time.monotonic() + patience_s
    while not (found := condition()):
        assert time.monotonic() < deadline_s, what
        time.sleep(0.01)
    return found


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Mosquitto:
    """A mosquitto on a port of its own, that can be killed, frozen and started again."""

    def __init__(self, folder: Path, *, port: int | None = None, options: str = "allow_anonymous true") -> None:
        assert MOSQUITTO is not None
        self.port = port or free_port()
        self._config = folder / "mosquitto.conf"
        # As many messages as it takes may wait for a subscriber: 1000, else, and it leaves out the rest.
        user = "user root\n" if os.getuid() == 0 else ""
        listener = f"listener {self.port} 127.0.0.1\nmax_queued_messages 0\nlog_type error\n"
        self._config.write_text(f"{user}{listener}{options}\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [MOSQUITTO, "-c", str(self._config)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self._answers, "mosquitto does not start")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self, frozen: bool) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP if frozen else signal.SIGCONT)

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "mosquitto ended"
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", self.port)) == 0


class Line:
    """A TCP connection through here, that can be cut while both ends live; where it is `shut`, nobody gets through."""

    def __init__(self, to_port: int, *, shut: bool = False) -> None:
        self._to, self.cuts, self.shut = to_port, 0, shut
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Line:
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._hang_up()
        for thread in self._threads:
            thread.join()

    def cut(self) -> None:
        self.cuts += 1
        self._hang_up()

    def _hang_up(self) -> None:
        ends, self._open = self._open, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                if self.shut:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._to))
                self._open += [near, far]
                self._spawn(lambda a=near, b=far: self._pass_on(a, b))
                self._spawn(lambda a=near, b=far: self._pass_on(b, a))

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        source.close()

    def _spawn(self, work: Callable[[], None]) -> None:
        self._threads.append(threading.Thread(target=work, daemon=True))
        self._threads[-1].start()


@dataclass(frozen=True)
class Came:
    topic: str
    payload: bytes
    retained: bool
    at_s: float = 0.0  # of the monotonic clock

    @property
    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.payload)
        return told


class Listener:
    """Subscribes to everything, again with each connection, and remembers."""

    def __init__(self, port: int, topic: str = "#", configure: Callable[[Any], None] = lambda client: None) -> None:
        from paho.mqtt import client as paho
        from paho.mqtt.enums import CallbackAPIVersion

        self.came: list[Came] = []
        self.subscribed = threading.Event()
        self._client = client = paho.Client(CallbackAPIVersion.VERSION2)
        client.on_connect = lambda c, data, flags, reason, properties: c.subscribe(topic, 1)
        client.on_subscribe = lambda *_: self.subscribed.set()
        client.on_message = lambda c, data, m: self.came.append(Came(m.topic, m.payload, m.retain, time.monotonic()))
        client.reconnect_delay_set(1, 1)
        configure(client)
        client.connect("127.0.0.1", port)
        client.loop_start()
        assert self.subscribed.wait(PATIENCE_S)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The payloads whose topic ends so."""
        return [c.told for c in [*self.came] if c.topic.endswith(f"/{kind}") or f"/{kind}/" in c.topic]

    def numbered(self) -> list[dict[str, Any]]:
        """Everything but states, in the order in which it came."""
        return [told for c in [*self.came] if "homeassistant" not in c.topic and "seq" in (told := c.told)]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
