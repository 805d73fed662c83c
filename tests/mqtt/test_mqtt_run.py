"""edge-run with a broker, as a user has it: from a patch on a serial port to a subscriber."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest
from brokers import Line, Listener, free_port, until
from cli.command_line import ended, process, ran, wait_for

from edge.cli.run import main
from edge.leads import LEAD
from edge.sinks.pty_server import PtyServer
from edge.synthetic import synthesise
from edge.virtual import virtual_patch

SENT = ("II", "V1", "V5")
RATE = 500


def patch(seconds: float = 60.0, rhythm: str = "sinus") -> PtyServer:
    mv = synthesise(rhythm, seconds, RATE, seed=3).mv[:, [LEAD[lead] for lead in SENT]]
    return PtyServer(virtual_patch(mv, RATE, SENT, name="bed 9"))


def recording(folder: Path, seconds: float) -> Path:
    path = folder / "three.csv"
    mv = synthesise("sinus", seconds, RATE, seed=3).mv[:, [LEAD[lead] for lead in SENT]]
    lines = ["# rate: 500", ",".join(SENT), *(",".join(f"{v:.4f}" for v in row) for row in mv)]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_live_run_is_told_and_its_death_too_and_the_next_one_sends_what_was_under_way(broker, holds):
    listener = Listener(broker.port, "live/#")
    with patch() as server:
        command = ("--port", server.path, "--view", "none", "--mqtt")
        with Line(broker.port) as line:
            running = process(*command, f"mqtt://127.0.0.1:{line.port}/live")
            wait_for(lambda: len(listener.of("beat")) > 2, running)
            running.kill()
            ended(running)
            until(lambda: [t for t in listener.of("status") if t["status"] == "offline"])
            assert listener.of("status")[-1]["reason"] == "lost", "the broker told our last will"
            first = listener.of("start")[0]["run"]
            running = process(*command, f"mqtt://127.0.0.1:{line.port}/live")
            wait_for(lambda: any(t["run"] != first for t in listener.of("beat")), running)
            running.send_signal(signal.SIGINT)
            told = ended(running)
    assert (told.code, told.err) == (0, "")
    until(lambda: listener.of("summary"))
    until(lambda: listener.of("status")[-1]["status"] == "offline")
    assert listener.of("status")[-1]["reason"] == "ended"
    listener.close()
    for came in listener.came:
        holds(came.topic.split("/")[2], came.told)
    new = [t["id"] for t in listener.numbered() if "redelivered" not in t]
    assert len(new) == len(set(new))
    for run in {t["run"] for t in listener.numbered()}:
        mine = [t["seq"] for t in listener.numbered() if t["run"] == run]
        assert sorted({*mine}) == [*range(1, max(mine) + 1)], "none is missing"
    device = listener.of("start")[0]["device"]
    assert device["name"] == "bed 9"
    assert "source" not in device
    assert listener.came[0].topic.split("/")[1].startswith("bed_9_"), "its number too: names are not unique"


def test_a_run_without_its_broker_ends_in_good_order_and_says_where_the_messages_are(tmp_path, capfd):
    nowhere = f"mqtt://127.0.0.1:{free_port()}"
    run = ("--replay", recording(tmp_path, 8), "--speed", "max", "--view", "none", "--mqtt", nowhere)
    told = ran(main, capfd, *run, "--summary", tmp_path / "s.json")
    assert told.code == 6
    assert "Connection refused" in told.err
    assert "messages wait in" in told.err
    assert "go out with the next run" in told.err
    assert (tmp_path / "s.json").exists(), "what else was asked for is there"


def test_without_the_library_it_is_named(monkeypatch, tmp_path, capfd):
    monkeypatch.setitem(sys.modules, "paho.mqtt", None)
    told = ran(main, capfd, "--replay", recording(tmp_path, 2), "--mqtt", "mqtt://127.0.0.1")
    assert told.code == 2
    assert "pip install 'edge-ecg[mqtt]'" in told.err


@pytest.mark.parametrize("url", ["nonsense", "ftp://x", "mqtt://", "mqtt://x:y", "\x00", "mqtt://[::1"])
def test_nonsense_is_refused_in_words(url, capfd):
    told = ran(main, capfd, "--replay", "x", "--mqtt", url)
    assert told.code == 2
    assert "it must be the address of a broker, such as mqtt://broker.lan" in told.err
