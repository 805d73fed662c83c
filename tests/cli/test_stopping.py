from __future__ import annotations

import fcntl
import json
import os
import signal
import termios
import time

import numpy as np
import pytest
from command_line import ended, process, wait_for

from edge.leads import LEAD
from edge.recordings import open_recording
from edge.sinks.pty_server import PtyServer
from edge.synthetic import synthesise
from edge.virtual import virtual_patch

SENT = ("II", "V1", "V5")
SOON_S = 6.0  # of a busy machine, whose disk takes a while to have what must be on it
KILL_COSTS_S = 1.0  # of the raw signal, at most
DELAY_S = 2.1  # from a sample to its twelve leads


def outputs(folder):
    return ("--record", folder / "rec", "--events", folder / "events", "--summary", folder / "summary")


def beats_seen(folder, count):
    def seen() -> bool:
        path = folder / "events"
        return path.exists() and path.read_text().count('"beat"') >= count

    return seen


def stopped(running, number):
    """Sends the signal; how the run ended, which was soon."""
    running.send_signal(number)
    sent_s = time.monotonic()
    told = ended(running)
    assert time.monotonic() - sent_s < SOON_S
    return told


def assert_all_is_flushed(folder, name):
    """The events end with the summary, which its file holds too, and the recording has every sample that came."""
    wfdb = pytest.importorskip("wfdb")
    events = [json.loads(line) for line in (folder / "events").read_text().splitlines()]
    assert events[-1]["type"] == "summary"
    assert json.loads((folder / "summary").read_text()) == events[-1]
    came = events[-1]["samples"]["out"]
    assert came > 0
    assert wfdb.rdrecord(str(folder / "rec" / name)).sig_len == came
    assert wfdb.rdrecord(str(folder / "rec" / f"{name}_raw")).sig_len == came
    beats = [event["sample"] for event in events if event["type"] == "beat"]
    assert wfdb.rdann(str(folder / "rec" / name), "qrs").sample.tolist() == beats


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_replay_that_is_stopped_ends_well_and_soon_with_everything_flushed(records, tmp_path, number):
    running = process("--replay", records / "three", *outputs(tmp_path))
    wait_for(beats_seen(tmp_path, 1), running)
    assert stopped(running, number).code == 0
    assert_all_is_flushed(tmp_path, "three")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_live_run_that_is_stopped_ends_well_and_soon_with_everything_flushed(heart, tmp_path, number):
    patch = virtual_patch(heart.mv[:, [LEAD[lead] for lead in SENT]], 500.0, SENT, loop=True)
    with PtyServer(patch) as server:
        running = process("--port", server.path, *outputs(tmp_path), "--view", "none")
        wait_for(beats_seen(tmp_path, 1), running)
        assert stopped(running, number).code == 0
    assert_all_is_flushed(tmp_path, "virtual_patch")


def test_a_run_that_waits_for_its_port_is_stopped_soon(heart, tmp_path):
    patch = virtual_patch(heart.mv[:, [LEAD[lead] for lead in SENT]], 500.0, SENT, seconds=5.0)
    with PtyServer(patch) as server:
        running = process("--port", server.path, *outputs(tmp_path), "--view", "none")
        wait_for(beats_seen(tmp_path, 1), running)
    wait_for(lambda: "vanished" in (tmp_path / "events").read_text(), running)
    assert stopped(running, signal.SIGTERM).code == 0
    assert_all_is_flushed(tmp_path, "virtual_patch")


@pytest.mark.skipif(not hasattr(fcntl, "F_SETPIPE_SZ"), reason="only Linux makes a pipe small")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_replay_into_a_pipe_that_nobody_reads_waits_and_is_stopped_soon(tmp_path, number):
    mv = synthesise("sinus", 60.0, 500.0, seed=3).mv[:, [LEAD[lead] for lead in SENT]]
    (tmp_path / "long.csv").write_text(
        "\n".join(["# rate: 500", ",".join(SENT), *(",".join(f"{v:.3f}" for v in row) for row in mv)])
    )
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)

    def filled() -> bool:  # a pipe of one page takes the first line, and the next when that is read
        return any(fcntl.ioctl(reading, termios.FIONREAD, bytes(4)))

    replay = ("--replay", tmp_path / "long.csv", "--channels", ",".join(SENT), "--speed", "max")
    running = process(*replay, "--events", "-", "--record", tmp_path / "rec", "--view", "none", stdout=writing)
    os.close(writing)
    try:
        wait_for(filled, running)
        time.sleep(0.5)  # it comes to the next line
        told = stopped(running, number)
    finally:
        os.close(reading)
    assert told.code == 6
    assert told.err == "edge-run: nobody reads standard output: the last events are not there\n"
    assert len(open_recording(tmp_path / "rec" / "long.hea").mv) > 0


def test_a_hang_up_is_ignored_under_nohup(records, tmp_path):
    def nohup() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    running = process("--replay", records / "three", *outputs(tmp_path), "--speed", "4", preexec_fn=nohup)
    wait_for(beats_seen(tmp_path, 1), running)
    running.send_signal(signal.SIGHUP)
    assert ended(running).code == 0
    assert json.loads((tmp_path / "summary").read_text())["samples"]["in"] == 3000


def test_a_run_that_is_killed_leaves_a_recording_that_opens_and_lacks_a_second_at_most(records, heart, tmp_path):
    wfdb = pytest.importorskip("wfdb")
    running = process("--replay", records / "three", *outputs(tmp_path))
    wait_for(lambda: (tmp_path / "events").exists() and (tmp_path / "events").stat().st_size > 0, running)
    began_s = time.monotonic()
    time.sleep(4.6)
    ran_s = time.monotonic() - began_s
    running.kill()
    running.communicate()
    raw = wfdb.rdrecord(str(tmp_path / "rec" / "three_raw"))
    twelve = wfdb.rdrecord(str(tmp_path / "rec" / "three"))
    slack_s = 0.3  # of this test's clock, and the piece that is played at once
    assert raw.sig_len / 500 >= ran_s - KILL_COSTS_S - slack_s
    assert twelve.sig_len / 500 >= ran_s - KILL_COSTS_S - DELAY_S - slack_s
    truth = heart.mv[: raw.sig_len, [LEAD[lead] for lead in SENT]]
    assert np.abs(raw.p_signal - truth).max() < 0.001
    beats = wfdb.rdann(str(tmp_path / "rec" / "three"), "qrs").sample
    assert len(beats) >= 2
    for line in (tmp_path / "events").read_text().splitlines():
        json.loads(line)
