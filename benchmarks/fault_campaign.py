"""Which faults, how hard, how often, by which road: the runs of the campaign."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from benchmarks.fault_run import Road, Setup
from firmware_bridge.faults import Reboot

ALONE = {
    "none": [""],
    "drop": ["drop:p=0.01", "drop:p=0.05", "drop:p=0.3"],
    "corrupt": ["corrupt:p=0.01", "corrupt:p=0.1"],
    "duplicate": ["duplicate:p=0.1", "duplicate:p=0.5"],
    "reorder": ["reorder:p=0.02", "reorder:p=0.1,depth=2"],
    "burst": ["burst:s=0.3,every=1", "burst:s=3,every=7"],
    "unplug": ["unplug:at=10,for=5", "unplug:at=10.3,for=0.05", "unplug:at=6,for=20"],
    "stall": ["stall:at=10,for=5", "stall:at=10.3,for=1", "stall:at=6,for=20"],
    "reboot": ["reboot:at=10,for=2", "reboot:at=15.013,for=0.3", "reboot:at=25,for=99"],
    "drift": ["drift:ppm=50", "drift:ppm=-20000"],
    "off": ["off:electrode=V5", "off:electrode=RL,at=12,for=9", "off:electrode=LL,reads=noise"],
    "saturate": ["saturate:channel=V1"],
    "mains": ["mains:uv=200,hz=50"],
    "garbage": ["garbage:at=10,bytes=256", "garbage:at=10,bytes=20000"],
}
RHYTHMS = ("sinus", "asystole", "af", "pause")
SLOW_RATE = 250.0  # Hz: resampled inside
WITH_RING = ("none", "drop", "corrupt", "reorder", "unplug", "reboot")
WITH_NETWORK = ("none", "drop", "unplug", "reboot")
PAIRS_SEED = 2026
RING_S = 8.0  # of the patch's samples, held

ROAD_SECONDS = 20.0  # of signal, a run over a real road
# On a real road each fault strikes, and is over, within those; a reboot in pairs only, or at the patch's own pace.
ON_A_ROAD = {kind: settings[:2] for kind, settings in ALONE.items()} | {
    "off": ["off:electrode=V5", "off:electrode=LL,at=12,for=4,reads=noise"]
}
# At the patch's own pace: what a clock on the wall has a say in, and what a host needs to return.
PACED = {
    "unplug": ["unplug:at=3,for=2", "unplug:at=3,for=12"],
    "stall": ["stall:at=3,for=2", "stall:at=3,for=5"],
    "reboot": ["reboot:at=3,for=2"],
}
AFTER_S = 4.0  # of signal after the end of such a fault
RING_PACE = 4.0  # one that leaves room to send again

Named = tuple[str, Setup]  # the row's name, and a run of it


def campaign(seeds: int, pairs: int, seconds: float, roads: Sequence[Road]) -> Iterator[Named]:
    """Every run, under the name of its row; those of one row in turn."""
    if "software" in roads:
        yield from _in_software(seeds, pairs, seconds)
    for road in roads:
        if road != "software":
            yield from _on_a_road(road, pairs)


def _in_software(seeds: int, pairs: int, seconds: float) -> Iterator[Named]:
    for kind, settings in ALONE.items():
        for number, (setting, seed) in enumerate(itertools.product(settings, range(seeds))):
            yield kind, Setup(_only(setting), seed, RHYTHMS[number % len(RHYTHMS)], seconds)
    for settings in ALONE.values():
        yield "each at 250 Hz", Setup(_only(settings[0]), seeds, "sinus", seconds, rate=SLOW_RATE)
    for kind in WITH_NETWORK:
        yield "with the network", Setup(_only(ALONE[kind][0]), 0, "sinus", seconds, network=True)
    for kind in WITH_RING:
        for setting, seed in itertools.product(ALONE[kind], range(seeds)):
            yield f"ring {kind}", Setup(_only(setting), seed, "sinus", seconds, ring_s=RING_S)
    at_once = list(_pairs(ALONE, seeds, pairs, seconds))
    yield from (("pairs", setup) for setup in at_once)
    yield from (("ring pairs", replace(setup, ring_s=RING_S)) for setup in at_once[1::2])


def _on_a_road(road: Road, pairs: int) -> Iterator[Named]:
    for kind, settings in ON_A_ROAD.items():
        for number, setting in enumerate(settings):
            if kind != Reboot.KIND:
                yield f"{road} {kind}", Setup(_only(setting), number + 1, "sinus", ROAD_SECONDS, road=road)
        for setting in PACED.get(kind, ()):
            setup = Setup((setting,), 1, road=road, speed=1.0)
            (lasting,) = setup.parsed
            seconds = lasting.at_s + lasting.for_s + AFTER_S  # type: ignore[union-attr]
            yield f"{road} {kind}", replace(setup, seconds=seconds)
    again = Setup(("unplug:at=6,for=4",), 0, "sinus", ROAD_SECONDS, road=road, speed=RING_PACE, ring_s=RING_S)
    yield f"{road} ring unplug", again
    for setup in _pairs(ON_A_ROAD, 1, pairs, ROAD_SECONDS):
        reboots = any(isinstance(f, Reboot) for f in setup.parsed)
        pace = 1.0 if reboots else setup.speed  # the length of a reboot is told by the host's clock, and no faster one
        yield f"{road} pairs", replace(setup, road=road, speed=pace)


def _pairs(choice: Mapping[str, Sequence[str]], first_seed: int, pairs: int, seconds: float) -> Iterator[Setup]:
    rng = random.Random(PAIRS_SEED)
    for number in range(pairs):
        kinds = rng.sample([kind for kind in choice if kind != "none"], 2)
        faults = tuple(rng.choice(choice[kind]) for kind in kinds)
        yield Setup(faults, first_seed + number, rng.choice(RHYTHMS), seconds)


def _only(setting: str) -> tuple[str, ...]:
    return (setting,) if setting else ()
