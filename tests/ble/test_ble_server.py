"""The virtual patch's own side: what it says over the air, and what it does not."""

from __future__ import annotations

import asyncio

import pytest
from streaming import patch

from edge.errors import OutputError
from edge.sinks.ble_patch import AHEAD, NotifyingPatch, samples_a_notification
from firmware_bridge import gatt
from firmware_bridge.faults import parse_fault
from firmware_bridge.messages import Ack, Hello, Identity, Resend, Samples, Start, Stop, decode, encode


class Air:
    """Keeps what it is given."""

    def __init__(self):
        self.said, self.gone, self.back = [], 0, 0

    def notify(self, data):
        self.said.append(decode(data))

    async def settle(self):
        await asyncio.sleep(0)

    async def go_away(self):
        self.gone += 1

    async def come_back(self):
        self.back += 1


def served(made, *faults, then=lambda served: None, **how):
    """A host subscribes and greets at once, and once more whenever the patch is back; the patch, to its end."""
    air = Air()

    async def work():
        notifying = NotifyingPatch(made, air, [parse_fault(f) for f in faults], **how)

        def greet():
            notifying.subscribed()
            notifying.written(encode(Hello(1, 1, 0)), 247)

        async def returned():
            air.back += 1
            greet()

        air.come_back = returned
        greet()
        then(notifying)
        await notifying.serve()

    asyncio.run(work())
    return air


def test_hello_is_answered_with_the_description_and_start_with_an_ack():
    air = served(patch(0.1), speed=float("inf"))
    assert isinstance(air.said[0], Identity)
    assert Ack(Hello.TYPE, 1, 0) in air.said


@pytest.mark.parametrize("mtu", [64, 185, 247, 517])
def test_a_message_fits_the_mtu_its_host_has(mtu):
    def smaller(notifying):
        notifying.written(encode(Start(2)), mtu)

    air = served(patch(2.0, samples_per_message=25), then=smaller, speed=float("inf"))
    lengths = [len(m.counts) for m in air.said if isinstance(m, Samples)]
    assert max(lengths) == min(25, gatt.samples_per_notification(mtu, 3)) == samples_a_notification(mtu, 3, 500)


def test_nothing_is_sent_before_the_host_has_greeted_and_nothing_is_lost_by_waiting():
    air = Air()

    async def work():
        notifying = NotifyingPatch(made, air, speed=float("inf"))
        serving = asyncio.create_task(notifying.serve())
        notifying.subscribed()
        await asyncio.sleep(0.05)
        assert not any(isinstance(message, Samples) for message in air.said)
        notifying.written(encode(Hello(1, 1, 0)), 247)
        await serving

    made = patch(1.0)
    asyncio.run(work())
    assert made.log.delivered == made.log.sampled == 500


def test_who_does_not_subscribe_hears_nothing_and_it_is_counted():
    made = patch(1.0)

    async def work():
        await NotifyingPatch(made, Air(), speed=20.0, wait_for_host=False).serve()

    asyncio.run(work())
    assert made.log.lost == {"unplug": 500}


def test_what_nobody_was_there_to_hear_is_in_the_patchs_own_count_of_what_it_had_no_room_for():
    made = patch(3.0)
    air = served(made, then=lambda served: setattr(served, "stalled", True))
    assert not any(isinstance(message, Samples) for message in air.said)
    assert decode(encode(made._status())).dropped == 1500 == made.log.lost["stall"]


def test_what_is_sent_again_and_gets_lost_again_is_not_counted_twice():
    made = patch(3.0, ring_s=2.0)

    def ask(served):
        for _ in range(200):
            served._link.advance(5)
        served.stalled = True
        served.written(encode(Resend(7, 200, 100)), 247)
        served.stalled = False

    served(made, then=ask)
    assert made._status().dropped == 0


def test_a_burst_waits_for_the_air_to_take_it():
    settled = []

    class Narrow(Air):
        async def settle(self):
            settled.append(len(self.said))
            await asyncio.sleep(0)

    made = patch(8.0)
    notifying = NotifyingPatch(made, Narrow(), [parse_fault("burst:s=3,every=7")], speed=float("inf"))
    notifying.subscribed()
    notifying.written(encode(Hello(1, 1, 0)), 247)
    asyncio.run(notifying.serve())
    assert max(b - a for a, b in zip([0, *settled], settled, strict=False)) <= AHEAD + 4, "what a command answers"


def test_an_unplug_takes_the_patch_off_the_air_and_back():
    made = patch(3.0)
    air = served(made, "unplug:at=1,for=1", speed=float("inf"))
    assert (air.gone, air.back) == (1, 1)
    assert list(made.log.lost) == ["unplug"]
    assert 500 <= made.log.lost["unplug"] <= 520  # to whole messages
    assert made.log.delivered + made.log.lost["unplug"] == made.log.sampled == 1500


def test_after_stop_no_samples_come():
    made = patch(1.0)
    air = served(made, then=lambda n: n.written(encode(Stop(3)), 247), speed=float("inf"))
    assert not any(isinstance(m, Samples) for m in air.said)
    assert made.log.lost == {"stopped": 500}


def test_what_is_no_command_is_answered_as_the_protocol_says_or_not_at_all():
    def mistaken(notifying):
        for data in (b"", b"\x01", b"\x84\x07", b"\xf0\x09"):
            notifying.written(data, 247)

    said = [m for m in served(patch(0.1), then=mistaken, speed=float("inf")).said if isinstance(m, Ack)]
    assert [(a.command, a.result) for a in said[1:]] == [(0x84, 2), (0xF0, 1)]


def test_a_name_that_no_advertisement_holds_is_refused():
    from edge.sinks.ble_server import BlePatchServer

    with pytest.raises(ValueError, match="29 fit"):
        BlePatchServer(patch(0.1), name="x" * 30)


def test_without_an_adapter_the_server_says_so(bus):
    from benchmarks.bluez.served import Served
    from edge.sinks.ble_server import BlePatchServer

    async def work():
        async with BlePatchServer(patch(0.1)):
            pass

    with Served(None, adapter=False), pytest.raises(OutputError, match="no Bluetooth adapter here that can be"):
        asyncio.run(work())


def test_without_bluetoothd_the_server_names_the_service(bus):
    from edge.sinks.ble_server import BlePatchServer

    async def work():
        async with BlePatchServer(patch(0.1)):
            pass

    with pytest.raises(OutputError, match="systemctl enable --now bluetooth"):
        asyncio.run(work())
