"""One connection to one Bluetooth device, by bleak: connect, pair, subscribe, write, leave."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Protocol

from edge.errors import Reason, SourceUnavailable
from edge.sources.ble_bluez import known_devices
from edge.sources.ble_errors import PAIRING, WRONG, in_words
from edge.sources.ble_scan import Found, find
from edge.sources.ble_target import Target
from firmware_bridge import gatt

CONNECT_S = 15.0  # a patch that advertises every 2 s is connected within a few; service discovery takes some more
PAIR_S = 30.0  # the time that the security manager protocol itself allows (Core 5.4, vol. 3 H 3.4)
ANSWER_S = 5.0  # to a read, a write or a subscription: some connection intervals, each at most 4 s
LEAVE_S = 5.0
UNKNOWN_MTU = 23  # what BlueZ says as long as it has not asked for more
MTU_S = 2.0  # for it to ask


class Peer(Protocol):
    """A device we are connected to. Everything but `leave` raises SourceUnavailable where it fails."""

    name: str  # for people
    address: str

    async def mtu(self) -> int | None:
        """Of ATT, bytes; None where the system does not tell."""
        ...

    def has(self, characteristic: str) -> bool: ...

    async def bond(self) -> None: ...

    async def subscribe(self, characteristic: str, heard: Callable[[bytes], None]) -> None: ...

    async def read(self, characteristic: str) -> bytes: ...

    async def write(self, characteristic: str, data: bytes) -> None:
        """With response: it has arrived."""
        ...

    async def leave(self) -> None:
        """Whatever state it is in; never raises."""
        ...


class Radio(Protocol):
    """What finds a device and connects to it. Raises SourceUnavailable."""

    async def connect(self, target: Target, before: str | None, service: str, gone: Callable[[], None]) -> Peer:
        """To a device with `service`; of several the one with address `before`. Calls `gone` when the link breaks."""
        ...


class BleakRadio:
    """Radio: this machine's Bluetooth adapter."""

    async def connect(self, target: Target, before: str | None, service: str, gone: Callable[[], None]) -> Peer:
        try:
            from bleak import BleakClient
        except ImportError:
            from edge.sources.ble_errors import MISSING

            raise SourceUnavailable(MISSING, Reason.USAGE) from None
        found = await find(target, before=before)
        client = BleakClient(found.device, lambda _: gone(), timeout=CONNECT_S)
        peer = BleakPeer(client, found)
        try:
            with in_words(str(found)):
                await client.connect()
            if client.services.get_service(service) is None:
                raise SourceUnavailable(WRONG.format(found, service), Reason.PROTOCOL)
        except BaseException:
            await peer.leave()
            raise
        return peer


class BleakPeer:
    """Peer: a BleakClient, which is used for one connection and never again."""

    def __init__(self, client: Any, found: Found) -> None:
        self.name, self.address = str(found), found.address
        self.advertised = found.name
        self._client = client

    async def mtu(self) -> int | None:
        characteristic = self._client.services.get_characteristic(gatt.FROM_PATCH)
        if characteristic is None:
            return None
        for _ in range(round(MTU_S / 0.1)):
            mtu = int(characteristic.max_write_without_response_size) + gatt.ATT_HEADER
            if mtu != UNKNOWN_MTU:
                return mtu
            await asyncio.sleep(0.1)
        told = isinstance(characteristic.obj, tuple) and "MTU" in characteristic.obj[1]  # not before BlueZ 5.62
        return UNKNOWN_MTU if told else None

    def has(self, characteristic: str) -> bool:
        return self._client.services.get_characteristic(characteristic) is not None

    async def bond(self) -> None:
        with in_words(self.name):
            async with asyncio.timeout(PAIR_S):
                await self._client.pair()
            bonded = {known.address: known.bonded for known in await known_devices()}
        if not bonded.get(self._client.address):
            raise SourceUnavailable(PAIRING.format(self.name, "it is not bonded after all"), Reason.PERMISSION)

    async def subscribe(self, characteristic: str, heard: Callable[[bytes], None]) -> None:
        with in_words(self.name):
            async with asyncio.timeout(ANSWER_S):
                await self._client.start_notify(characteristic, lambda _, data: heard(data))

    async def read(self, characteristic: str) -> bytes:
        with in_words(self.name):
            async with asyncio.timeout(ANSWER_S):
                return bytes(await self._client.read_gatt_char(characteristic))

    async def write(self, characteristic: str, data: bytes) -> None:
        with in_words(self.name):
            async with asyncio.timeout(ANSWER_S):
                await self._client.write_gatt_char(characteristic, data, response=True)

    async def leave(self) -> None:
        with contextlib.suppress(Exception):  # it is gone, or the adapter, or D-Bus: in any case we are not connected
            async with asyncio.timeout(LEAVE_S):
                await self._client.disconnect()
