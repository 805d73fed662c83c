from __future__ import annotations

import pytest

from edge.sources.ble_target import By, Target
from firmware_bridge import gatt


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("ECG patch", By.NAME),
        ("C0:FF:EE:00:00:01", By.ADDRESS),
        ("c0:ff:ee:00:00:01", By.ADDRESS),
        ("C0:FF:EE:00:00", By.NAME),
        (gatt.SERVICE, By.SERVICE),
        (gatt.SERVICE[:-1], By.NAME),
    ],
)
def test_what_is_meant_is_told_by_how_it_is_written(text, by):
    assert Target(text).by is by


def test_a_name_is_the_whole_name():
    assert Target("patch").matches("Patch", "x", ())
    assert not Target("patch").matches("Patch 2", "x", ())
    assert not Target("patch").matches(None, "x", ())


def test_a_service_is_one_of_those_advertised():
    assert Target(gatt.SERVICE.upper()).matches(None, "x", ("180f", gatt.SERVICE))
    assert not Target(gatt.SERVICE).matches(gatt.SERVICE, "x", ())
