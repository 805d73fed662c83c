"""A device of another maker by Bluetooth LE."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from edge.errors import SourceLost
from edge.host_clock import now_ns
from edge.sources.ble import BlePatch
from edge.sources.ble_line import BleLine, Profile
from edge.sources.ble_radio import Radio
from edge.sources.foreign import Foreign
from edge.sources.patch import Incoming
from firmware_bridge.decoders.base import Ble
from firmware_bridge.framing import Corrupt
from firmware_bridge.messages import Command

MIN_MTU = 23  # bytes, what every device has: a maker's device cuts its frames as it likes


class BleDevice(BlePatch):
    """Source: the device `foreign`, heard and started as its decoder says."""

    def __init__(
        self,
        target: str,
        foreign: Foreign,
        link: Ble,
        give_up_s: float,
        *,
        bond: bool = False,
        radio: Radio | None = None,
    ) -> None:
        super().__init__(target, (), give_up_s, bond=bond, radio=radio)
        self._foreign, self._spoken = foreign, link
        self._told = foreign.decoder()
        profile = Profile(link.service, link.notify, MIN_MTU)
        self._line = BleLine(target, profile, self._arrived.set, bond=bond, radio=radio)
        patience, first_s = self._patience, link.first_s
        renew_s = max(patience.renew_s or 0.0, first_s)
        self._patience = dataclasses.replace(patience, silence_s=max(patience.silence_s, first_s), renew_s=renew_s)

    async def _open(self) -> None:
        await super()._open()
        self._told = self._foreign.decoder()
        for command in self._spoken.start:
            await self._line.write(self._spoken.write, command)

    async def _deliver(self, commands: list[Command]) -> None:
        for command in commands:
            if data := self._foreign.encode(command):
                await self._line.write(self._spoken.write, data)

    def _incoming(self) -> Iterator[tuple[Incoming, int]]:
        for notification, at_ns in self._line.take():
            for message in self._told.feed(notification, at_ns):
                yield message, at_ns
        if self._line.overflow:
            lost, self._line.overflow = self._line.overflow, 0
            yield Corrupt(lost), now_ns()

    def _mute(self) -> SourceLost:
        error = super()._mute()
        said = self._foreign.said
        return SourceLost(f"{error} (it said: {said})", error.reason) if said else error
