"""Everything that can be wrong with Bluetooth, met as a user of edge-run meets it."""

from __future__ import annotations

import pytest
from streaming import patch

from edge.sources import ble_errors

OTHER = "AA:BB:CC:00:00:02"


@pytest.fixture
def served(bus):
    """Starts a bluetoothd; by default with a patch."""
    from contextlib import ExitStack

    from benchmarks.bluez.served import Served

    with ExitStack() as stack:
        yield lambda made=patch, **how: stack.enter_context(Served(made() if made else None, **how))


def refused(edge_run, *arguments, code=4):
    told = edge_run("--ble", *(arguments or ("ECG patch",)), "--view", "none", "--give-up", 0.5)
    assert told.code == code, told
    assert told.out == ""
    assert told.err.startswith("edge-run: ")
    assert told.err.count("\n") == 1
    return told.err


def error(name, text=""):
    from benchmarks.bluez.bluetoothd import refusal

    return refusal(name, text)


def test_without_bleak_the_extra_is_named(edge_run, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "bleak", None)
    assert "pip install 'edge-ecg[ble]'" in refused(edge_run)
    listed = edge_run("--list")
    assert (listed.code, listed.err) == (0, "")
    assert "no Bluetooth devices: Bluetooth needs the package bleak" in listed.out


def test_without_a_bus_the_package_is_named(edge_run, monkeypatch, tmp_path):
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    assert "no D-Bus" in refused(edge_run)
    assert "no D-Bus" in edge_run("--list").out


def test_without_bluetoothd_the_service_to_start_is_named(bus, edge_run):
    assert "systemctl enable --now bluetooth" in refused(edge_run)


def test_without_an_adapter(served, edge_run):
    served(None, adapter=False)
    assert "no Bluetooth adapter here" in refused(edge_run)
    assert "no Bluetooth adapter here" in edge_run("--list").out


def test_with_the_adapter_switched_off(served, edge_run):
    daemon = served()
    daemon.do(daemon.daemon.power(False))
    assert "bluetoothctl power on" in refused(edge_run)


def test_without_the_right_to_it_the_group_is_named(bus_that, edge_run):
    from benchmarks.bluez.served import Served

    with bus_that(deny=True), Served(None):
        assert "usermod -aG bluetooth" in refused(edge_run)


def test_where_the_bus_does_not_let_us_in_the_group_is_named(bus_that, edge_run):
    with bus_that(auth="ANONYMOUS"):
        assert "usermod -aG bluetooth" in refused(edge_run)


@pytest.mark.parametrize("target", ["Nobody", "11:22:33:44:55:66", "4b090001-86c6-4341-a96a-e69e80a00000"])
def test_a_device_out_of_reach_is_named_with_what_to_do(served, edge_run, impatient, target):
    served()
    told = refused(edge_run, target)
    assert f"no Bluetooth device {target} in reach" in told
    assert "--list" in told


def test_two_devices_of_one_name_are_told_apart_by_their_address(served, edge_run, impatient):
    from benchmarks.bluez.remote import Remote

    served().daemon.add(Remote(OTHER, "ECG patch", ()))
    told = refused(edge_run)
    assert "several Bluetooth devices answer to ECG patch" in told
    assert OTHER in told
    assert "C0:FF:EE:00:00:01" in told


def test_a_device_that_is_no_patch_is_told_so(served, edge_run, impatient):
    from benchmarks.bluez.remote import Remote

    served().daemon.add(Remote(OTHER, "Toothbrush", ("0000180f-0000-1000-8000-00805f9b34fb",)))
    told = refused(edge_run, "toothbrush")
    assert f"Toothbrush ({OTHER}) is no ECG patch" in told


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("Failed", "le-connection-abort-by-remote", "broke the connection off (le-connection-abort-by-remote)"),
        ("Failed", "Software caused connection abort", "broke the connection off"),
        ("InProgress", "Operation already in progress", "in use by another program"),
        ("AuthenticationFailed", "Authentication Failed", "refuses to pair"),
        ("NotReady", "Resource Not Ready", "switched off"),
    ],
)
def test_a_connection_that_is_refused_says_why(served, edge_run, impatient, name, text, words):
    served().daemon.connect_error = error(name, text)
    assert words in refused(edge_run)


def test_a_connection_that_takes_too_long(served, edge_run, impatient):
    served().daemon.connect_delay_s = 3.0
    assert "does not answer: bring it nearer" in refused(edge_run)


def test_a_patch_that_wants_to_be_paired_first(served, edge_run, impatient):
    served().daemon.notify_error = error("NotPermitted", "Not paired")
    assert "wants to be paired first (Not paired): give --bond" in refused(edge_run)


def test_a_patch_that_refuses_to_pair(served, edge_run, impatient):
    served().daemon.pair_error = error("AuthenticationFailed", "Authentication Failed")
    told = refused(edge_run, "ECG patch", "--bond")
    assert "refuses to pair (Authentication Failed)" in told
    assert "pairing mode" in told


def test_a_patch_that_pairs_and_does_not_bond_is_not_listened_to(served, edge_run, impatient):
    daemon = served().daemon
    daemon.bonds = False
    assert "not bonded after all" in refused(edge_run, "ECG patch", "--bond")
    assert daemon.subscriptions == 0


def test_an_mtu_that_holds_no_sample_is_refused(served, edge_run, impatient):
    served(mtu=23)
    assert "allows an MTU of 23 bytes, 64 are needed" in refused(edge_run)


def test_a_patch_that_says_nothing_is_given_up_with_5(served, edge_run, impatient):
    served().daemon.deaf = True
    told = refused(edge_run, code=5)
    assert "is connected and no patch described itself" in told
    assert "nothing came" in told


def test_a_patch_another_program_listens_to_is_in_use(served, edge_run, tmp_path):
    from cli.command_line import ended, process, wait_for

    served(lambda: patch(6.0))
    events = tmp_path / "events"
    first = process("--ble", "ECG patch", "--events", events, "--view", "none")
    wait_for(lambda: events.exists() and events.stat().st_size > 0, first)
    assert "in use by another program" in refused(edge_run)
    assert ended(first).code == 0


def test_every_entry_has_a_way_out():
    entries = {*ble_errors._BY_DBUS.values(), *ble_errors._BY_ADAPTER.values()}
    assert all(any(sign in text for sign in (":", ";")) for text, _ in entries)


def test_a_failure_nobody_foresaw_is_told_as_it_came():
    from bleak.exc import BleakDBusError, BleakError

    assert "the stars are wrong" in str(ble_errors.explained(BleakError("the stars are wrong"), "ECG patch"))
    new = ble_errors.explained(BleakDBusError("org.bluez.Error.New", []), "ECG patch")
    assert str(new) == "ECG patch: Bluetooth failed: org.bluez.Error.New"
    assert new.exit_code == 4


def test_gatt_errors_are_told_apart():
    from bleak.exc import BleakGATTProtocolError, BleakGATTProtocolErrorCode

    def told(code):
        return str(ble_errors.explained(BleakGATTProtocolError(BleakGATTProtocolErrorCode(code)), "X"))

    assert "--bond" in told(5)  # insufficient authentication
    assert "Application-specific Error" in told(0x80)
