"""edge-patch --ble and edge-run --ble as their users run them, each in a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest
from cli.command_line import ended, process, ran

from edge.cli.enrol import main as enrol
from edge.config import settings
from edge.errors import UsageError


@pytest.fixture
def bluetoothd(bus):
    from benchmarks.bluez.served import Served

    with Served() as served:
        yield served


def edge_patch(*arguments):
    command = [sys.executable, "-m", "edge.cli.patch", "--ble", *map(str, arguments)]
    patch = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return patch, patch.stdout.readline().strip()


def test_two_commands_meet_and_no_sample_is_lost(bluetoothd, tmp_path):
    patch, name = edge_patch("Ward 3", "--synthetic", "af", "--duration", 5, "--speed", 4)
    assert name == "Ward 3"
    told = ended(process("--ble", "ward 3", "--view", "none", "--summary", tmp_path / "summary"))
    assert (told.code, told.err) == (0, "")
    samples = json.loads((tmp_path / "summary").read_text())["samples"]
    assert (samples["in"], samples["out"], samples["lost"]) == (2500, 2500, {})
    assert "2500 samples, 2500 sent whole; lost: none" in patch.communicate(timeout=10)[1]
    assert patch.returncode == 0


def test_a_patch_that_unplugs_itself_comes_back(bluetoothd, tmp_path):
    arguments = ("--synthetic", "sinus", "--duration", 6, "--speed", 2, "--fault", "unplug:at=2,for=1")
    patch, _ = edge_patch(*arguments)
    told = ended(process("--ble", "ECG patch", "--view", "none", "--summary", tmp_path / "summary"))
    assert told.code == 0, told
    samples = json.loads((tmp_path / "summary").read_text())["samples"]
    assert list(samples["lost"]) == ["link"]
    assert samples["in"] + samples["lost"]["link"] == samples["out"] == 3000
    assert f"unplug {samples['lost']['link']}" in patch.communicate(timeout=10)[1]


def test_a_patch_of_eight_leads_is_enrolled_by_bluetooth(bluetoothd, tmp_path, capfd):
    patch, _ = edge_patch("--synthetic", "sinus", "--channels", "I,II,V1,V2,V3,V4,V5,V6", "--duration", 8, "--speed", 4)
    told = ran(enrol, capfd, "--ble", "ECG patch", "--seconds", 5, "--out", tmp_path / "patient.json")
    assert told.code == 0, told.err
    assert "patient file" in told.out
    assert (tmp_path / "patient.json").exists()
    patch.communicate(timeout=10)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_patch_that_is_stopped_leaves_the_air_and_gives_its_account(bluetoothd, stop):
    patch, _ = edge_patch("--synthetic", "sinus", "--loop")
    patch.send_signal(stop)
    _, err = patch.communicate(timeout=10)
    assert patch.returncode == 0
    assert "Traceback" not in err
    assert "samples" in err
    assert not bluetoothd.daemon.patch.connected


def test_a_run_that_is_stopped_leaves_the_patch_free(bluetoothd, tmp_path):
    from cli.command_line import wait_for

    patch, _ = edge_patch("--synthetic", "sinus", "--loop")
    events = tmp_path / "events"
    run = process("--ble", "ECG patch", "--view", "none", "--events", events)
    wait_for(lambda: events.exists() and events.stat().st_size > 0, run)
    run.send_signal(signal.SIGTERM)
    told = ended(run)
    assert (told.code, told.err) == (0, "")
    assert json.loads(events.read_text().splitlines()[-1])["type"] == "summary"
    assert not bluetoothd.daemon.patch.connected
    patch.terminate()
    patch.communicate(timeout=10)


def test_list_names_the_patch_and_says_that_it_is_one(bluetoothd, edge_run, monkeypatch):
    from benchmarks.bluez.remote import Remote

    monkeypatch.setattr("edge.sources.ble_scan.LISTING_S", 0.5)
    bluetoothd.daemon.add(Remote("AA:BB:CC:00:00:02", "Tooth\x1bbrush", ()))
    patch, _ = edge_patch("--synthetic", "sinus", "--loop")
    told = edge_run("--list")
    patch.terminate()
    patch.communicate(timeout=10)
    assert (told.code, told.err) == (0, "")
    lines = told.out.splitlines()[-2:]
    assert "ECG patch" in lines[0]
    assert "C0:FF:EE:00:00:01" in lines[0]
    assert "dBm  speaks our protocol" in lines[0]
    assert "\x1b" not in lines[1]
    assert lines[1].rstrip().endswith("dBm")


def test_list_with_nothing_in_reach_says_so(bluetoothd, edge_run, monkeypatch):
    monkeypatch.setattr("edge.sources.ble_scan.LISTING_S", 0.2)
    assert "no Bluetooth devices in reach" in edge_run("--list").out


def test_a_patch_for_the_air_refuses_a_name_that_is_too_long(bluetoothd):
    patch, _ = edge_patch("x" * 40, "--synthetic", "sinus")
    _, err = patch.communicate(timeout=10)
    assert patch.returncode == 2
    assert err.startswith("edge-patch: --ble: the name")
    assert "29 fit" in err


def test_bluetooth_s_settings_go_with_bluetooth_only(tmp_path):
    assert settings({"ble": "x", "bond": True, "give_up": 5}).bond
    with pytest.raises(UsageError, match="--bond goes with --ble only"):
        settings({"port": "/dev/ttyUSB0", "bond": True})
    with pytest.raises(UsageError, match="--give-up goes with --port or --ble only"):
        settings({"replay": "x", "give_up": 5})
    with pytest.raises(UsageError, match="--port and --ble exclude each other"):
        settings({"port": "/dev/ttyUSB0", "ble": "x"})
    with pytest.raises(UsageError, match="no lead"):
        settings({"ble": "x", "channels": "ch1,ch2"})
    file = tmp_path / "edge.toml"
    file.write_text('ble = "ECG patch"\nbond = true\ngive_up = 30\n')
    assert settings({}, file).bond
    other = settings({"port": "/dev/ttyUSB0"}, file)  # what is Bluetooth's alone goes with it
    assert (other.ble, other.bond) == (None, False)
