"""The example patch of the C library, compiled for this machine: over pipes, and on a port that edge-run reads."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from edge.recordings import open_recording
from firmware_bridge import messages as wire
from firmware_bridge.framing import SerialDecoder, frame
from firmware_bridge.messages import Ack, Channel, Command, Identity, Resend, Samples, Start, Stop
from firmware_bridge.validate import refusal

PATIENCE_S = 20.0
RATE = 500


class Piped:
    """The example on pipes; `heard` is what it said so far."""

    def __init__(self, program: Path, *, ble: bool = False) -> None:
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.heard: list[object] = []
        self._ble, self._decoder, self._rest = ble, SerialDecoder(), b""

    def say(self, *commands: Command) -> None:
        assert self.process.stdin is not None
        for command in commands:
            data = wire.encode(command)
            self.process.stdin.write(bytes([len(data)]) + data if self._ble else frame(command))
        self.process.stdin.flush()

    def listen(self, until: Callable[[], bool]) -> None:
        assert self.process.stdout is not None
        deadline_s = time.monotonic() + PATIENCE_S
        while not until():
            assert time.monotonic() < deadline_s, self.heard
            self._take(os.read(self.process.stdout.fileno(), 4096))

    def samples(self) -> list[Samples]:
        return [m for m in self.heard if isinstance(m, Samples)]

    def acknowledged(self, kind: type[Command]) -> list[Ack]:
        return [m for m in self.heard if isinstance(m, Ack) and m.command == kind.TYPE]

    def _take(self, data: bytes) -> None:
        if not self._ble:
            self.heard += self._decoder.feed(data)
            return
        self._rest += data
        while self._rest and len(self._rest) > self._rest[0]:
            size = self._rest[0]
            self.heard.append(wire.decode(self._rest[1 : 1 + size]))
            self._rest = self._rest[1 + size :]


@contextlib.contextmanager
def piped(program: Path, *, ble: bool = False) -> Iterator[Piped]:
    example = Piped(program, ble=ble)
    try:
        yield example
    finally:
        assert example.process.stdin is not None
        example.process.stdin.close()
        assert example.process.wait(PATIENCE_S) == 0
        assert example.process.stdout is not None
        example.process.stdout.close()


@pytest.mark.parametrize("line", ["example", "example_ble"])
def test_the_example_describes_itself_streams_and_answers_commands(made: Callable[[str], Path], line: str) -> None:
    with piped(made(line), ble=line.endswith("ble")) as patch:
        patch.say(wire.Hello(1, 1, 0), wire.SetRate(2, 250_000), Start(3))
        patch.listen(lambda: sum(len(m.counts) for m in patch.samples()) >= RATE)
        identity = next(m for m in patch.heard if isinstance(m, Identity))
        assert refusal(identity, {m.index: m for m in patch.heard if isinstance(m, Channel)}) is None
        assert identity.capabilities & wire.CAN_RESEND
        assert patch.acknowledged(wire.Hello) == [Ack(wire.Hello.TYPE, 1, wire.OK)]
        assert patch.acknowledged(wire.SetRate) == [Ack(wire.SetRate.TYPE, 2, wire.NOT_AVAILABLE)]
        assert patch.acknowledged(Start) == [Ack(Start.TYPE, 3, wire.OK)]
        assert [m.index for m in patch.samples()] == [25 * k for k in range(len(patch.samples()))]
        assert [m.clock_us for m in patch.samples()] == [m.index * 2000 for m in patch.samples()]


def test_the_example_sends_again_what_it_holds_and_nothing_after_a_stop(made: Callable[[str], Path]) -> None:
    with piped(made("example")) as patch:
        patch.listen(lambda: len(patch.samples()) >= 12)
        first = {m.index: m for m in patch.samples()}
        patch.say(Resend(9, 50, 60), Resend(10, 2**31, 5))
        patch.listen(lambda: len(patch.acknowledged(Resend)) == 2 and patch.samples()[-1].index > 400)
        assert [a.result for a in patch.acknowledged(Resend)] == [wire.OK, wire.NOT_AVAILABLE]
        again = [m for k, m in enumerate(patch.samples()) if m.index in {s.index for s in patch.samples()[:k]}]
        assert [(m.index, len(m.counts)) for m in again] == [(50, 25), (75, 25), (100, 10)]
        assert again[0] == first[50]
        patch.say(Resend(11, 0, 400), Stop(12))
        patch.listen(lambda: bool(patch.acknowledged(Stop)))
        count = len(patch.samples())
        patch.listen(lambda: isinstance(patch.heard[-1], wire.Status) and not patch.heard[-1].flags & wire.STREAMING)
        assert len(patch.samples()) == count


class Radio:
    """Between a patch's line and a host's port: passes bytes on, both ways, or none while it is away."""

    def __init__(self) -> None:
        self.away = threading.Event()
        self._over = threading.Event()
        self._ends = [os.openpty(), os.openpty()]
        for _, far in self._ends:
            tty.setraw(far)
        self.patch, self.port = self._ends[0][1], os.ttyname(self._ends[1][1])
        self._threads = [threading.Thread(target=self._pass, args=(a, 1 - a), daemon=True) for a in (0, 1)]

    def __enter__(self) -> Radio:
        for near, _ in self._ends:
            os.set_blocking(near, False)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        for near, far in self._ends:
            os.close(near)
            os.close(far)

    def _pass(self, here: int, there: int) -> None:
        while not self._over.wait(0.005):
            with contextlib.suppress(BlockingIOError):
                data = os.read(self._ends[here][0], 4096)
                if not self.away.is_set():
                    os.write(self._ends[there][0], data)


def _events(path: Path, kind: str) -> list[dict[str, object]]:
    lines = path.read_text().splitlines() if path.exists() else []
    return [event for line in lines if (event := json.loads(line))["type"] == kind]


def _counted(events: Sequence[dict[str, object]]) -> dict[str, object]:
    samples = events[-1]["samples"]
    assert isinstance(samples, dict)
    return samples


def test_what_a_short_hole_in_the_radio_cost_is_filled_in_the_recording(
    made: Callable[[str], Path], tmp_path: Path
) -> None:
    events = tmp_path / "events.jsonl"
    with Radio() as radio:
        patch = subprocess.Popen([made("example")], stdin=radio.patch, stdout=radio.patch)
        options = ["--port", radio.port, "--record", tmp_path / "rec", "--events", events, "--view", "none"]
        command = [sys.executable, "-m", "edge.cli.run", *map(str, options), "--duration", "9"]
        host = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            deadline_s = time.monotonic() + PATIENCE_S
            while not _events(events, "beat"):
                assert host.poll() is None, host.stderr.read() if host.stderr else ""
                assert time.monotonic() < deadline_s
                time.sleep(0.05)
            radio.away.set()
            time.sleep(2.0)
            radio.away.clear()
            assert host.wait(PATIENCE_S) == 0
        finally:
            host.kill()
            patch.kill()
            patch.wait()
            if host.stderr:
                host.stderr.close()
    counted = _counted(_events(events, "summary"))
    assert counted["lost"] == {}
    assert _events(events, "gap") == []
    raw = open_recording(tmp_path / "rec" / "example_raw.hea")
    assert np.isfinite(raw.mv).all()
    tops = np.flatnonzero(raw.mv[:, 0] > 1.0)  # of R, some ten samples a beat
    beat = round(0.8 * RATE)
    assert np.diff(tops).max() <= beat, "every beat, also those of the hole"
    assert np.abs((tops - tops[0] + beat // 2) % beat - beat // 2).max() < 20, "each in its place"
