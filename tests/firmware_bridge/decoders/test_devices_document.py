from __future__ import annotations

import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import firmware_bridge
from firmware_bridge.decoders.base import Ble, Serial

DOCUMENT = (Path(firmware_bridge.__file__).parent / "DEVICES.md").read_text(encoding="utf-8")
DECODERS = {entry.name: entry.load() for entry in entry_points(group="edge_ecg.decoders")}
OURS = ("edge", "cyton", "openview", "polar")


@pytest.mark.parametrize("name", OURS)
def test_every_device_is_in_the_document_with_its_line_and_its_source(name):
    (row,) = re.findall(rf"^\| `{name}` \| .*github.*$|^\| `{name}` \| .*PROTOCOL.*$", DOCUMENT, re.M)
    decoder = DECODERS[name]
    assert ("--port" in row) or isinstance(decoder.link, Ble)
    assert ("--ble" in row) or isinstance(decoder.link, Serial)
    if isinstance(decoder.link, Serial) and name != "edge":
        assert f"{decoder.link.baud} baud" in row
    device = decoder().device
    assert device is None or f"{device.rate:g} Hz" in row


def test_no_device_of_ours_is_left_out():
    named = set(re.findall(r"^\| `(\w+)` \|", DOCUMENT, re.M))
    assert named == set(OURS) <= set(DECODERS)
