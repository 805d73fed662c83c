from __future__ import annotations

import asyncio
import dataclasses
import errno
import json
import os
import random
import termios
from pathlib import Path

import numpy as np
import pytest
import serial
from command_line import ended, port, process, wait_for

from edge.errors import Reason, SourceUnavailable
from edge.leads import LEAD
from edge.sinks.pty_server import PtyServer
from edge.sources import serial as serial_source
from edge.sources.serial import SerialPatch
from edge.virtual import channels_of, virtual_patch
from firmware_bridge import messages as wire
from firmware_bridge.faults import Unplug
from firmware_bridge.framing import frame

SENT = ("II", "V1", "V5")
IDENTITY = wire.Identity(
    major=wire.MAJOR,
    minor=wire.MINOR,
    device_id=7,
    boot_id=1,
    firmware=(1, 0, 0),
    rate_mhz=500_000,
    adc_bits=24,
    channels=3,
    capabilities=0,
    name="a patch",
)
CHANNELS = channels_of(SENT)


@pytest.fixture
def impatient(monkeypatch):
    """Seconds that a test need not wait."""
    for name, seconds in (("SILENCE_S", 0.5), ("GREET_EVERY_S", 0.1), ("STALL_S", 0.4)):
        monkeypatch.setattr(serial_source, name, seconds)


def patch_of(heart, seconds=None):
    return virtual_patch(heart.mv[:, [LEAD[lead] for lead in SENT]], 500.0, SENT, seconds=seconds)


def described(identity=IDENTITY, channels=CHANNELS):
    return b"".join(frame(message) for message in (identity, *channels))


