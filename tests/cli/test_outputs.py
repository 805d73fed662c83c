from __future__ import annotations

import json
import os
import resource
import subprocess
import sys

import numpy as np
import pytest
from command_line import ended, process

MAX = ("--speed", "max")
QUIET = (*MAX, "--view", "none")


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def test_a_file_in_the_way_of_the_recording_is_told(edge_run, records, tmp_path):
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        told = edge_run("--replay", records / "three", "--record", folder, *QUIET)
        assert told.code == 6
        assert f"{folder}" in told.err
        assert "name a folder" in told.err
    assert (tmp_path / "file").read_text() == "mine"


def test_a_folder_that_takes_no_files_is_told(edge_run, records):
    told = edge_run("--replay", records / "three", "--record", "/proc/recordings", *QUIET)
    assert told.code == 6
    assert "/proc/recordings" in told.err


def test_a_replay_is_never_recorded_over(edge_run, records):
    before = {path: path.read_bytes() for path in records.glob("three*")}
    told = edge_run("--replay", records / "three", "--record", records, *QUIET)
    assert told.code == 6
    assert "another recording" in told.err
    assert all(path.read_bytes() == content for path, content in before.items())


@pytest.mark.parametrize("option", ["--events", "--summary"])
def test_a_file_that_holds_something_else_is_left_as_it_is(edge_run, records, option):
    before = (records / "three.hea").read_bytes()
    told = edge_run("--replay", records / "three", option, records / "three.hea", *QUIET)
    assert told.code == 6
    assert "three.hea" in told.err
    assert (records / "three.hea").read_bytes() == before


@pytest.mark.parametrize("option", ["--events", "--summary"])
def test_a_folder_that_is_not_there_or_a_folder_for_a_file_is_told_before_anything_runs(
    edge_run, records, tmp_path, option
):
    for path in (tmp_path / "none" / "file", tmp_path):
        told = edge_run("--replay", records / "three", option, path, "--speed", "0.01")  # a run would take for ever
        assert told.code == 6
        assert str(tmp_path) in told.err


def test_a_full_disk_for_events_is_told_and_the_summary_is_written(edge_run, records, tmp_path):
    told = edge_run("--replay", records / "three", "--events", "/dev/full", "--summary", tmp_path / "summary", *QUIET)
    assert told.code == 6
    assert "no space left for /dev/full" in told.err
    assert "scores" in json.loads((tmp_path / "summary").read_text())


def test_a_full_disk_for_the_recording_ends_with_6_and_what_was_written_opens(records, tmp_path):
    wfdb = pytest.importorskip("wfdb")

    def nearly_full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))  # 1666 of 3000 samples of twelve leads

    outputs = ("--record", tmp_path / "rec", "--events", tmp_path / "events", "--summary", tmp_path / "summary")
    told = ended(process("--replay", records / "three", *outputs, *QUIET, preexec_fn=nearly_full))
    assert told.code == 6
    assert "what was written so far opens" in told.err
    whole = wfdb.rdrecord(str(records / "three")).p_signal
    kept = wfdb.rdrecord(str(tmp_path / "rec" / "three")).p_signal
    assert 1000 <= len(kept) < 1700
    assert np.isfinite(kept).all()
    assert wfdb.rdrecord(str(tmp_path / "rec" / "three_raw")).sig_len >= 1000
    assert len(wfdb.rdann(str(tmp_path / "rec" / "three"), "qrs").sample) >= 1
    assert len(whole) == 3000
    events = lines((tmp_path / "events").read_text())
    assert events[-1]["type"] == "summary"
    assert json.loads((tmp_path / "summary").read_text()) == events[-1]
    assert events[-1]["samples"]["in"] == events[-1]["samples"]["out"]


def test_a_reader_of_events_that_leaves_ends_the_run_with_6(records, tmp_path):
    reading, writing = os.pipe()
    running = process("--replay", records / "three", "--events", "-", "--summary", tmp_path / "s", *MAX, stdout=writing)
    os.close(writing)
    os.close(reading)
    told = ended(running)
    assert told.code == 6
    assert "the reader of standard output went away" in told.err
    assert (tmp_path / "s").exists()


def test_a_reader_of_the_view_that_leaves_ends_nothing(records, tmp_path):
    reading, writing = os.pipe()
    running = process("--replay", records / "three", "--summary", tmp_path / "summary", *MAX, stdout=writing)
    os.close(writing)
    os.close(reading)
    told = ended(running)
    assert told.code == 0
    assert told.err == ""
    assert json.loads((tmp_path / "summary").read_text())["samples"]["in"] == 3000


@pytest.mark.parametrize(("redirections", "code"), [(">&-", 0), ("<&- >&- 2>&-", 0), (">/dev/full", 0)])
def test_closed_and_full_streams_for_the_view_are_no_failure_and_get_into_no_file(
    records, tmp_path, redirections, code
):
    wfdb = pytest.importorskip("wfdb")
    command = f"{sys.executable} -m edge.cli.run --replay {records}/three --speed max --record {tmp_path}/rec"
    assert subprocess.run(f"{command} {redirections}", shell=True, timeout=20).returncode == code
    assert wfdb.rdrecord(str(tmp_path / "rec" / "three")).sig_len == 3000


def test_events_on_a_closed_stream_end_with_6(records):
    command = f"{sys.executable} -m edge.cli.run --replay {records}/three --speed max --events - >&-"
    told = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=20)
    assert told.returncode == 6
    assert "standard output" in told.stderr


def test_without_home_terminal_or_unicode_it_runs_the_same(records):
    bare = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TERM": "dumb", "PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    told = ended(process("--replay", records / "three", *MAX, env=bare, stdin=subprocess.DEVNULL))
    assert told.code == 0
    assert told.err == ""
    assert "100 %" in told.out
    assert "\x1b" not in told.out


def test_events_go_on_after_a_line_that_was_cut_off(edge_run, records, tmp_path):
    events = tmp_path / "events"
    events.write_text('{"type":"start"}\n{"type":"be')
    assert edge_run("--replay", records / "three", "--events", events, *QUIET).code == 0
    written = events.read_text().splitlines()
    assert written[1] == '{"type":"be'
    assert lines("\n".join(written[2:]))[0]["type"] == "start"


def test_a_run_that_never_began_leaves_an_earlier_summary(edge_run, tmp_path):
    (tmp_path / "summary").write_text('{"type": "summary"}\n')
    assert edge_run("--port", "/dev/nowhere", "--summary", tmp_path / "summary").code == 4
    assert (tmp_path / "summary").read_text() == '{"type": "summary"}\n'
