"""Devices of other makers at the end of a real pseudo-terminal."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
import tty
from collections.abc import Iterator

import numpy as np
import pytest
from command_line import ended, port, process
from foreign_encoders import ads1293, cyton_packet

from edge.leads import LEAD
from edge.virtual import resampled

GREETING = b"OpenBCI V3 8-16 channel\nFirmware: v3.1.2\n$$$"
PACE = 2.0  # times real time: the clock must not find that samples are missing, and early is never late


@contextlib.contextmanager
def cyton(mv: np.ndarray) -> Iterator[tuple[str, list[bytes]]]:
    """A board that waits for its commands, and then sends `mv` (n x 3, 250 Hz) once; its port, and what it was told."""
    ours, hosts = os.openpty()
    tty.setraw(hosts)
    os.set_blocking(ours, False)
    told: list[bytes] = []
    over = threading.Event()
    codes = np.rint(mv * 1000 / 0.0223517).astype(int)

    def live() -> None:
        sent, began_s, unsent = 0, None, b""
        while not over.wait(0.01):
            with contextlib.suppress(BlockingIOError):
                for command in (bytes([c]) for c in os.read(ours, 100)):
                    told.append(command)
                    if command == b"v":
                        unsent += GREETING
                    began_s = time.monotonic() if command == b"b" else None if command == b"s" else began_s
            while began_s is not None and sent < min(len(codes), PACE * 250 * (time.monotonic() - began_s)):
                unsent += cyton_packet(sent, [*codes[sent], 0, 0, 0, 0, 0])
                sent += 1
            with contextlib.suppress(BlockingIOError):  # the host is busy: later
                unsent = unsent[os.write(ours, unsent) :] if unsent else b""

    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    try:
        yield os.ttyname(hosts), told
    finally:
        over.set()
        thread.join()
        os.close(ours)
        os.close(hosts)


@pytest.fixture(scope="module")
def three(heart) -> np.ndarray:
    mv = resampled(heart.mv[:, [LEAD[name] for name in ("II", "V1", "V5")]], 500.0, 250.0)
    return np.tile(mv, (-(-2500 // len(mv)), 1))[:2500]


def test_a_cyton_becomes_twelve_leads(three, tmp_path):
    summary, events = tmp_path / "s.json", tmp_path / "e.jsonl"
    with cyton(three) as (path, told):
        options = ("--device", "cyton", "--channels", "II,V1,V5", "--duration", 8, "--view", "none")
        running = process("--port", path, *options, "--summary", summary, "--events", events)
        assert ended(running, 60).code == 0
        time.sleep(0.1)
        assert told == [b"s", b"v", b"c", b"b", b"s"]
    done = json.loads(summary.read_text())
    start = json.loads(events.read_text().splitlines()[0])
    assert (start["device"]["name"], start["montage"], start["rate"]) == ("OpenBCI Cyton", ["II", "V1", "V5"], 250.0)
    assert done["samples"]["lost"] == {}
    assert done["samples"]["in"] == pytest.approx(2000, abs=100)
    assert done["twelve_leads"]["windows"] >= 6
    assert done["beats"] >= 5


def test_a_device_nobody_knows_is_refused_with_the_known_ones(edge_run):
    told = edge_run("--port", "/dev/nowhere", "--device", "toaster", "--channels", "II")
    assert told.code == 2
    assert "cyton, edge, openview, polar" in told.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--port", "/dev/nowhere", "--device", "cyton"), "--channels is to say which lead each channel is"),
        (("--port", "/dev/nowhere", "--device", "cyton", "--channels", "II,heart"), "which is no lead"),
        (("--port", "/dev/nowhere", "--channels", "II,-,V5"), "leaves out a channel of a --device"),
        (("--port", "/dev/nowhere", "--device", "polar", "--channels", "II"), "give --ble instead of --port"),
        (("--ble", "heart", "--device", "cyton", "--channels", "II"), "give --port instead of --ble"),
        (("--replay", "rec.hea", "--device", "cyton"), "--device goes with --port or --ble only"),
        (("--port", "/dev/nowhere", "--uv-per-count", "1"), "--uv-per-count goes with --device only"),
        (("--port", "/dev/nowhere", "--device-setup", "x"), "--device-setup goes with --device only"),
        (("--port", "/dev/nowhere", "--device", "openview", "--channels", "I", "--device-setup", "x"), "leave it out"),
        (
            ("--port", "/dev/nowhere", "--device", "cyton", "--channels", "II", "--uv-per-count", "0"),
            "it must be a number",
        ),
    ],
)
def test_what_makes_no_sense_is_told_with_the_way_out(edge_run, arguments, words):
    told = edge_run(*arguments)
    assert told.code == 2
    assert words in told.err


def test_a_board_with_too_few_channels_ends_the_run_with_the_reason():
    with port(unasked=ads1293([6_075_000] * 3)) as path:
        told = ended(process("--port", path, "--device", "openview", "--channels", "I,II,V1,V2", "--view", "none"), 60)
    assert told.code == 5
    assert "ADS1293 has 3 (CH1, CH2, CH3)" in told.err


def test_a_board_that_is_off_is_told_in_its_dongle_s_words():
    failure = b"Failure: Communications timeout - Device failed to poll Host$$$"
    with port(lambda heard: failure if b"v" in heard else b"") as path:
        told = ended(process("--port", path, "--device", "cyton", "--channels", "II", "--view", "none"), 60)
    assert told.code == 5
    assert "Device failed to poll Host" in told.err
