from __future__ import annotations

import random

import pytest
from faulty import alerts, kept, lost

from benchmarks.fault_run import Setup, run

LINK_FAULTS = [
    "drop:p=0.03",
    "drop:p=0.3",
    "corrupt:p=0.05",
    "duplicate:p=0.3",
    "reorder:p=0.05",
    "burst:s=1.2,every=3",
    "unplug:at=3,for=2",
    "reboot:at=3.003,for=1.5",
    "reboot:at=6,for=99",
    "garbage:at=4,bytes=3000",
]
SIGNAL_FAULTS = [
    "off:electrode=V5,at=3,for=2",
    "off:electrode=RL,at=3,for=2",
    "off:electrode=LL,at=3,for=2,reads=noise",
    "saturate:channel=V1,at=3,for=2",
    "mains:uv=200",
    "drift:ppm=-20000",
]
CAUSES = {"drop": "missing", "corrupt": "corrupt", "garbage": "corrupt", "unplug": "link", "reboot": "reboot"}


@pytest.mark.parametrize("fault", LINK_FAULTS)
def test_a_fault_of_the_link_costs_what_it_takes_and_nothing_else(fault):
    outcome = kept(fault)
    kind = fault.split(":")[0]
    assert outcome.log.happened[kind] > 0
    assert lost(outcome) == ({CAUSES[kind]: outcome.log.lost[kind]} if kind in CAUSES else {})
    assert outcome.pipeline.timeline.emitted == outcome.log.sampled


@pytest.mark.parametrize("fault", SIGNAL_FAULTS)
def test_a_fault_of_the_signal_loses_no_sample(fault):
    outcome = kept(fault)
    assert lost(outcome) == {}
    assert outcome.pipeline.timeline.received == outcome.log.sampled


@pytest.mark.parametrize("fault", ["drop:p=0.02", "unplug:at=3,for=2", "reboot:at=3,for=2"])
def test_a_patch_at_another_rate_keeps_to_the_same(fault):
    kept(fault, rate=250.0)


@pytest.mark.parametrize("fault", ["drop:p=0.005", "unplug:at=3,for=2"])
def test_with_the_real_network_too(fault):
    kept(fault, network=True)


def _pairs(count: int) -> list[tuple[str, str]]:
    rng = random.Random(11)
    pairs = []
    while len(pairs) < count:
        one, other = rng.sample(LINK_FAULTS + SIGNAL_FAULTS, 2)
        if one.split(":")[0] != other.split(":")[0]:
            pairs.append((one, other))
    return pairs


@pytest.mark.parametrize("pair", _pairs(6), ids="+".join)
def test_two_faults_at_once(pair):
    kept(*pair, seed=sum(map(ord, "".join(pair))), rhythm="af")


@pytest.mark.parametrize(
    "faults",
    [
        ("unplug:at=2,for=4", "reboot:at=3,for=1"),  # the patch starts anew while nobody can see it
        ("unplug:at=2,for=2", "reboot:at=3,for=3"),  # and is not up yet when the link returns
        ("reboot:at=3,for=1", "drop:p=0.4"),  # its first words are lost
        ("reboot:at=0.6,for=1", "drop:p=0.4"),  # before the count has come far
        ("reboot:at=2,for=1", "reboot:at=5,for=1"),
        ("unplug:at=2,for=1", "unplug:at=5,for=0.03"),
    ],
    ids="+".join,
)
def test_what_hides_a_reboot_does_not_move_the_time(faults):
    kept(*faults, seed=1)


def test_the_same_seed_gives_the_same_bytes_and_another_one_others():
    setup = Setup(("drop:p=0.1", "corrupt:p=0.05", "reorder:p=0.05", "reboot:at=3,for=1"), 3, seconds=6.0)
    assert run(setup).digest == run(setup).digest
    assert run(setup).digest != run(Setup(setup.faults, 4, seconds=6.0)).digest


def test_an_asystole_is_told():
    assert "asystole" in alerts(kept(rhythm="asystole", seconds=26.0))


def test_an_asystole_that_nobody_can_see_is_not_told_but_the_gap_is():
    told = alerts(kept("unplug:at=18,for=7.5", rhythm="asystole", seconds=26.0))
    assert "asystole" not in told
    assert {"gap", "disconnected"} <= set(told)


def test_a_silence_that_a_reboot_cuts_short_is_no_asystole():
    kept("reboot:at=23,for=2", rhythm="asystole", seconds=26.0)
