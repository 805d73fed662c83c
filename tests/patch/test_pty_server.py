from __future__ import annotations

import contextlib
import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import serial

from edge.errors import OutputError
from edge.sinks.pty_server import PtyServer
from edge.synthetic import synthesise
from edge.virtual import virtual_patch
from firmware_bridge.faults import parse_fault
from firmware_bridge.framing import Corrupt, SerialDecoder, frame
from firmware_bridge.messages import Ack, Hello, Identity, Message, Resend, Samples, Status, Stop
from firmware_bridge.patch import VirtualPatch

LEADS = ("II", "V1", "V5")
PATIENCE_S = 20.0


@dataclass
class Host:
    """Reads a port in a thread, opens it again when it goes away, and greets each time."""

    path: str
    heard: list[Message | object] = field(default_factory=list)
    opened: int = 0
    _closing: threading.Event = field(default_factory=threading.Event)
    _port: serial.Serial | None = None

    def run(self) -> None:
        while not self._closing.is_set():
            with contextlib.suppress(OSError, serial.SerialException), serial.Serial(self.path, timeout=0.05) as port:
                self._port = port
                port.write(frame(Hello(self.opened, 1, 0)))
                self.opened += 1
                decoder = SerialDecoder()
                while not self._closing.is_set():
                    self.heard += decoder.feed(port.read(max(1, port.in_waiting)))
            time.sleep(0.01)

    def send(self, message: Message) -> None:
        assert self._port is not None
        self._port.write(frame(message))

    def samples(self) -> list[Samples]:
        return [m for m in self.heard if isinstance(m, Samples)]

    def positions(self) -> list[int]:
        return [m.index + k for m in self.samples() for k in range(len(m.counts))]


@contextlib.contextmanager
def listening(path: str) -> Iterator[Host]:
    host = Host(path)
    thread = threading.Thread(target=host.run)
    thread.start()
    try:
        yield host
    finally:
        host._closing.set()
        thread.join()


def until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, "it never came"
        time.sleep(0.005)


def patch(seconds: float = 20.0, ring_s: float = 0.0) -> VirtualPatch:
    made = synthesise("sinus", seconds)
    return virtual_patch(made.mv[:, [1, 6, 10]], made.rate, LEADS, ring_s=ring_s)


def test_at_full_speed_a_host_hears_every_sample_in_order():
    with PtyServer(patch(), speed=math.inf) as server, listening(server.path) as host:
        assert server.wait(PATIENCE_S)
    assert host.positions() == list(range(10_000))
    assert isinstance(host.heard[-1], Status)
    assert not any(isinstance(m, Corrupt) for m in host.heard)
    assert server.log.delivered == 10_000


def test_nothing_is_sent_before_the_host_greets_and_then_the_patch_introduces_itself():
    with PtyServer(patch(1), speed=math.inf) as server:
        assert not server.wait(0.3)
        assert server.log.sampled == 0
        with listening(server.path) as host:
            assert server.wait(PATIENCE_S)
    assert isinstance(host.heard[0], Identity)
    assert Ack(Hello.TYPE, 0, 0) in host.heard
    assert len(host.positions()) == 500


def test_a_slow_reader_loses_nothing_at_full_speed():
    with PtyServer(patch(), speed=math.inf) as server, serial.Serial(server.path, timeout=0.2) as port:
        port.write(frame(Hello(1, 1, 0)))
        decoder, heard = SerialDecoder(), []
        time.sleep(0.3)  # the kernel's buffer is full by now
        with contextlib.suppress(serial.SerialException):
            while not server.wait(0):
                heard += decoder.feed(port.read(min(5000, max(1, port.in_waiting))))
    assert sum(len(m.counts) for m in heard if isinstance(m, Samples)) == 10_000


