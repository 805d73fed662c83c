"""Finding Bluetooth devices: the one the user means, and all there are."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from edge.errors import EdgeError, Reason, SourceUnavailable
from edge.sources.ble_bluez import Known, known_devices
from edge.sources.ble_errors import BUSY, MISSING, NOT_FOUND, in_words
from edge.sources.ble_target import By, Target
from firmware_bridge import gatt

if TYPE_CHECKING:
    from bleak.backends.device import BLEDevice
    from bleak.backends.scanner import AdvertisementData

SCAN_S = 10.0  # a patch that saves power advertises every second or two, and a scanner misses some
NAMESAKES_S = 1.0  # after the first of a name or service: others advertise as often
LISTING_S = 4.0


@dataclass(frozen=True, slots=True)
class Found:
    """A device to connect to."""

    name: str
    address: str
    device: Any  # bleak's own

    def __str__(self) -> str:
        return f"{self.name} ({self.address})" if self.name else self.address


@dataclass(slots=True)
class _Seen:
    """What a scan has met that is meant."""

    target: Target
    before: str | None  # the address of the one we had
    found: dict[str, Found] = field(default_factory=dict)
    any: asyncio.Event = field(default_factory=asyncio.Event)
    certain: asyncio.Event = field(default_factory=asyncio.Event)  # no other can be meant

    def saw(self, device: BLEDevice, advertised: AdvertisementData) -> None:
        name = advertised.local_name or device.name
        if not self.target.matches(name, device.address, advertised.service_uuids):
            return
        self.found[device.address] = Found(name or "", device.address, device)
        self.any.set()
        if self.target.by is By.ADDRESS or device.address == self.before:
            self.certain.set()


async def find(target: Target, *, before: str | None = None, scan_s: float | None = None) -> Found:
    """The device that is meant; of several with its name the one with address `before`, where we had one.

    Raises SourceUnavailable: not in reach, several of them, in use, or Bluetooth out of order.
    """
    with in_words(target.text):
        if (held := _connected(target, await known_devices())) is not None:
            return held
        seen = _Seen(target, before)
        await _scan(seen, SCAN_S if scan_s is None else scan_s)
    if before in seen.found:
        return seen.found[before]
    if not seen.found:
        raise SourceUnavailable(NOT_FOUND.format(target.text), Reason.NOT_FOUND)
    if len(seen.found) > 1:
        which = ", ".join(str(found) for found in seen.found.values())
        text = f"several Bluetooth devices answer to {target.text}: {which}; say which by its address"
        raise SourceUnavailable(text, Reason.USAGE)
    return next(iter(seen.found.values()))


def _connected(target: Target, known: list[Known]) -> Found | None:
    """The device, where a run that died left it connected: such a one advertises no more."""
    from bleak.backends.device import BLEDevice

    for k in known:
        if k.connected and target.matches(k.name, k.address, k.services):
            if k.in_use:
                raise SourceUnavailable(BUSY.format(f"{k.name} ({k.address})"), Reason.BUSY)
            return Found(k.name, k.address, BLEDevice(k.address, k.name, {"path": k.path, "props": k.properties}))
    return None


async def _scan(seen: _Seen, scan_s: float) -> None:
    from bleak import BleakScanner

    async with BleakScanner(seen.saw):
        if await _within(seen.any, scan_s):
            await _within(seen.certain, NAMESAKES_S if seen.before is None else scan_s)


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


def listing() -> str:
    """The devices in reach, one a line, or in one line why there are none; for people."""
    try:
        import bleak  # noqa: F401  an extra
    except ImportError:
        return f"no Bluetooth devices: {MISSING}"
    try:
        seen = asyncio.run(_all())
    except EdgeError as error:
        return f"no Bluetooth devices: {error}"
    if not seen:
        return "no Bluetooth devices in reach: switch the patch on, and end what else is connected to it"
    return "\n".join(_lines(seen))


async def _all() -> list[tuple[str, str, int, bool]]:
    """Name, address, dBm and whether it is a patch; patches first, then the strongest."""
    from bleak import BleakScanner

    with in_words("Bluetooth"):
        devices = await BleakScanner.discover(timeout=LISTING_S, return_adv=True)
    rows = [
        (a.local_name or d.name or "", d.address, a.rssi, gatt.SERVICE in a.service_uuids) for d, a in devices.values()
    ]
    return sorted(rows, key=lambda row: (not row[3], -row[2]))


def _lines(rows: list[tuple[str, str, int, bool]]) -> list[str]:
    shown = ["".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in row[0]) or "-" for row in rows]
    width = max(map(len, shown))
    return [
        f"{name:<{width}}  {address}  {rssi:4d} dBm" + ("  speaks our protocol" if patch else "")
        for name, (_, address, rssi, patch) in zip(shown, rows, strict=True)
    ]
