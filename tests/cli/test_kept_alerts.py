"""The alerts that a run keeps: their log, their strips, and their acknowledgement from outside."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import ended, process, wait_for

from edge.leads import LEAD
from edge.recordings.writer import WfdbWriter
from edge.synthetic import synthesise

wfdb = pytest.importorskip("wfdb")

SENT = ("II", "V1", "V5")
SECONDS = 45.0
QUIET = ("--speed", "max", "--view", "none")
LIVE = ("--speed", "8", "--view", "none")


@pytest.fixture(scope="module")
def fast(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path of a recording of a tachycardia of 150 a minute."""
    folder = tmp_path_factory.mktemp("fast")
    heart = synthesise("tachy", SECONDS, 500.0, seed=3, bpm=150)
    with WfdbWriter(folder, "fast", 500, SENT) as writer:
        writer.write(0, heart.mv[:, [LEAD[lead] for lead in SENT]])
    return folder / "fast"


def log(folder: Path) -> list[dict[str, Any]]:
    path = folder / "fast_alerts" / "log.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def told(folder: Path, state: str = "on") -> list[dict[str, Any]]:
    return [line for line in log(folder) if line["type"] == "alert" and line["state"] == state]


def test_a_recording_keeps_its_alerts_with_a_strip_that_is_the_recordings(edge_run, fast, tmp_path):
    assert edge_run("--replay", fast, "--record", tmp_path, *QUIET).code == 0
    (on,) = told(tmp_path)
    assert (on["kind"], log(tmp_path)[0]["type"], log(tmp_path)[-1]["type"]) == ("tachycardia", "start", "end")
    strip = wfdb.rdrecord(str(tmp_path / on["strip"]))
    whole = wfdb.rdrecord(str(tmp_path / "fast"))
    first, last = max(0, on["onset"] - 5000), min(on["sample"] + 5000, whole.sig_len)
    assert strip.sig_len == last - first
    np.testing.assert_allclose(strip.p_signal, whole.p_signal[first:last], atol=1e-9, equal_nan=True)
    assert wfdb.rdann(str(tmp_path / on["strip"]), "alm").sample.tolist() == [on["onset"] - first, on["sample"] - first]
    beats = wfdb.rdann(str(tmp_path / "fast"), "qrs").sample
    in_strip = beats[(beats >= first) & (beats < last)] - first
    assert wfdb.rdann(str(tmp_path / on["strip"]), "qrs").sample.tolist() == in_strip.tolist()


def test_alerts_can_be_kept_without_a_recording_and_the_events_name_their_strips(edge_run, fast, tmp_path):
    events = tmp_path / "events"
    assert edge_run("--replay", fast, "--alert-dir", tmp_path / "a", "--events", events, *QUIET).code == 0
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["fast_alerts"]
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    named = [line["strip"] for line in lines if line["type"] == "alert"]
    assert named == [line["strip"] for line in log(tmp_path / "a") if line["type"] == "alert"]
    assert all((tmp_path / "a" / f"{name}.hea").exists() for name in named)


def test_where_alerts_are_not_kept_no_strip_is_named(edge_run, fast, tmp_path):
    assert edge_run("--replay", fast, "--events", tmp_path / "events", *QUIET).code == 0
    lines = [json.loads(line) for line in (tmp_path / "events").read_text().splitlines()]
    assert [line["strip"] for line in lines if line["type"] == "alert"] == [None]


def test_the_folder_can_stand_in_the_configuration(edge_run, fast, tmp_path):
    (tmp_path / "edge.toml").write_text(
        f'alert_dir = "{tmp_path / "a"}"\n[alerts]\ntachycardia_per_min = 200\nextreme_tachycardia_per_min = 220\n'
    )
    assert edge_run("--replay", fast, "--config", tmp_path / "edge.toml", *QUIET).code == 0
    assert [line["type"] for line in log(tmp_path / "a")] == ["start", "end"], "150 a minute is below 200"


