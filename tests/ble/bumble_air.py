"""A patch and a host on bumble, a Bluetooth stack in Python: its own ATT and MTU exchange, a link in memory."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable

from bumble.controller import Controller
from bumble.core import UUID, PhysicalTransport
from bumble.device import Device, Peer
from bumble.gatt import Characteristic, CharacteristicValue, Service
from bumble.hci import Address, HCI_ErrorCode
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport.common import AsyncPipeSink

from edge.errors import Reason, SourceUnavailable
from edge.sinks.ble_patch import NotifyingPatch
from edge.sources.ble_target import Target
from firmware_bridge import gatt
from firmware_bridge.faults import Fault
from firmware_bridge.patch import VirtualPatch

PATCH_ADDRESS, HOST_ADDRESS = "C0:FF:EE:00:00:01", "C0:FF:EE:00:00:02"
NAME = "ECG patch"
INTERVAL_S = 0.015  # between connection events


class AirLink(LocalLink):
    """Packets wait for the next connection event; out of range none comes through."""

    def __init__(self) -> None:
        super().__init__()
        self.in_range = True
        self._waiting: deque[tuple[object, ...]] = deque()

    def send_acl_data(self, *packet: object) -> None:
        if not self.in_range:
            return
        if not self._waiting:
            loop = asyncio.get_running_loop()
            loop.call_at((loop.time() // INTERVAL_S + 1) * INTERVAL_S, self._event)
        self._waiting.append(packet)

    def _event(self) -> None:
        while self._waiting:
            super().send_acl_data(*self._waiting.popleft())  # type: ignore[arg-type]

    def lose(self) -> None:
        """What both controllers say once the supervision timeout has passed."""
        for controller in self.controllers:
            for connection in list(controller.le_connections.values()):
                controller.on_le_disconnected(connection, HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)


def device(name: str, address: str, link: LocalLink) -> Device:
    controller = Controller(name, link=link)
    return Device(name=name, address=Address(address), host=Host(controller, AsyncPipeSink(controller)))


class BumblePatch:
    """Air: a peripheral with the patch's service."""

    def __init__(self, patch: VirtualPatch, link: AirLink, faults: tuple[Fault, ...] = (), **how: float) -> None:
        self.device = device(NAME, PATCH_ADDRESS, link)
        self.patch = NotifyingPatch(patch, self, faults, **how)  # type: ignore[arg-type]
        self._link = link
        self._out: asyncio.Queue[bytes] = asyncio.Queue()
        properties = Characteristic.Properties
        self._from = Characteristic(gatt.FROM_PATCH, properties.NOTIFY, Characteristic.READABLE, b"")
        self._from.on(Characteristic.EVENT_SUBSCRIPTION, self._subscription)
        written = CharacteristicValue(write=lambda connection, value: self.patch.written(value, connection.att_mtu))
        to = Characteristic(gatt.TO_PATCH, properties.WRITE, Characteristic.WRITEABLE, written)
        self.device.add_service(Service(gatt.SERVICE, [self._from, to]))
        self.device.on("connection", lambda c: c.on(c.EVENT_DISCONNECTION, lambda _: self.patch.left()))

    async def start(self) -> None:
        self.device.advertising_data = gatt.advertisement()
        self.device.scan_response_data = gatt.scan_response(NAME)
        await self.device.power_on()
        await self.device.start_advertising(auto_restart=True)
        self._pump = asyncio.create_task(self._send())

    async def stop(self) -> None:
        self._pump.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._pump

    def notify(self, data: bytes) -> None:
        self._out.put_nowait(data)

    async def settle(self) -> None:
        await self._out.join()

    async def go_away(self) -> None:
        await asyncio.sleep(4 * INTERVAL_S)  # what is in the air arrives
        self._link.in_range = False
        self._link.lose()

    async def come_back(self) -> None:
        self._link.in_range = True

    async def _send(self) -> None:
        while True:
            await self.device.notify_subscribers(self._from, await self._out.get())
            self._out.task_done()

    def _subscription(self, _: object, notify: bool, __: bool) -> None:
        if notify:
            self.patch.subscribed()
        else:
            self.patch.left()


class BumbleRadio:
    """Radio: a central on the same link, which asks for `mtu`."""

    def __init__(self, link: AirLink, mtu: int = gatt.GOOD_MTU) -> None:
        self.device = device("a host", HOST_ADDRESS, link)
        self.connects = 0
        self._link, self._mtu = link, mtu

    async def connect(self, target: Target, before: str | None, service: str, gone: Callable[[], None]) -> BumblePeer:
        if not self._link.in_range:
            raise SourceUnavailable(f"no Bluetooth device {target.text} in reach", Reason.NOT_FOUND)
        connection = await self.device.connect(Address(PATCH_ADDRESS), transport=PhysicalTransport.LE)
        connection.on(connection.EVENT_DISCONNECTION, lambda _: gone())
        peer = Peer(connection)
        mtu = await peer.request_mtu(self._mtu)
        await peer.discover_all()
        self.connects += 1
        return BumblePeer(peer, mtu)


class BumblePeer:
    """Peer: what a patch of ours needs, no more."""

    name, address = NAME, PATCH_ADDRESS

    def __init__(self, peer: Peer, mtu: int) -> None:
        self._peer, self._mtu, self._gone = peer, mtu, False
        peer.connection.on(peer.connection.EVENT_DISCONNECTION, self._left)

    def _left(self, _: object) -> None:
        self._gone = True

    async def mtu(self) -> int:
        return self._mtu

    def has(self, characteristic: str) -> bool:
        return bool(self._peer.get_characteristics_by_uuid(UUID(characteristic)))

    async def bond(self) -> None:
        raise SourceUnavailable("this link cannot bond", Reason.PERMISSION)

    async def subscribe(self, characteristic: str, heard: Callable[[bytes], None]) -> None:
        (found,) = self._peer.get_characteristics_by_uuid(UUID(characteristic))
        await self._peer.subscribe(found, heard)

    async def read(self, characteristic: str) -> bytes:
        (found,) = self._peer.get_characteristics_by_uuid(UUID(characteristic))
        return bytes(await self._peer.read_value(found))

    async def write(self, characteristic: str, data: bytes) -> None:
        (found,) = self._peer.get_characteristics_by_uuid(UUID(characteristic))
        try:
            async with asyncio.timeout(2.0):
                await self._peer.write_value(found, data, with_response=True)
        except Exception as error:
            raise SourceUnavailable(f"the write failed: {error}", Reason.UNREADABLE) from error

    async def leave(self) -> None:
        if not self._gone:  # bumble waits for ever for a link that is gone to go
            await self._peer.connection.disconnect()
