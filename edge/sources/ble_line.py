"""Notifications of one Bluetooth device and writes to it, over one connection after another."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from edge.errors import Reason, SourceUnavailable
from edge.host_clock import now_ns
from edge.sources.ble_radio import BleakRadio, Peer, Radio
from edge.sources.ble_target import Target
from firmware_bridge import gatt

REST_S = 0.06  # after a notification, for others to come: what follows works in tenths of a second
MAX_WAITING = 4096  # notifications, a megabyte: half a minute at the least MTU, should nobody fetch them


@dataclass(frozen=True, slots=True)
class Profile:
    """What is asked of a device."""

    service: str  # its UUID: a device without it is the wrong one
    notify: tuple[str, ...]  # characteristics to subscribe to, in this order
    min_mtu: int  # bytes


PATCH = Profile(gatt.SERVICE, (gatt.FROM_PATCH,), gatt.MIN_MTU)


class BleLine:
    """Connects to the device `target`, subscribes, and keeps what it notifies until somebody takes it.

    There is one connection at most, and only what is said over the newest is heard. `told` is called when there is
    something to take, or the link is `gone`. `bond`: nothing is listened to over a link that is not bonded.
    """

    def __init__(
        self,
        target: str,
        profile: Profile,
        told: Callable[[], None],
        *,
        bond: bool = False,
        radio: Radio | None = None,
    ) -> None:
        self.peer: Peer | None = None
        self.gone = False
        self.hurried = True  # what comes is told at once
        self.came = 0  # notifications since the link was opened
        self.notifications = 0  # of all links
        self.overflow = 0  # bytes that found no room, of the last connection
        self._target, self._profile, self._told, self._bond = Target(target), profile, told, bond
        self._radio: Radio = radio or BleakRadio()
        self._address: str | None = None  # of the device we had
        self._number = 0  # of the connection
        self._heard: deque[tuple[bytes, int]] = deque()
        self._resting: asyncio.TimerHandle | None = None

    @property
    def name(self) -> str:
        """For people."""
        return self.peer.name if self.peer is not None else self._target.text

    async def open(self) -> None:
        """Raises SourceUnavailable; then nothing is left open."""
        self._heard.clear()
        self.gone, self.came, self.overflow = False, 0, 0
        self._number += 1
        lose = partial(self._lose, self._number)
        self.peer = peer = await self._radio.connect(self._target, self._address, self._profile.service, lose)
        self._address = peer.address
        try:
            await self._check_mtu(peer)
            if self._bond:
                await peer.bond()
            for characteristic in self._profile.notify:
                await peer.subscribe(characteristic, partial(self._notified, self._number))
        except BaseException:
            await self.shut()
            raise

    async def shut(self) -> None:
        """Leave, whatever state the link is in; never raises."""
        peer, self.peer = self.peer, None
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
        if peer is not None:
            await peer.leave()

    async def write(self, characteristic: str, data: bytes) -> None:
        """With response; a link that fails at it is `gone`."""
        if self.peer is None:
            return
        try:
            await self.peer.write(characteristic, data)
        except SourceUnavailable:
            self._lose(self._number)

    def take(self) -> list[tuple[bytes, int]]:
        """The notifications that came since the last call, and when (edge.host_clock.now_ns)."""
        heard = list(self._heard)
        self._heard.clear()
        return heard

    async def _check_mtu(self, peer: Peer) -> None:
        mtu, needed = await peer.mtu(), self._profile.min_mtu
        if mtu is not None and mtu < needed:
            text = f"{peer.name} allows an MTU of {mtu} bytes, {needed} are needed: update its firmware"
            raise SourceUnavailable(text, Reason.PROTOCOL)

    def _notified(self, number: int, data: bytes) -> None:
        if number != self._number:
            return
        self.came += 1
        self.notifications += 1
        if len(self._heard) < MAX_WAITING:
            self._heard.append((data, now_ns()))
        else:
            self.overflow += len(data)
        if self._resting is None:
            rest_s = 0.0 if self.hurried else REST_S
            self._resting = asyncio.get_running_loop().call_later(rest_s, self._rested)

    def _rested(self) -> None:
        self._resting = None
        self._told()

    def _lose(self, number: int) -> None:
        if number == self._number:
            self.gone = True
            self._told()
