from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from command_line import Told, ended, ran, wait_for

from edge.cli.enrol import main
from edge.leads import LEADS
from edge.synthetic import synthesise

PATCH = ("--channels", "II,V1,V5")


@pytest.fixture
def edge_enrol(capfd: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """edge-enrol in this process; whatever a test asks of it, no mistake of a user's may look like a bug."""

    return functools.partial(ran, main, capfd)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds of twelve leads with an amplifier's noise, as CSV."""
    mv = synthesise("sinus", 8.0, 500.0, seed=11, noise_uv=4.0).mv
    return written(tmp_path_factory.mktemp("enrol") / "twelve.csv", mv, LEADS)


def written(path: Path, mv: np.ndarray, leads: tuple[str, ...], rate: float = 500.0) -> Path:
    t = np.arange(len(mv))[:, None] / rate
    header = ",".join(["time_s", *leads])
    np.savetxt(path, np.hstack([t, mv]), fmt="%.6f", delimiter=",", header=header, comments="")
    return path


@pytest.fixture
def patient(recording: Path, tmp_path: Path, edge_enrol: Callable[..., Told]) -> Path:
    path = tmp_path / "patient.json"
    told = edge_enrol("--replay", recording, "--seconds", 4, "--out", path)
    assert told.code == 0, told.err
    return path


def test_seconds_of_twelve_leads_make_a_file_and_the_gain_is_told_lead_by_lead(recording, tmp_path, edge_enrol):
    told = edge_enrol("--replay", recording, "--seconds", 4, "--out", tmp_path / "patient.json")
    assert told.code == 0
    assert told.err == ""
    assert "4.0 s" in told.out
    gain = json.loads((tmp_path / "patient.json").read_text())["gain_uv"]
    assert set(gain) == set(LEADS) - {"II", "V1", "V5"}
    for lead, of in gain.items():
        (line,) = [line for line in told.out.splitlines() if line.split()[:1] == [lead]]
        assert [float(x) for x in line.split()[1:]] == [of["before"], of["after"]]
    assert "cannot be seen" in told.out


def test_edge_run_takes_the_file_and_every_account_of_the_run_says_so(recording, patient, edge_run):
    told = edge_run("--replay", recording, *PATCH, "--patient", patient, "--speed", "max", "--events", "-")
    assert told.code == 0, told.err
    events = [json.loads(line) for line in told.out.splitlines()]
    assert events[0]["patient"]["montage"] == ["II", "V1", "V5"]
    assert events[0]["configuration"]["patient"] == str(patient)
    assert events[-1]["patient"]["corrected_samples"] == 4000
    assert "correction learnt from 4 s" in edge_run("--replay", recording, "--patient", patient, "--explain").out


def test_without_a_file_the_accounts_say_that_there_is_none(recording, edge_run):
    told = edge_run("--replay", recording, *PATCH, "--speed", "max", "--events", "-")
    events = [json.loads(line) for line in told.out.splitlines()]
    assert events[0]["patient"] is None
    assert events[-1]["patient"] is None
    assert "none: the network alone" in edge_run("--replay", recording, "--explain").out


def test_the_file_can_stand_in_the_configuration(recording, patient, edge_run, tmp_path):
    config = tmp_path / "edge.toml"
    config.write_text(f'replay = "{recording}"\nchannels = "II,V1,V5"\npatient = "{patient}"\nspeed = "max"\n')
    told = edge_run("--config", config, "--events", "-")
    assert json.loads(told.out.splitlines()[-1])["patient"]["corrected_samples"] > 0


def test_a_file_for_other_leads_ends_with_3_and_the_way_out(recording, patient, edge_run):
    told = edge_run("--replay", recording, "--channels", "I,II", "--patient", patient, "--view", "none")
    assert told.code == 3
    assert "II, V1, V5" in told.err
    assert "--channels" in told.err


def test_what_is_no_patient_file_ends_with_3(recording, edge_run, tmp_path):
    for name, content in (("a.json", "{}"), ("b.json", "not json")):
        (tmp_path / name).write_text(content)
        told = edge_run("--replay", recording, *PATCH, "--patient", tmp_path / name)
        assert told.code == 3
        assert "edge-enrol" in told.err
    assert edge_run("--replay", recording, *PATCH, "--patient", tmp_path / "nobody.json").code == 3


def test_a_patient_and_the_demo_exclude_each_other(edge_run):
    told = edge_run("--demo", "--patient", "p.json")
    assert told.code == 2
    assert "--patient" in told.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--seconds", "3"), 2, "4 to 300"),
        (("--seconds", "many"), 2, "4 to 300"),
        (("--seconds", "30"), 3, "8.0 s"),
        (("--channels", "II,V9"), 2, "V9"),
        (("--channels", "II,MLII"), 2, "twice"),
        (("--leads", "I,II"), 3, "no lead V1"),
        (("--leads", "II,V1,V5"), 3, "nothing beyond"),
        (("--bundle", "/nowhere"), 3, "no bundle"),
        (("--hop", "7"), 2, "0.1 to 2"),
        (("--fast",), 2, "--fast"),
    ],
)
def test_what_cannot_be_is_told_with_its_rule_and_nothing_is_written(
    recording, tmp_path, edge_enrol, arguments, code, words
):
    told = edge_enrol("--replay", recording, "--out", tmp_path / "patient.json", *arguments)
    assert told.code == code
    assert words in told.err
    assert told.out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_source_and_a_place_to_write_are_needed(recording, tmp_path, edge_enrol):
    assert edge_enrol("--out", tmp_path / "p.json").code == 2
    assert edge_enrol("--replay", recording).code == 2
    assert edge_enrol("--replay", recording, "--out", tmp_path).code == 6
    assert edge_enrol("--replay", recording, "--out", tmp_path / "no" / "p.json").code == 6
    assert edge_enrol("--replay", tmp_path / "nothing.csv", "--out", tmp_path / "p.json").code == 3
    assert edge_enrol("--port", tmp_path / "tty", "--give-up", 0, "--out", tmp_path / "p.json").code == 4