def test_in_real_time_no_sample_comes_before_its_time():
    with PtyServer(patch(6), [parse_fault("drift:ppm=-20000")], speed=4) as server, listening(server.path) as host:
        until(lambda: len(host.samples()) > 0)
        began_s = time.monotonic()
        assert server.wait(PATIENCE_S)
        took_s = time.monotonic() - began_s
    assert took_s > (6 - 0.1) * 1.02 / 4
    assert took_s < 6 * 1.02 / 4 + 1.0
    assert len(host.positions()) == 3000


def test_what_nobody_reads_is_dropped_whole_and_counted_and_the_patch_goes_on():
    with (
        PtyServer(patch(60), speed=200, wait_for_host=False) as server,
        serial.Serial(server.path, timeout=0.2) as port,
    ):
        until(lambda: server.log.lost["overrun"] > 0)
        decoder, heard = SerialDecoder(), []
        with contextlib.suppress(serial.SerialException):
            while not server.wait(0):
                heard += decoder.feed(port.read(max(1, port.in_waiting)))
    log = server.log
    assert log.sampled == 30_000 == log.delivered + log.lost["overrun"]
    assert sum(len(m.counts) for m in heard if isinstance(m, Samples)) <= log.delivered
    assert not any(isinstance(m, Corrupt) for m in heard)
    dropped = [m.dropped for m in heard if isinstance(m, Status)]
    assert dropped[-1] == log.lost["overrun"]


@pytest.mark.parametrize("speed", [8.0, math.inf])
def test_an_unplugged_patch_comes_back_under_the_same_path(tmp_path: Path, speed: float):
    link = tmp_path / "patch"
    faults = [parse_fault("unplug:at=5,for=4")]
    with PtyServer(patch(20), faults, path=link, speed=speed) as server:
        before = link.resolve()
        with listening(str(link)) as host:
            until(lambda: not link.exists())
            until(lambda: link.exists())
            assert link.is_symlink()
            assert server.wait(PATIENCE_S)
    assert before.parent == Path("/dev/pts")
    assert host.opened == 2
    positions = host.positions()
    gap = int(np.argmax(np.diff(positions)))
    assert positions[gap] == 2499 - 10
    assert positions[gap + 1] >= 4500
    assert len(set(positions)) == len(positions) == server.log.delivered == 10_000 - server.log.lost["unplug"]
    assert {m.boot_id for m in host.heard if isinstance(m, Identity)} == {1}
    assert not link.is_symlink()


def test_an_unplug_needs_a_path_to_come_back_to():
    with pytest.raises(ValueError, match="needs a path"):
        PtyServer(patch(1), [parse_fault("unplug")])


def test_it_answers_commands_while_it_streams_and_after_the_end_if_it_stays_open():
    with PtyServer(patch(5, ring_s=10.0), speed=math.inf, stay_open=True) as server, listening(server.path) as host:
        until(lambda: server.finished)
        until(lambda: len(host.positions()) == 2500)
        host.send(Resend(7, 100, 40))
        until(lambda: len(host.positions()) == 2540)
        host.send(Stop(8))
        until(lambda: Ack(Stop.TYPE, 8, 0) in host.heard)
        assert host.positions()[-40:] == list(range(100, 140))


def test_the_link_goes_with_the_server_and_never_replaces_what_is_there(tmp_path: Path):
    link = tmp_path / "patch"
    link.symlink_to(tmp_path / "nowhere")
    with PtyServer(patch(1), path=link):
        assert link.resolve().parent == Path("/dev/pts")
        with pytest.raises(OutputError, match=f"{link} exists and leads to /dev/pts"):
            PtyServer(patch(1), path=link).__enter__()
    assert not link.is_symlink()
    link.write_text("a file")
    with pytest.raises(OutputError, match="exists: remove it, or choose another path"):
        PtyServer(patch(1), path=link).__enter__()
    assert link.read_text() == "a file"


def test_a_link_that_a_killed_server_left_behind_is_taken_over(tmp_path: Path):
    link = tmp_path / "patch"
    with PtyServer(patch(1)) as server:
        link.symlink_to(server.path)
    with PtyServer(patch(1), path=link):
        assert link.exists()
    assert not link.is_symlink()
