from __future__ import annotations

import asyncio

import numpy as np
import pytest

from edge.errors import SourceLost
from edge.leads import LEAD
from edge.sources.items import Described, Item, Link, Restarted, Suspected, Upto
from edge.sources.virtual import VirtualSource
from edge.synthetic import synthesise
from edge.timeline import Cause, Chunk, Timeline
from edge.virtual import channels_of, virtual_patch
from firmware_bridge.faults import parse_fault
from firmware_bridge.patch import VirtualPatch
from firmware_bridge.source import Recorded

LEADS = ("II", "V1", "V5")
RATE = 500.0


def worn(seconds: float = 10.0) -> np.ndarray:
    return synthesise("sinus", seconds, RATE).mv[:, [LEAD[name] for name in LEADS]]


def source(*faults: str, seconds: float = 10.0, seed: int = 0, **settings: object) -> VirtualSource:
    patch = virtual_patch(worn(seconds), RATE, LEADS)
    return VirtualSource(patch, [parse_fault(f) for f in faults], seed=seed, **settings)  # type: ignore[arg-type]


def placed(items: list[Item]) -> tuple[Timeline, np.ndarray]:
    """The timeline that the items make."""
    line = Timeline(LEADS, RATE)
    blocks = []
    for item in items:
        match item:
            case Chunk():
                blocks += line.push(item)
            case Restarted():
                blocks += line.restart(item.lost)
            case Upto():
                line.upto(item.index)
            case Suspected():
                line.suspect(item.cause)
    return line, np.concatenate([b.mv for b in (*blocks, *line.flush())])


def same(one: list[Item], other: list[Item]) -> bool:
    def told(item: Item) -> object:
        if isinstance(item, Chunk):
            return item.index, item.mv.tobytes()
        return item.name if isinstance(item, Described) else item

    return [told(i) for i in one] == [told(i) for i in other]


def test_what_is_worn_comes_out_to_half_a_count():
    items = list(source().play())
    assert isinstance(items[0], Described)
    assert items[0].montage.names == LEADS
    line, mv = placed(items)
    assert line.received == line.emitted == 5000
    assert np.abs(mv - worn()).max() < 2.5e-5


def test_asynchronously_it_says_the_same():
    async def all_items() -> list[Item]:
        return [item async for item in source("drop:p=0.1", seed=4).items()]

    assert same(asyncio.run(all_items()), list(source("drop:p=0.1", seed=4).play()))
    assert not same(list(source("drop:p=0.1", seed=5).play()), list(source("drop:p=0.1", seed=4).play()))


def test_an_unplug_is_told_as_a_serial_port_tells_it():
    items = list(source("unplug:at=4,for=3").play())
    down = items.index(Link(False, "virtual patch unplugged"))
    assert items[down + 1 : down + 3] == [Suspected(Cause.LINK), Link(True, "virtual patch is back")]
    before = next(i for i in reversed(items[:down]) if isinstance(i, Chunk))
    after = next(i for i in items[down:] if isinstance(i, Chunk))
    assert (before.index + len(before.mv), after.index) == (1990, 3490)  # a message is under way for 20 ms


def test_only_the_channels_asked_for_come():
    items = list(source(channels=("V5",)).play())
    assert isinstance(items[0], Described)
    assert items[0].montage.names == ("V5",)
    with pytest.raises(SourceLost, match="V2"):
        list(source(channels=("V2",)).play())


@pytest.mark.parametrize("seed", range(5))
def test_a_description_that_is_lost_is_asked_for_and_no_sample_that_came_is_lost_meanwhile(seed):
    virtual = source("drop:p=0.5", seed=seed)
    line, _ = placed(list(virtual.play()))
    assert line.received == virtual.log.delivered


def test_the_first_frame_lost_is_a_loss_like_any_other():
    for seed in range(40):
        virtual = source("drop:p=0.4", seconds=2.0, seed=seed)
        line, mv = placed(list(virtual.play()))
        if virtual.log.losses[0].first == 0 and line.emitted == 1000:
            assert np.isnan(mv[:10]).all()
            assert line.received + sum(line.lost.values()) == 1000
            break
    else:
        pytest.fail("the first frame was never lost")


def test_the_index_wraps_in_the_middle_of_an_unplug():
    mv = worn()
    patch = VirtualPatch(Recorded(mv, 500_000), channels_of(LEADS), first_index=2**32 - 2500)
    virtual = VirtualSource(patch, [parse_fault("unplug:at=4,for=3")])
    line, out = placed(list(virtual.play()))
    assert line.emitted == 5000
    there = np.isfinite(out).all(axis=1)
    assert int((~there).sum()) == line.lost[Cause.LINK] == virtual.log.lost["unplug"]
    assert np.abs(out[there] - mv[there]).max() < 2.5e-5


def test_a_crystal_that_is_wrong_makes_a_reboot_as_much_longer():
    exact = [i for i in source("reboot:at=4,for=2").play() if isinstance(i, Restarted)]
    fast = [i for i in source("reboot:at=4,for=2", "drift:ppm=20000").play() if isinstance(i, Restarted)]
    assert exact == [Restarted(1000)]
    assert fast == [Restarted(round(1000 / 1.02))]


def test_a_signal_that_ends_while_the_patch_reboots_is_all_accounted_for():
    virtual = source("reboot:at=4,for=60")
    line, _ = placed(list(virtual.play()))
    assert line.emitted == virtual.log.sampled == 5000
    assert line.lost == {Cause.REBOOT: 3000}


def test_a_link_that_never_returns_ends_without_inventing_anything():
    line, _ = placed(list(source("unplug:at=4,for=60").play()))
    assert line.emitted == line.received == 1990