def test_a_noisy_recording_is_refused_with_3_and_the_lead(tmp_path, edge_enrol):
    mv = synthesise("sinus", 6.0, 500.0, seed=12, noise_uv=4.0).mv
    mv[:, LEADS.index("V4")] += np.random.default_rng(0).normal(0, 2.0, len(mv))
    told = edge_enrol("--replay", written(tmp_path / "noisy.csv", mv, LEADS), "--out", tmp_path / "patient.json")
    assert told.code == 3
    assert "V4" in told.err
    assert not (tmp_path / "patient.json").exists()


def test_the_help_says_what_cannot_be_seen_and_that_this_is_no_medical_device(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    assert "cannot see that an\nelectrode which is not measured" in text
    assert "Not a medical device" in text


def test_a_patch_of_twelve_leads_on_a_port_is_enrolled(tmp_path, edge_enrol, recording):
    from edge.recordings import open_recording
    from edge.sinks.pty_server import PtyServer
    from edge.virtual import virtual_patch

    r = open_recording(recording)
    sent = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
    mv = np.ascontiguousarray(r.mv[:, [r.leads.index(lead) for lead in sent]])
    with PtyServer(virtual_patch(mv, r.rate, sent), speed=8.0) as server:
        told = edge_enrol("--port", server.path, "--seconds", 5, "--out", tmp_path / "patient.json")
    assert told.code == 0, told.err
    assert set(json.loads((tmp_path / "patient.json").read_text())["gain_uv"]) == set(LEADS) - {"II", "V1", "V5"}


def test_stopped_by_hand_it_writes_nothing_and_says_so(tmp_path, recording):
    from edge.recordings import open_recording
    from edge.sinks.pty_server import PtyServer
    from edge.virtual import virtual_patch

    r = open_recording(recording)
    with PtyServer(virtual_patch(r.mv, r.rate, r.leads, loop=True)) as server:
        command = [sys.executable, "-m", "edge.cli.enrol", "--port", server.path, "--seconds", "60"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        running = subprocess.Popen([*command, "--out", str(tmp_path / "p.json")], **pipes)
        wait_for(lambda: server.log.sampled > 0, running)
        os.kill(running.pid, signal.SIGINT)
        told = ended(running)
    assert told.code == 0
    assert "no patient file" in told.err
    assert list(tmp_path.iterdir()) == []
