from __future__ import annotations

import pytest
from faulty import alerts, kept, lost


@pytest.mark.parametrize("fault", ["drop:p=0.05", "corrupt:p=0.05", "garbage:at=3,bytes=500"])
def test_over_a_real_pty_faults_cost_what_they_take(fault):
    outcome = kept(fault, road="pty", seconds=6.0)
    assert sum(lost(outcome).values()) == outcome.log.lost.total() > 0


def test_a_pty_that_is_unplugged_comes_back_in_its_place():
    outcome = kept("unplug:at=3,for=2", road="pty", seconds=6.0)
    assert list(lost(outcome)) == ["link"]
    assert outcome.pipeline.timeline.emitted == outcome.log.sampled
    assert [e["up"] for e in outcome.heard.events if e["type"] == "link"] == [False, True]
    assert "disconnected" in alerts(outcome)


def test_a_patch_that_reboots_on_a_pty_is_placed_by_the_hosts_clock():
    outcome = kept("reboot:at=1,for=1", road="pty", seconds=3.0, speed=1.0)
    assert list(lost(outcome)) == ["reboot"]
    assert lost(outcome)["reboot"] == pytest.approx(500, abs=75)
