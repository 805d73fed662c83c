"""A heart sent by Bluetooth without a radio, and all that a source tells of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.fault_run import LEADS, Setup
from edge.sources.ble import BlePatch
from edge.sources.items import Item, Link
from edge.timeline import Chunk
from edge.virtual import virtual_patch
from firmware_bridge.patch import VirtualPatch

RATE = 500.0


def patch(seconds: float = 4.0, samples_per_message: int | None = None, **how: object) -> VirtualPatch:
    worn = Setup(seconds=seconds).worn
    return virtual_patch(worn, RATE, LEADS, samples_per_message=samples_per_message, **how)  # type: ignore[arg-type]


@dataclass
class Heard:
    """What a source told, in order."""

    items: list[Item] = field(default_factory=list)
    notifications: int = 0

    @property
    def samples(self) -> int:
        return sum(len(item.mv) for item in self.items if isinstance(item, Chunk))

    @property
    def links(self) -> list[bool]:
        return [item.up for item in self.items if isinstance(item, Link)]


async def listened(
    source: BlePatch, heard: Heard, *, until: Callable[[Heard], bool] = lambda _: False, seconds: float = 20.0
) -> Heard:
    """Everything until the patch ends or `until` says so; then it is left."""
    try:
        async with asyncio.timeout(seconds), contextlib.aclosing(source.items()) as items:  # type: ignore[type-var]
            async for item in items:
                heard.items.append(item)
                if until(heard):
                    break
    finally:
        heard.notifications = source.notifications
        await source.close()
    return heard


def listen(target: str = "ECG patch", *, until: Callable[[Heard], bool] = lambda _: False, **how: object) -> Heard:
    """In a loop of its own, as edge-run does."""
    heard = Heard()

    async def work() -> None:
        await listened(BlePatch(target, **how), heard, until=until)  # type: ignore[arg-type]

    asyncio.run(work())
    return heard
