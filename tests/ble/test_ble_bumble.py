"""The same source over another stack: ATT and its MTU exchange are real, and there is neither D-Bus nor bleak."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from streaming import Heard, listened, patch

from edge.sources.ble import BlePatch
from edge.timeline import Chunk
from firmware_bridge import gatt
from firmware_bridge.faults import Unplug

bumble = pytest.importorskip("bumble", reason="bumble is not installed (the extra test)")


def heard_over_bumble(made, *faults, mtu=gatt.GOOD_MTU, speed=4.0):
    from bumble_air import AirLink, BumblePatch, BumbleRadio

    heard = Heard()

    async def work():
        link = AirLink()
        peripheral, radio = BumblePatch(made, link, faults, speed=speed), BumbleRadio(link, mtu)
        await peripheral.start()
        await radio.device.power_on()
        serving = asyncio.create_task(peripheral.patch.serve())
        try:
            await listened(BlePatch("ECG patch", radio=radio), heard)
            await serving
        finally:
            serving.cancel()
            await peripheral.stop()
        return radio

    return heard, asyncio.run(work())


@pytest.mark.parametrize("mtu", [64, 100, 247])
def test_every_sample_comes_through_whatever_mtu_the_two_agree_on(mtu):
    made = patch(4.0, samples_per_message=25)
    heard, _ = heard_over_bumble(made, mtu=mtu)
    assert heard.samples == made.log.sampled == made.log.delivered == 2000
    messages = 2000 / gatt.samples_per_notification(mtu, 3)
    assert messages <= heard.notifications <= messages + 20


def test_a_supervision_timeout_costs_what_was_missed(impatient):
    made = patch(12.0)
    heard, radio = heard_over_bumble(made, Unplug(at_s=3.0, for_s=2.0), speed=2.0)
    chunks = [item for item in heard.items if isinstance(item, Chunk)]
    holes = [b.index - a.index - len(a.mv) for a, b in itertools.pairwise(chunks)]
    assert sum(holes) == made.log.lost["unplug"] >= 1000
    assert heard.samples + made.log.lost["unplug"] == made.log.sampled == 6000
    assert heard.links[:2] == [False, True]
    assert heard.links[-1], "and whatever a busy machine lets drop once more comes back"
    assert radio.connects == 1 + sum(heard.links)


def test_an_mtu_below_the_least_is_refused():
    from edge.errors import SourceUnavailable

    with pytest.raises(SourceUnavailable, match="an MTU of 23 bytes, 64 are needed"):
        heard_over_bumble(patch(1.0), mtu=23)
