"""GATT: what a patch advertises, byte for byte as the Core Specification lays it out."""

from __future__ import annotations

import uuid

import pytest

from firmware_bridge import gatt


def structures(data: bytes) -> dict[int, bytes]:
    """Length, type and value, again and again (Core 5.4, vol. 3 C 11)."""
    out, at = {}, 0
    while at < len(data):
        out[data[at + 1]] = data[at + 2 : at + 1 + data[at]]
        at += 1 + data[at]
    assert at == len(data)
    return out


def test_the_advertisement_has_flags_and_the_service_and_fits():
    data = gatt.advertisement()
    assert len(data) <= gatt.ADVERTISING_BYTES
    assert structures(data) == {0x01: b"\x06", 0x07: uuid.UUID(gatt.SERVICE).bytes[::-1]}


@pytest.mark.parametrize("name", ["x", "ECG patch", "Ward 3, bed 12, ECG patch 007", "Herz\N{BLACK HEART SUIT}"])
def test_the_scan_response_has_the_name_and_fits(name):
    data = gatt.scan_response(name)
    assert len(data) <= gatt.ADVERTISING_BYTES
    assert structures(data) == {0x09: name.encode()}


def test_a_name_that_does_not_fit_is_refused_by_its_bytes():
    gatt.scan_response("é" * 14)
    with pytest.raises(ValueError, match="30 bytes: 29 fit"):
        gatt.scan_response("é" * 15)