def events_of(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_port_that_is_not_there_is_told_with_the_way_to_find_others(edge_run):
    told = edge_run("--port", "/dev/nowhere")
    assert told.code == 4
    assert "no such port: /dev/nowhere" in told.err
    assert "--list" in told.err


@pytest.mark.parametrize("kind", ["file", "folder", "/dev/null"])
def test_what_is_no_serial_port_is_told_so(edge_run, tmp_path, kind):
    path = {"file": tmp_path / "file", "folder": tmp_path}.get(kind, kind)
    (tmp_path / "file").write_text("text")
    told = edge_run("--port", path)
    assert told.code == 4
    assert f"{path} is no serial port" in told.err


@pytest.mark.parametrize(
    ("error", "reason", "words"),
    [
        (PermissionError(errno.EACCES, "Permission denied"), Reason.PERMISSION, "usermod -aG dialout"),
        (serial.SerialException(errno.EBUSY, "busy"), Reason.BUSY, "in use by another program"),
        (serial.SerialException(errno.EAGAIN, "could not lock"), Reason.BUSY, "in use by another program"),
        (serial.SerialException(errno.EIO, "no hardware"), Reason.NOT_FOUND, "is no serial port"),
        (ValueError("Invalid baud rate: 1234567"), Reason.USAGE, "1234567 baud"),
        (serial.SerialException("something new"), Reason.UNREADABLE, "something new"),
    ],
)
def test_what_the_system_says_of_a_port_comes_in_words(monkeypatch, error, reason, words):
    def refuse(*_: object, **__: object) -> None:
        raise error

    async def first_item(source):
        return await anext(source.items())

    monkeypatch.setattr(serial, "Serial", refuse)
    with pytest.raises(SourceUnavailable, match="/dev/ttyUSB0") as told:
        asyncio.run(first_item(SerialPatch("/dev/ttyUSB0", 1_234_567)))
    assert told.value.reason is reason
    assert words in str(told.value)
    assert told.value.exit_code == 4


def test_the_number_behind_a_terminal_error_is_found(monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        try:
            raise termios.error(errno.ENOTTY, "Inappropriate ioctl for device")
        except termios.error as why:
            raise serial.SerialException(f"Could not configure port: {why}") from None

    monkeypatch.setattr(serial, "Serial", refuse)
    with pytest.raises(SourceUnavailable, match="is no serial port"):
        asyncio.run(anext(SerialPatch("/dev/null", 115_200).items()))


@pytest.mark.skipif(os.getuid() == 0, reason="root may open every port")
def test_a_port_without_permission_names_the_group(edge_run):
    with port() as path:
        Path(path).chmod(0)
        told = edge_run("--port", path)
    assert told.code == 4
    assert "usermod -aG dialout" in told.err


def test_a_second_run_on_the_same_port_is_refused_and_the_first_goes_on(edge_run, heart, tmp_path):
    with PtyServer(patch_of(heart, 4.0)) as server:
        first = process("--port", server.path, "--events", tmp_path / "events", "--view", "none")
        wait_for(lambda: (tmp_path / "events").exists() and (tmp_path / "events").stat().st_size > 0, first)
        second = edge_run("--port", server.path)
        told = ended(first)
    assert second.code == 4
    assert "in use by another program" in second.err
    assert told.code == 0
    assert events_of(tmp_path / "events")[-1]["samples"]["in"] == 2000


def test_silence_is_told_and_ends_with_5(edge_run, impatient):
    with port() as path:
        told = edge_run("--port", path)
    assert told.code == 5
    assert f"{path} is open and silent" in told.err


@pytest.mark.parametrize(
    "noise", [random.Random(1).randbytes(400), b"AT+OK\r\n", bytes(100)], ids=["random", "text", "zeros"]
)
def test_garbage_is_told_with_the_baud_rate_to_check(edge_run, impatient, noise):
    with port(unasked=noise) as path:
        told = edge_run("--port", path, "--baud", 9600)
    assert told.code == 5
    assert "bytes came" in told.err
    assert "check --baud" in told.err


def test_half_frames_are_no_description(edge_run, impatient):
    with port(lambda heard: described()[:40]) as path:
        told = edge_run("--port", path)
    assert told.code == 5
    assert "no patch described itself" in told.err


@pytest.mark.parametrize(
    ("identity", "channel", "words"),
    [
        ({"major": wire.MAJOR + 1}, {}, ("protocol 2.0", "this host 1.0", "update edge-ecg")),
        ({"rate_mhz": 500}, {}, ("0.5 samples a second", "50 to 4000 Hz")),
        ({"channels": 0}, {}, ("0 channels",)),
        ({}, {"gain_pv_per_count": 0}, ("channel 0", "0 pV")),
        ({}, {"gain_pv_per_count": 2**31}, ("channel 0", "mV")),
        ({}, {"weights": (0,) * 9}, ("channel 0", "weights are zero")),
        ({}, {"weights": (12,) * 9}, ("channel 0", "must sum to 0")),
    ],
)
def test_a_description_that_makes_no_sense_is_refused_with_what_would_be_right(edge_run, identity, channel, words):
    channels = [dataclasses.replace(c, **channel) for c in CHANNELS]
    answer = described(dataclasses.replace(IDENTITY, **identity), channels)
    with port(lambda heard: answer) as path:
        told = edge_run("--port", path)
    assert told.code == 5
    assert all(word in told.err for word in (path, *words))


def test_leads_that_the_patch_has_not_are_told_with_those_it_has(edge_run):
    with port(lambda heard: described()) as path:
        told = edge_run("--port", path, "--channels", "II,V6")
    assert told.code == 5
    assert "V6" in told.err
    assert "II, V1, V5" in told.err


def test_a_patch_that_describes_itself_and_sends_nothing_is_given_up(edge_run, impatient, tmp_path):
    with port(lambda heard: described()) as path:
        told = edge_run("--port", path, "--give-up", 0.3, "--events", tmp_path / "events", "--view", "none")
    assert told.code == 5
    assert "no samples" in told.err
    kinds = [(e["type"], e.get("kind"), e.get("up")) for e in events_of(tmp_path / "events")]
    assert ("link", None, False) in kinds
    assert ("technical", "disconnected", None) in kinds
    assert kinds[-1][0] == "summary"


def test_a_port_that_vanishes_for_good_ends_with_5_and_all_that_came_is_kept(edge_run, heart, tmp_path):
    wfdb = pytest.importorskip("wfdb")
    outputs = ("--record", tmp_path / "rec", "--events", tmp_path / "events", "--summary", tmp_path / "summary")
    with PtyServer(patch_of(heart), [Unplug(at_s=1.5, for_s=60.0)], path=tmp_path / "patch") as server:
        told = edge_run("--port", server.path, "--give-up", 0.3, "--view", "none", *outputs)
    assert told.code == 5
    assert "vanished and did not come back within 0.3 s" in told.err
    last = events_of(tmp_path / "events")[-1]
    assert last["type"] == "summary"
    assert json.loads((tmp_path / "summary").read_text()) == last
    came = last["samples"]["in"]
    assert 600 <= came <= 750
    assert wfdb.rdrecord(str(tmp_path / "rec" / "virtual_patch_raw")).sig_len == came
    assert wfdb.rdrecord(str(tmp_path / "rec" / "virtual_patch")).sig_len == came


def test_a_port_that_returns_costs_what_was_missed_and_the_time_base_is_exact(edge_run, heart, tmp_path):
    wfdb = pytest.importorskip("wfdb")
    outputs = ("--record", tmp_path / "rec", "--events", tmp_path / "events")
    with PtyServer(patch_of(heart), [Unplug(at_s=1.5, for_s=1.5)], path=tmp_path / "patch") as server:
        told = edge_run("--port", server.path, "--view", "none", *outputs)
    assert told.code == 0
    events = events_of(tmp_path / "events")
    samples = events[-1]["samples"]
    gaps = [e for e in events if e["type"] == "gap"]
    assert [gap["cause"] for gap in gaps] == ["link"]
    assert samples["lost"] == {"link": gaps[0]["samples"]}
    assert samples["in"] + gaps[0]["samples"] == samples["out"] == 3000
    links = [(e["up"], e["sample"]) for e in events if e["type"] == "link"]
    assert [up for up, _ in links] == [False, True]
    assert links[0][1] <= gaps[0]["sample"] < gaps[0]["sample"] + gaps[0]["samples"] < links[1][1]
    came = wfdb.rdrecord(str(tmp_path / "rec" / "virtual_patch_raw")).p_signal
    truth = heart.mv[:, [LEAD[lead] for lead in SENT]]
    there = ~np.isnan(came).any(axis=1)
    assert there.sum() == samples["in"]
    assert there[-1000:].all()
    assert np.abs(came[there] - truth[there]).max() < 0.001  # each in its place: 2 ms aside, an R wave differs by more
    shifted = np.abs(came[-1000:] - truth[-1001:-1]).max()
    assert shifted > 0.02


def test_a_stop_that_comes_together_with_samples_is_heard():
    async def both() -> None:
        source = SerialPatch("unopened", 115_200)
        waiting = asyncio.create_task(source._wait(5.0))
        await asyncio.sleep(0)
        source._arrived.set()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(both())


def test_health_is_told_while_nothing_comes(edge_run, impatient, monkeypatch, tmp_path):
    monkeypatch.setattr("edge.runner.HEALTH_S", 0.2)
    with port(lambda heard: described()) as path:
        edge_run("--port", path, "--give-up", 0.5, "--events", tmp_path / "events", "--view", "none")
    assert sum(e["type"] == "health" for e in events_of(tmp_path / "events")) >= 2


def test_list_names_the_ports_and_ends_well(edge_run):
    told = edge_run("--list")
    assert told.code == 0
    assert told.out.strip()
    assert told.err == ""
