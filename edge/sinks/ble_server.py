"""A virtual patch as a Bluetooth peripheral: a GATT application and an advertisement, registered with BlueZ."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from edge.errors import OutputError, Reason, SourceUnavailable
from edge.sinks.ble_patch import NotifyingPatch
from edge.sinks.dbus_objects import PROPERTIES, Call, Objects, Reply
from firmware_bridge import gatt
from firmware_bridge.faults import Fault
from firmware_bridge.patch import VirtualPatch

if TYPE_CHECKING:
    from dbus_fast import Message

BLUEZ = "org.bluez"
DEVICE = "org.bluez.Device1"
GATT_MANAGER, ADVERTISING_MANAGER = "org.bluez.GattManager1", "org.bluez.LEAdvertisingManager1"
SERVICE, CHARACTERISTIC = "org.bluez.GattService1", "org.bluez.GattCharacteristic1"
ADVERTISEMENT = "org.bluez.LEAdvertisement1"
ROOT = "/edge_ecg/patch"
ADVERTISED = f"{ROOT}/advertisement"
# Numbered through, as handles are.
FROM_PATCH, TO_PATCH = f"{ROOT}/service0001/char0002", f"{ROOT}/service0001/char0003"
BATTERY = f"{ROOT}/service0004/char0005"
MANUFACTURER, FIRMWARE = f"{ROOT}/service0006/char0007", f"{ROOT}/service0006/char0008"
SERVICES = {1: gatt.SERVICE, 4: gatt.BATTERY_SERVICE, 6: gatt.DEVICE_INFORMATION}
ANSWER_S = 10.0  # BlueZ asks us about every object before it answers
NAME = "ECG patch"


class BlePatchServer:
    """Serves a patch over the first adapter that can be a peripheral; `async with`, then `serve`.

    Errors: OutputError where Bluetooth does not work, or does not let us.
    """

    def __init__(
        self,
        patch: VirtualPatch,
        faults: Sequence[Fault] = (),
        *,
        name: str = NAME,
        speed: float = 1.0,
        seed: int = 0,
        wait_for_host: bool = True,
    ) -> None:
        gatt.scan_response(name)  # raises ValueError for one that is too long
        self.name = name
        self.patch = NotifyingPatch(patch, self, faults, speed=speed, seed=seed, wait_for_host=wait_for_host)
        self._battery_percent = patch.battery_percent
        self._adapter = ""
        self._centrals: set[str] = set()  # paths of those who have written to us

    async def __aenter__(self) -> BlePatchServer:
        with _as_output():
            await self._start()
        return self

    async def __aexit__(self, *_: object) -> None:
        with contextlib.suppress(Exception):  # whatever is still registered goes with our connection to the bus
            await self._disconnect_all()
        self._bus.disconnect()

    async def serve(self) -> None:
        """Until the signal ends."""
        with _as_output():
            await self.patch.serve()

    def notify(self, data: bytes) -> None:
        from dbus_fast import Variant

        self._objects.tell(FROM_PATCH, CHARACTERISTIC, {"Value": Variant("ay", data)})

    async def settle(self) -> None:
        await self._call("/", "org.freedesktop.DBus.Peer", "Ping")

    async def go_away(self) -> None:
        await self._call(self._adapter, ADVERTISING_MANAGER, "UnregisterAdvertisement", "o", ADVERTISED)
        await self._disconnect_all()

    async def come_back(self) -> None:
        await self._call(self._adapter, ADVERTISING_MANAGER, "RegisterAdvertisement", "oa{sv}", ADVERTISED, {})

    async def _start(self) -> None:
        from dbus_fast import BusType
        from dbus_fast.aio import MessageBus

        self._bus = MessageBus(bus_type=BusType.SYSTEM)
        try:
            await self._bus.connect()
            self._adapter = await self._peripheral()
            self._offer()
            await self._call(self._adapter, GATT_MANAGER, "RegisterApplication", "oa{sv}", ROOT, {})
            await self.come_back()
            rule = f"type='signal',sender='{BLUEZ}',interface='{PROPERTIES}',arg0='{DEVICE}'"
            self._bus.add_message_handler(self._overheard)
            await self._call("/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch", "s", rule)
        except BaseException:
            self._bus.disconnect()
            raise

    async def _peripheral(self) -> str:
        """The path of an adapter that others can connect to."""
        (objects,) = await self._call("/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
        for path, interfaces in sorted(objects.items()):
            if GATT_MANAGER in interfaces and ADVERTISING_MANAGER in interfaces:
                return str(path)
        raise OutputError("no Bluetooth adapter here that can be a peripheral: plug one in", Reason.NOT_FOUND)

    def _offer(self) -> None:
        from dbus_fast import Variant

        self._objects = Objects(
            self._bus,
            ROOT,
            {
                (CHARACTERISTIC, "StartNotify"): self._start_notify,
                (CHARACTERISTIC, "StopNotify"): self._stop_notify,
                (CHARACTERISTIC, "WriteValue"): self._write,
                (CHARACTERISTIC, "ReadValue"): self._read,
                (ADVERTISEMENT, "Release"): lambda _: None,
            },
        )

        def characteristic(path: str, uuid: str, *flags: str) -> None:
            service = path.rpartition("/")[0]
            about = {"UUID": Variant("s", uuid), "Service": Variant("o", service), "Flags": Variant("as", list(flags))}
            self._objects.add(path, CHARACTERISTIC, about)

        for number, uuid in SERVICES.items():
            about = {"UUID": Variant("s", uuid), "Primary": Variant("b", True)}
            self._objects.add(f"{ROOT}/service{number:04x}", SERVICE, about)
        characteristic(FROM_PATCH, gatt.FROM_PATCH, "notify")
        characteristic(TO_PATCH, gatt.TO_PATCH, "write")
        characteristic(BATTERY, gatt.BATTERY_LEVEL, "read")
        characteristic(MANUFACTURER, gatt.MANUFACTURER_NAME, "read")
        characteristic(FIRMWARE, gatt.FIRMWARE_REVISION, "read")
        what = {"Type": Variant("s", "peripheral"), "LocalName": Variant("s", self.name)}
        self._objects.add(ADVERTISED, ADVERTISEMENT, what | {"ServiceUUIDs": Variant("as", [gatt.SERVICE])})

    async def _call(self, path: str, interface: str, member: str, signature: str = "", *body: Any) -> list[Any]:
        """Of BlueZ, or of the bus itself."""
        from dbus_fast import Message, MessageType
        from dbus_fast.errors import DBusError

        whom = "org.freedesktop.DBus" if interface == "org.freedesktop.DBus" else BLUEZ
        ask = Message(whom, path, interface, member, signature=signature, body=list(body))
        async with asyncio.timeout(ANSWER_S):
            reply = await self._bus.call(ask)
        assert reply is not None
        if reply.message_type is MessageType.ERROR:
            raise DBusError(reply.error_name or f"{BLUEZ}.Error.Failed", str(reply.body[0]) if reply.body else "")
        return list(reply.body)

    async def _disconnect_all(self) -> None:
        from dbus_fast.errors import DBusError

        centrals, self._centrals = self._centrals, set()
        for central in centrals:
            with contextlib.suppress(DBusError):  # gone by itself
                await self._call(central, DEVICE, "Disconnect")

    def _overheard(self, message: Message) -> None:
        """A central whose link has broken is told of by its `Connected` alone, where it is bonded."""
        if message.path in self._centrals and message.member == "PropertiesChanged":
            connected = message.body[1].get("Connected")
            if connected is not None and not connected.value:
                self._centrals.discard(message.path)
                self.patch.left()

    def _start_notify(self, call: Call) -> None:
        if call.path == FROM_PATCH:
            self.patch.subscribed()

    def _stop_notify(self, call: Call) -> None:
        if call.path == FROM_PATCH:
            self.patch.left()

    def _write(self, call: Call) -> None:
        value, options = call.body
        if "device" in options:
            self._centrals.add(options["device"].value)
        mtu = options["mtu"].value if "mtu" in options else gatt.MIN_MTU
        if call.path == TO_PATCH:
            self.patch.written(bytes(value), mtu)

    def _read(self, call: Call) -> Reply:
        values = {BATTERY: bytes([self._battery_percent]), MANUFACTURER: b"edge-ecg", FIRMWARE: b"1.0.0"}
        return Reply("ay", (values[call.path],))


@contextlib.contextmanager
def _as_output() -> Any:
    """What Bluetooth raises, as what a command that puts something out tells."""
    from edge.sources.ble_errors import in_words

    try:
        with in_words("the virtual patch"):
            yield
    except SourceUnavailable as error:
        raise OutputError(str(error), error.reason) from error
