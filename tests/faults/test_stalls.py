"""A link that is up and says nothing."""

from __future__ import annotations

import pytest
from faulty import alerts, kept, lost

from benchmarks import fault_check
from benchmarks.bluez.bus import available
from edge.sources import ble, serial


def links(outcome) -> list[bool]:
    return [event["up"] for event in outcome.heard.events if event["type"] == "link"]


def test_a_patch_that_says_nothing_for_a_while_costs_what_it_did_not_say():
    outcome = kept("stall:at=3,for=2")
    assert lost(outcome) == {"missing": 1000} == {"missing": outcome.log.lost["stall"]}
    assert outcome.log.happened["stall"] == 1
    assert links(outcome) == []


def test_a_silence_that_is_noticed_is_told_and_put_down_to_the_link():
    outcome = kept("stall:at=2,for=4.5")
    assert lost(outcome) == {"link": outcome.log.lost["stall"]}
    assert links(outcome) == [False, True]
    assert "disconnected" in alerts(outcome)


def test_what_was_held_meanwhile_is_lost_with_the_rest():
    kept("stall:at=2,for=2", "burst:s=1.2,every=3")
    kept("stall:at=2,for=2", "reorder:p=0.1")


def test_a_patch_that_reboots_unheard_is_found_out():
    kept("stall:at=2,for=3", "reboot:at=3,for=1")


@pytest.mark.parametrize("road", ["pty", "ble"])
def test_over_a_real_road_the_watch_notices_and_samples_return_in_their_place(road, monkeypatch):
    if road == "ble" and not available():
        pytest.skip("dbus-daemon or bleak is not installed (Debian's package dbus, the extra ble)")
    for module in (serial, ble, fault_check):
        monkeypatch.setattr(module, "STALL_S", 0.3)
    outcome = kept("stall:at=1,for=4", road=road, speed=2.0, seconds=6.5)
    assert lost(outcome) == {"link": 2000}
    assert links(outcome) == [False, True]
