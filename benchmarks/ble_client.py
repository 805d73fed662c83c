"""One client of a Bluetooth patch, in a process of its own, which counts what comes and what that costs.

    python -m benchmarks.ble_client bare|source

`bare` is bleak alone: it reads of each notification the sample index and count, and no more. `source` is what edge-run
listens with: the samples decoded, in millivolts, each in its place on the timeline. Both print one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass

from edge.sinks.ble_server import NAME
from edge.sources import items
from edge.sources.ble import BlePatch
from edge.timeline import Chunk, Timeline
from firmware_bridge import gatt
from firmware_bridge.messages import MIN_SIZE, Hello, Samples, Start, Status, encode

PATIENCE_S = 3.0  # without a notification: the signal has ended


@dataclass(slots=True)
class Count:
    """From the first sample to the last one."""

    notifications: int = 0
    samples: int = 0
    lost: int = 0  # samples that did not come, by the index
    wall_s: float = 0.0
    cpu_s: float = 0.0  # of this process
    _wall_s: float = 0.0
    _cpu_s: float = 0.0

    def came(self, samples: int) -> None:
        if not self.samples:
            self._wall_s, self._cpu_s = time.monotonic(), time.process_time()
        self.samples += samples
        self.wall_s, self.cpu_s = time.monotonic() - self._wall_s, time.process_time() - self._cpu_s

    def told(self) -> str:
        return json.dumps({key: value for key, value in asdict(self).items() if not key.startswith("_")})


async def bare() -> Count:
    from bleak import BleakClient, BleakScanner

    count, last_s, following = Count(), time.monotonic(), None

    def heard(_: object, data: bytearray) -> None:
        nonlocal last_s, following
        last_s = time.monotonic()
        count.notifications += 1
        if data[0] == Status.TYPE:
            following = following if following is not None else int.from_bytes(data[9:13], "little")
        if data[0] != Samples.TYPE:
            return
        first, samples = int.from_bytes(data[1:5], "little"), data[MIN_SIZE[Samples.TYPE] - 2]
        count.lost += 0 if following is None else first - following
        following = first + samples
        count.came(samples)

    device = await BleakScanner.find_device_by_name(NAME)
    assert device is not None
    async with BleakClient(device) as client:
        await client.start_notify(gatt.FROM_PATCH, heard)
        for command in (Hello(1, 1, 0), Start(2)):
            await client.write_gatt_char(gatt.TO_PATCH, encode(command), response=True)
        while time.monotonic() - last_s < PATIENCE_S:
            await asyncio.sleep(0.5)
    return count


async def source() -> Count:
    count, timeline = Count(), None
    patch = BlePatch(NAME)
    async for item in patch.items():
        match item:
            case items.Described():
                timeline = Timeline(item.montage.names, item.rate)
            case Chunk() if timeline is not None:
                timeline.push(item)
                count.came(len(item.mv))
            case items.Upto() if timeline is not None:
                timeline.upto(item.index)
    count.notifications = patch.notifications
    await patch.close()
    assert timeline is not None
    timeline.flush()
    count.samples, count.lost = timeline.received, sum(timeline.lost.values())
    return count


if __name__ == "__main__":
    print(asyncio.run({"bare": bare, "source": source}[sys.argv[1]]()).told())