def test_a_killed_run_leaves_a_whole_log_and_a_strip_that_opens_and_the_next_run_goes_on(edge_run, fast, tmp_path):
    running = process("--replay", fast, "--record", tmp_path, *LIVE)
    wait_for(lambda: bool(told(tmp_path)), running)
    strip = tmp_path / told(tmp_path)[0]["strip"]
    wait_for(strip.with_suffix(".hea").exists, running)
    running.kill()
    running.communicate()
    before = log(tmp_path)
    assert [line["type"] for line in before] == ["start", "alert"], "no end: it was killed"
    cut = wfdb.rdrecord(str(strip))
    assert 10 * 500 < cut.sig_len < before[-1]["sample"] + 5000
    path = tmp_path / "fast_alerts" / "log.jsonl"
    with path.open("a") as file:
        file.write('{"type":"alert","t":31.')  # as the power's end may leave it
    assert edge_run("--replay", fast, "--record", tmp_path, *QUIET).code == 0
    after = log(tmp_path)
    assert after[: len(before)] == before
    assert [line["type"] for line in after[len(before) :]] == ["start", "alert", "end"]
    strips = {line["strip"] for line in told(tmp_path)}
    assert len(strips) == 2, "the other run's strip stays"
    assert wfdb.rdrecord(str(strip)).sig_len == cut.sig_len


def test_a_run_that_is_stopped_in_the_midst_of_a_strip_keeps_what_there_is(fast, tmp_path):
    running = process("--replay", fast, "--record", tmp_path, *LIVE)
    wait_for(lambda: bool(told(tmp_path)), running)
    running.send_signal(signal.SIGINT)
    assert ended(running).code == 0
    (on,) = told(tmp_path)
    strip, whole = wfdb.rdrecord(str(tmp_path / on["strip"])), wfdb.rdrecord(str(tmp_path / "fast"))
    first, last = max(0, on["onset"] - 5000), min(on["sample"] + 5000, whole.sig_len)
    np.testing.assert_allclose(strip.p_signal, whole.p_signal[first:last], atol=1e-9, equal_nan=True)
    assert log(tmp_path)[-1]["type"] == "end"


def test_usr1_acknowledges_what_is_on(fast, tmp_path):
    running = process("--replay", fast, "--record", tmp_path, *LIVE)
    wait_for(lambda: bool(told(tmp_path)), running)
    running.send_signal(signal.SIGUSR1)
    wait_for(lambda: bool(told(tmp_path, "acknowledged")), running)
    running.send_signal(signal.SIGUSR1)  # once more does nothing
    running.send_signal(signal.SIGTERM)
    assert ended(running).code == 0
    (seen,) = told(tmp_path, "acknowledged")
    assert seen["id"] == told(tmp_path)[0]["id"]


def test_usr1_with_nothing_to_acknowledge_does_no_harm(fast, tmp_path):
    running = process("--replay", fast, "--record", tmp_path, *QUIET)
    wait_for(lambda: bool(log(tmp_path)), running)
    running.send_signal(signal.SIGUSR1)
    assert ended(running).code == 0
    assert log(tmp_path)[-1]["type"] == "end"


def test_a_file_in_the_way_of_the_alerts_is_told(edge_run, fast, tmp_path):
    (tmp_path / "fast_alerts").write_text("mine")
    done = edge_run("--replay", fast, "--alert-dir", tmp_path, *QUIET)
    assert done.code == 6
    assert f"{tmp_path / 'fast_alerts'}" in done.err
    assert (tmp_path / "fast_alerts").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission_is_told(edge_run, fast, tmp_path):
    tmp_path.chmod(0o500)
    done = edge_run("--replay", fast, "--alert-dir", tmp_path, *QUIET)
    assert done.code == 6
    assert "no permission" in done.err


def test_a_folder_that_takes_no_files_is_told(edge_run, fast):
    done = edge_run("--replay", fast, "--alert-dir", "/proc/alerts", *QUIET)
    assert done.code == 6
    assert "/proc/alerts" in done.err
