from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import numpy as np
import pytest
from foreign_encoders import polar_frames

from edge.errors import SourceLost
from edge.sources.ble_foreign import BleDevice
from edge.sources.foreign import Foreign
from edge.sources.items import Described
from edge.timeline import Chunk
from firmware_bridge.decoders.polar import PolarH10

SERVICE = "fb005c80-02e7-f387-1cad-8acd2d8df0c8"
CONTROL, DATA = SERVICE.replace("5c80", "5c81"), SERVICE.replace("5c80", "5c82")
START = bytes.fromhex("02 00 00 01 82 00 01 01 0e 00")
NS_2026 = 820_454_400 * 10**9


@dataclass
class Strap:
    """A Polar H10, connected: answers its control point, and sends its frames once started."""

    frames: list[bytes]
    refusal: int = 0
    name: str = "Polar H10 1234ABCD"
    address: str = "00:00:00:00:00:01"
    written: list[tuple[str, bytes]] = field(default_factory=list)
    subscribed: dict[str, object] = field(default_factory=dict)

    async def connect(self, target, before, service, gone):
        assert service == SERVICE
        self.gone = gone
        self.subscribed.clear()
        return self

    async def mtu(self):
        return 232

    def has(self, characteristic):
        return False

    async def bond(self):
        pass

    async def read(self, characteristic):
        return b""

    async def subscribe(self, characteristic, heard):
        self.subscribed[characteristic] = heard

    async def write(self, characteristic, data):
        self.written.append((characteristic, data))
        if data[0] == 2:
            self.subscribed[CONTROL](bytes([0xF0, 2, 0, self.refusal, 0]))
            if not self.refusal:
                for frame in self.frames[:10]:
                    self.subscribed[DATA](frame)
                del self.frames[:10]

    async def leave(self):
        pass


def strap(**options):
    frames = polar_frames(np.arange(73 * 30), 130.0, NS_2026)
    device = Strap(frames, **options)
    foreign = Foreign(PolarH10, ("II",), "Polar H10")
    return device, BleDevice("Polar H10 1234ABCD", foreign, PolarH10.link, 5.0, radio=device)


async def first_chunks(source, count):
    got = []
    try:
        async for item in source.items():
            got.append(item)
            if sum(isinstance(i, Chunk) for i in got) >= count:
                break
    finally:
        await source.close()
    return got


def test_a_strap_is_started_heard_and_stopped():
    device, source = strap()
    got = asyncio.run(first_chunks(source, 10))
    (described,) = [item for item in got if isinstance(item, Described)]
    assert (described.name, described.montage.names, described.rate) == ("Polar H10", ("II",), 130.0)
    index = [chunk.index for chunk in got if isinstance(chunk, Chunk)]
    assert index == list(range(0, 730, 73))
    assert device.written == [(CONTROL, START), (CONTROL, bytes.fromhex("0300"))]


def test_a_strap_out_of_reach_goes_on_where_its_clock_says():
    device, source = strap()

    async def there_and_back():
        got = []
        async for item in source.items():
            got.append(item)
            count = sum(isinstance(i, Chunk) for i in got)
            if count == 10 and isinstance(item, Chunk):
                del device.frames[:2]
                device.gone()
            if count >= 20:
                break
        await source.close()
        return got

    got = asyncio.run(there_and_back())
    index = [chunk.index for chunk in got if isinstance(chunk, Chunk)]
    assert index == [*range(0, 730, 73), *range(12 * 73, 22 * 73, 73)]


def test_a_strap_that_refuses_says_why():
    _, source = strap(refusal=13)
    with pytest.raises(SourceLost, match="the device is in its charger"):
        asyncio.run(first_chunks(source, 1))
