"""A virtual patch whose messages are notifications: at the pace of a clock, to a host that comes and goes."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Sequence
from typing import Protocol

from edge.errors import OutputError, Reason
from firmware_bridge import gatt
from firmware_bridge.faults import Fault
from firmware_bridge.framing import NotificationDecoder
from firmware_bridge.line_faults import Frame
from firmware_bridge.link import Link
from firmware_bridge.messages import Hello, Start
from firmware_bridge.patch import VirtualPatch

PATIENCE_S = 30.0  # at full speed, for a host to come back
MESSAGE_S = 0.05  # of signal in a message at most, as PROTOCOL.md asks
AHEAD = 32  # notifications on their way: a socket's buffer holds several times that


def samples_a_notification(mtu: int, channels: int, rate: float) -> int:
    """What a message holds over a link with this MTU."""
    return max(1, min(gatt.samples_per_notification(mtu, channels), round(MESSAGE_S * rate)))


class Air(Protocol):
    """What carries the notifications."""

    def notify(self, data: bytes) -> None: ...

    async def settle(self) -> None:
        """Until what was notified is on its way."""
        ...

    async def go_away(self) -> None:
        """Break the link off, and be found no more."""
        ...

    async def come_back(self) -> None:
        """Be found again."""
        ...


class NotifyingPatch:
    """Serves `patch` over `air` until its signal ends; what nobody is there to hear is lost and counted.

    `speed` is signal seconds a second, or `math.inf`: as fast as it goes. With `wait_for_host` the signal begins with
    the first Hello or Start, and after a link that broke nothing is sent before the host has greeted again.
    """

    def __init__(
        self,
        patch: VirtualPatch,
        air: Air,
        faults: Sequence[Fault] = (),
        *,
        speed: float = 1.0,
        seed: int = 0,
        wait_for_host: bool = True,
    ) -> None:
        self.log = patch.log
        self.stalled = False  # the link is up, and nothing is said
        self._link, self._patch, self._air = Link(patch, faults, seed=seed, bare=True), patch, air
        self._pace = speed * self._link.clock_ratio  # patch seconds a second
        self._begun_s: float | None = None if wait_for_host else time.monotonic()
        self._subscribed = False
        self._greeted = asyncio.Event()
        self._commands = NotificationDecoder()
        self._unsettled = 0  # notifications since the air was settled

    def subscribed(self) -> None:
        self._subscribed = True

    def left(self) -> None:
        """The host has unsubscribed, or the link is gone."""
        self._subscribed = False
        self._greeted.clear()

    def written(self, data: bytes, mtu: int) -> None:
        """A command, over a link with this MTU; one of less than the protocol needs is answered all the same."""
        for message in self._commands.feed(data):
            if isinstance(message, Hello | Start):
                channels = len(self._patch.channels)
                self._patch.limit(samples_a_notification(max(mtu, gatt.MIN_MTU), channels, self._patch.rate))
                self._greeted.set()
            for sent in self._link.command(message):
                self._put(sent)

    async def serve(self) -> None:
        """Raises OutputError where nobody comes back at full speed."""
        up = True
        while not self._link.finished:
            await self._pause()
            for sent in self._link.advance(self._patch.until_message):
                self._put(sent)
                await self._settle_if_far_ahead()
            if up and not self._link.up:
                await self._air.settle()
                await self._air.go_away()
                self.left()
            elif self._link.up and not up:
                await self._air.come_back()
            up = self._link.up
        await self._air.settle()

    async def _pause(self) -> None:
        """Until the next message is due."""
        if self._begun_s is None:
            await self._greeted.wait()
            self._begun_s = time.monotonic()
        if math.isinf(self._pace):
            await self._as_fast_as_it_goes()
            return
        due_s = self._patch.elapsed_s + self._patch.until_message / self._patch.rate
        await asyncio.sleep(max(0.0, self._begun_s + due_s / self._pace - time.monotonic()))

    async def _as_fast_as_it_goes(self) -> None:
        if self._link.up and not self._greeted.is_set():
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await self._greeted.wait()
            except TimeoutError:
                text = f"the host did not come back within {PATIENCE_S:g} s"
                raise OutputError(text, Reason.SILENT) from None

    async def _settle_if_far_ahead(self) -> None:
        """What comes all at once, after a burst or as garbage, would fill the socket."""
        if self._unsettled >= AHEAD:
            self._unsettled = 0
            await self._air.settle()

    def _put(self, sent: Frame) -> None:
        if self._subscribed and self._greeted.is_set() and not self.stalled:
            self._air.notify(sent.data)
            self._unsettled += 1
            self._link.arrived(sent)
        else:
            self._link.lost(sent, "stall" if self.stalled else "unplug")
            if not sent.fate.again:
                self._patch.drop(sent.fate.samples)
