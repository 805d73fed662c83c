"""A patch by Bluetooth LE: found, connected, subscribed to, and found again when it was out of reach."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator

from edge.errors import Reason, SourceLost, SourceUnavailable
from edge.host_clock import now_ns
from edge.sources.ble_line import PATCH, BleLine
from edge.sources.ble_radio import Peer, Radio
from edge.sources.conversation import PatchSource, Patience
from edge.sources.items import Battery, Described, Item, Upto
from edge.sources.joining import joined
from edge.sources.patch import Incoming
from firmware_bridge import gatt
from firmware_bridge.framing import Corrupt, NotificationDecoder
from firmware_bridge.messages import Command, encode

GREET_EVERY_S = 1.0  # until the patch says who it is
SILENCE_S = 6.0  # a device that is subscribed to and says nothing for so long is no patch
STALL_S = 3.0  # a patch that stops talking for so long is asked to go on
RENEW_S = 8.0  # and where it does not, connected anew: a link can be up and its notifications lost
RETRY_S = (0.5, 10.0)  # first and longest wait between attempts to connect again
NO_FIRMWARE = "0.0.0"
INFORMATION = (gatt.MANUFACTURER_NAME, gatt.SERIAL_NUMBER, gatt.FIRMWARE_REVISION)


class BlePatch(PatchSource):
    """Source: a patch by Bluetooth LE; `target` is its name, its address or a service it advertises.

    `bond`: it must be bonded before it is listened to.
    """

    def __init__(
        self,
        target: str,
        channels: tuple[str, ...] = (),
        give_up_s: float = 60.0,
        *,
        bond: bool = False,
        radio: Radio | None = None,
    ) -> None:
        patience = Patience(GREET_EVERY_S, SILENCE_S, STALL_S, give_up_s, RETRY_S, RENEW_S)
        super().__init__(target, channels, patience)
        self._line = BleLine(target, PATCH, self._arrived.set, bond=bond, radio=radio)
        self._decoder = NotificationDecoder()
        self._information: dict[str, str] = {}  # by characteristic, from the standard service
        self._battery: int | None = None  # percent, from the standard service, not told yet
        self._status_came = self._tells_battery = False  # the patch does so itself, which is believed first

    @property
    def notifications(self) -> int:
        """That have come so far."""
        return self._line.notifications

    async def _open(self) -> None:
        await self._line.open()
        self._name = self._link.source = self._line.name
        if self._line.peer is not None:
            await self._ask_standard_services(self._line.peer)

    async def _ask_standard_services(self, peer: Peer) -> None:
        """What they say is welcome and never needed."""
        with contextlib.suppress(SourceUnavailable):
            for characteristic in INFORMATION:
                if characteristic not in self._information and peer.has(characteristic):
                    self._information[characteristic] = _text(await peer.read(characteristic))
            if peer.has(gatt.BATTERY_LEVEL):
                self._battery_told(await peer.read(gatt.BATTERY_LEVEL))
                await peer.subscribe(gatt.BATTERY_LEVEL, self._battery_told)

    async def _shut(self) -> None:
        await self._line.shut()

    def _is_open(self) -> bool:
        return self._line.peer is not None and not self._line.gone

    def _is_gone(self) -> bool:
        return self._gone or self._line.gone

    async def _deliver(self, commands: list[Command]) -> None:
        for command in commands:
            await self._line.write(gatt.TO_PATCH, encode(command))

    def _incoming(self) -> Iterator[tuple[Incoming, int]]:
        for notification, at_ns in self._line.take():
            for message in self._decoder.feed(notification):
                yield message, at_ns
        if self._line.overflow:
            lost, self._line.overflow = self._line.overflow, 0
            yield Corrupt(lost), now_ns()

    def _received(self) -> Iterator[Item]:
        for item in joined(super()._received()):
            self._status_came |= isinstance(item, Upto)
            self._tells_battery |= isinstance(item, Battery)
            yield self._completed(item) if isinstance(item, Described) else item
        self._line.hurried = not self._link.streaming
        if self._battery is not None and self._status_came:
            if not self._tells_battery:
                yield Battery(self._battery)
            self._battery = None

    def _completed(self, item: Described) -> Described:
        """With what the standard services say and the patch's own words do not."""
        about, has = self._information, item.firmware != NO_FIRMWARE
        firmware = item.firmware if has else about.get(gatt.FIRMWARE_REVISION) or item.firmware
        device_id = item.device_id if item.device_id.strip("0") else about.get(gatt.SERIAL_NUMBER) or item.device_id
        name = item.name if item.name != item.device_id else about.get(gatt.MANUFACTURER_NAME) or device_id
        return dataclasses.replace(item, firmware=firmware, device_id=device_id, name=name)

    def _battery_told(self, data: bytes) -> None:
        if data and data[0] <= 100:
            self._battery = data[0]

    def _gives_up_at_s(self, now_s: float) -> float:
        """Counted from the last samples, so that a link that only comes and goes is given up as well."""
        return self._samples_s + self._patience.stall_s + self._patience.give_up_s

    def _reopened(self) -> None:
        """Only samples say that all is well again, see above."""

    def _vanished(self) -> str:
        return f"{self._name} went out of reach"

    def _way_back(self) -> str:
        return "bring it nearer, look at its battery, and start again"

    def _mute(self) -> SourceLost:
        what = f"{self._line.came} notifications came" if self._line.came else "nothing came"
        text = f"{self._name} is connected and no patch described itself in {SILENCE_S:g} s ({what}): "
        reason = Reason.PROTOCOL if self._line.came else Reason.SILENT
        return SourceLost(text + "switch it off and on, and check that it is the right device", reason)


def _text(data: bytes) -> str:
    """As a device says it, fit for a terminal."""
    return "".join(c for c in data.split(b"\0")[0].decode(errors="replace") if c.isprintable())
