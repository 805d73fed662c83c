"""PROTOCOL.md is what firmware is written from, so its numbers are held to the code's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from wire_vectors import vectors

import firmware_bridge
from firmware_bridge import gatt, validate
from firmware_bridge import messages as wire

TEXT = (Path(firmware_bridge.__file__).parent / "PROTOCOL.md").read_text(encoding="utf-8")
HEADINGS = re.findall(r"### 0x(\w\w) (\w+), (\d+) bytes(.*?)(?=\n##)", TEXT, re.S)


def test_every_message_has_its_table() -> None:
    documented = {int(kind, 16): (name, int(size)) for kind, name, size, _ in HEADINGS}
    assert documented == {kind: (m.__name__, wire.MIN_SIZE[kind]) for kind, m in wire.TYPES.items()}


@pytest.mark.parametrize(("kind", "size", "section"), [(k, int(s), t) for k, _, s, t in HEADINGS])
def test_the_fields_of_a_table_follow_each_other_and_fill_the_message(kind: str, size: int, section: str) -> None:
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (\w+) \|", section, re.M)
    names = tuple(name for _, _, name in rows)
    at = 0
    for offset, length, _ in rows:
        assert int(offset) == at
        at += int(length)
    assert at == size
    fields = [name for name in wire.TYPES[int(kind, 16)].__dataclass_fields__ if name not in ("TYPE", "BODY", "counts")]
    assert list(names) == ["type", *fields] + (["count", "channels"] if kind == "03" else [])


@pytest.mark.parametrize("name", ["one count up, one down, in two channels", "first word of a host"])
def test_the_examples_are_golden(name: str) -> None:
    golden = next(v for v in vectors("messages.json") if v["name"] == name)
    bare = TEXT.replace(" ", "")
    assert f"\n{golden['hex']}\n" in bare or f"message{golden['hex']}\n" in bare
    assert name != "first word of a host" or f"frame{golden['serial']}\n" in bare


def test_the_weights_of_the_table_are_golden() -> None:
    rows = re.findall(r"\| `((?:\w\w ){8}\w\w)` \|", TEXT)
    golden = {v["hex"][12:] for v in vectors("messages.json") if v["type"] == "Channel"}
    assert len(rows) == 5
    assert {row.replace(" ", "") for row in rows} <= golden


def test_the_samples_a_notification_holds_are_the_code_s() -> None:
    table = TEXT.split("| channels | MTU 64")[1].split("\n\n")[0]
    rows = [[int(cell) for cell in row] for row in re.findall(r"\| (\d+) \| (\d+) \| (\d+) \| (\d+) \|", table)]
    assert len(rows) == 6
    for channels, *fits in rows:
        assert fits == [gatt.samples_per_notification(mtu, channels) for mtu in (64, 185, 247)]


def test_the_bounds_are_the_host_s() -> None:
    for bounds in (
        f"| {validate.MIN_RATE_MHZ} to {validate.MAX_RATE_MHZ} |",
        f"| {validate.MIN_ADC_BITS} to {validate.MAX_ADC_BITS} |",
        f"| sum {validate.MIN_WEIGHT} to {validate.MAX_WEIGHT} |",
        f"| {validate.MIN_GAIN_PV} (1 nV) to {validate.MAX_GAIN_PV} (25 uV) |",
    ):
        assert bounds in TEXT
    assert (validate.MIN_RANGE_PV, validate.MAX_RANGE_PV) == (2 * 10**9, 10 * 10**12)
    for uuid in (gatt.SERVICE, gatt.FROM_PATCH, gatt.TO_PATCH):
        assert uuid in TEXT


def test_what_a_patch_advertises_is_the_code_s() -> None:
    assert f"advertisement   {gatt.advertisement().hex()}\n" in TEXT
    assert f"scan response   {gatt.scan_response('ECG patch').hex()}\n" in TEXT
    assert f"at most {gatt.MAX_ADVERTISED_NAME} bytes" in TEXT
    for uuid in (
        *(gatt.BATTERY_SERVICE, gatt.BATTERY_LEVEL, gatt.DEVICE_INFORMATION),
        *(gatt.MANUFACTURER_NAME, gatt.SERIAL_NUMBER, gatt.FIRMWARE_REVISION),
    ):
        assert f"0x{uuid[4:8].upper()}" in TEXT
