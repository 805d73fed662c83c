"""What BlueZ knows of devices and bleak does not tell: who is connected already, in use, or bonded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

BLUEZ = "org.bluez"
DEVICE = "org.bluez.Device1"
CHARACTERISTIC = "org.bluez.GattCharacteristic1"
ANSWER_S = 5.0  # bluetoothd answers within milliseconds, or not at all


@dataclass(frozen=True, slots=True)
class Known:
    """A device that BlueZ holds."""

    path: str
    address: str
    name: str
    services: tuple[str, ...]
    connected: bool
    bonded: bool
    in_use: frozenset[str]  # UUIDs of characteristics that some program is subscribed to
    properties: dict[str, Any]  # as bleak wants them


async def known_devices() -> list[Known]:
    """Raises what dbus-fast and the system raise (see ble_errors)."""
    import asyncio

    from dbus_fast import BusType, Message, MessageType
    from dbus_fast.aio import MessageBus
    from dbus_fast.errors import DBusError

    bus = MessageBus(bus_type=BusType.SYSTEM)
    try:
        await bus.connect()
        ask = Message(BLUEZ, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
        async with asyncio.timeout(ANSWER_S):
            reply = await bus.call(ask)
        assert reply is not None
        if reply.message_type is MessageType.ERROR:
            raise DBusError(reply.error_name or "org.bluez.Error.Failed", str(reply.body[0]) if reply.body else "")
    finally:
        bus.disconnect()
    return _devices(reply.body[0])


def _devices(objects: dict[str, dict[str, dict[str, Any]]]) -> list[Known]:
    out = []
    for path, interfaces in objects.items():
        if DEVICE not in interfaces:
            continue
        device = {key: variant.value for key, variant in interfaces[DEVICE].items()}
        inside = [o[CHARACTERISTIC] for p, o in objects.items() if CHARACTERISTIC in o and p.startswith(f"{path}/")]
        in_use = frozenset(c["UUID"].value for c in inside if "Notifying" in c and c["Notifying"].value)
        bonded = device.get("Bonded", device.get("Paired", False))  # BlueZ before 5.66 does not tell them apart
        about = (device.get("Address", ""), device.get("Alias", ""), tuple(device.get("UUIDs", ())))
        out.append(Known(path, *about, device.get("Connected", False), bonded, in_use, device))
    return out
