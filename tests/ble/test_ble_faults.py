from __future__ import annotations

import pytest

from benchmarks.fault_check import broken
from benchmarks.fault_run import Outcome, Setup, through

CAUSES = {"drop": "missing", "stall": "missing", "corrupt": "corrupt", "unplug": "link", "reboot": "reboot"}


def through_bluetooth(*faults: str, speed: float = float("inf"), seconds: float = 6.0, mtu: int = 247) -> Outcome:
    from benchmarks.bluez.served import over_ble

    setup = Setup(faults, seconds=seconds)
    patch = setup.patch()
    with over_ble(patch, setup.parsed, speed=speed, mtu=mtu) as source:
        return through(source, setup, patch.log)


def lost(outcome: Outcome) -> dict[str, int]:
    return {str(cause): n for cause, n in outcome.pipeline.timeline.lost.items() if n}


@pytest.mark.parametrize(
    "fault",
    [
        "drop:p=0.05",
        "corrupt:p=0.05",
        "duplicate:p=0.3",
        "reorder:p=0.05",
        "garbage:at=3,bytes=2000",
        "burst:s=1.2,every=3",
        "garbage:at=3,bytes=20000",
        "unplug:at=2,for=2",
        "stall:at=2,for=2",
        "off:electrode=V5,at=3,for=2",
        "drift:ppm=-20000",
    ],
)
def test_a_fault_costs_what_it_takes_and_nothing_else(bus, fault):
    outcome = through_bluetooth(fault)
    kind = fault.split(":")[0]
    assert broken(outcome) == {}
    assert lost(outcome) == ({CAUSES[kind]: outcome.log.lost[kind]} if kind in CAUSES else {})
    assert outcome.pipeline.timeline.emitted == outcome.log.sampled
    assert outcome.log.happened[kind] > 0 or kind in ("off", "drift")


def test_with_the_least_mtu_nothing_is_lost_either(bus):
    outcome = through_bluetooth(mtu=64)
    assert broken(outcome) == {}
    assert lost(outcome) == {}
    assert outcome.pipeline.timeline.received == outcome.log.sampled == 3000


def test_two_faults_at_once(bus):
    outcome = through_bluetooth("unplug:at=2,for=1", "drop:p=0.1")
    assert broken(outcome) == {}
    assert sum(lost(outcome).values()) == outcome.log.lost.total() > 0


def test_a_patch_that_reboots_is_placed_by_the_hosts_clock(bus):
    outcome = through_bluetooth("reboot:at=1,for=1", speed=1.0, seconds=3.0)
    assert list(lost(outcome)) == ["reboot"]
    assert lost(outcome)["reboot"] == pytest.approx(500, abs=75)
