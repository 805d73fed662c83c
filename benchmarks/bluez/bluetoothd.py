"""A bluetoothd without a radio: what one program registers as a peripheral, another one finds, connects to and hears.

Names, signatures and the order of signals are BlueZ's (its doc/*.rst); bleak's own backend talks to it. Object paths
end in serviceXXXX/charXXXX with four digits, no number twice: bleak takes them for handles, and cuts by length.
"""

from __future__ import annotations

import asyncio
from typing import Any

from dbus_fast import BusType, Message, MessageType, RequestNameReply, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusError

from benchmarks.bluez.remote import ADAPTER, Remote
from edge.sinks.dbus_objects import MANAGER, PROPERTIES, Call, Objects, Reply
from firmware_bridge import gatt

BLUEZ = "org.bluez"
ADAPTER1, DEVICE1 = "org.bluez.Adapter1", "org.bluez.Device1"
GATT_MANAGER, ADVERTISING_MANAGER = "org.bluez.GattManager1", "org.bluez.LEAdvertisingManager1"
CHARACTERISTIC, ADVERTISEMENT = "org.bluez.GattCharacteristic1", "org.bluez.LEAdvertisement1"
PATCH_ADDRESS, HOST_ADDRESS = "C0:FF:EE:00:00:01", "C0:FF:EE:00:00:99"
ADVERTISE_S = 0.05


def refusal(name: str, text: str) -> DBusError:
    return DBusError(f"org.bluez.Error.{name}", text)


class Bluetoothd:
    """Joins what registers with it to what scans; for `async with`. Its attributes are what is to go wrong."""

    def __init__(self, *, mtu: int | None = gatt.GOOD_MTU, adapter: bool = True) -> None:
        self.mtu, self._has_adapter = mtu, adapter
        self.remotes: dict[str, Remote] = {}  # by path
        self.in_range = True
        self.deaf = False  # the link is up, and no notification comes through
        self.connect_delay_s = 0.0
        self.connect_error: DBusError | None = None
        self.notify_error: DBusError | None = None
        self.pair_error: DBusError | None = None
        self.bonds = True  # by pairing
        self.connects = self.subscriptions = self.most_subscribed = 0
        self._notifying: dict[str, int] = {}  # subscriptions, by path of ours
        self._advertising: asyncio.Task[None] | None = None
        self._host = Remote(HOST_ADDRESS, "a host", (), advertising=False)

    async def __aenter__(self) -> Bluetoothd:
        self._bus = MessageBus(bus_type=BusType.SYSTEM)
        await self._bus.connect()
        methods = {
            (ADAPTER1, "SetDiscoveryFilter"): lambda _: self._check_power(),
            (ADAPTER1, "StartDiscovery"): self._start_discovery,
            (ADAPTER1, "StopDiscovery"): self._stop_discovery,
            (GATT_MANAGER, "RegisterApplication"): self._register,
            (GATT_MANAGER, "UnregisterApplication"): lambda _: None,
            (ADVERTISING_MANAGER, "RegisterAdvertisement"): self._advertise,
            (ADVERTISING_MANAGER, "UnregisterAdvertisement"): self._hush,
            (DEVICE1, "Connect"): self._connect,
            (DEVICE1, "Disconnect"): self._disconnect,
            (DEVICE1, "Pair"): self._pair,
            (CHARACTERISTIC, "ReadValue"): self._read,
            (CHARACTERISTIC, "WriteValue"): self._write,
            (CHARACTERISTIC, "StartNotify"): self._start_notify,
            (CHARACTERISTIC, "StopNotify"): self._stop_notify,
        }
        self._objects = Objects(self._bus, "/", methods)
        self._bus.add_message_handler(self._overheard)
        if self._has_adapter:
            about = {"Address": Variant("s", HOST_ADDRESS), "Roles": Variant("as", ["central", "peripheral"])}
            state = {"Powered": Variant("b", True), "Discovering": Variant("b", False)}
            self._objects.add(ADAPTER, ADAPTER1, about | state)
            self._objects.add(ADAPTER, GATT_MANAGER, {})
            self._objects.add(ADAPTER, ADVERTISING_MANAGER, {})
        assert await self._bus.request_name(BLUEZ) is RequestNameReply.PRIMARY_OWNER
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._advertising is not None:
            self._advertising.cancel()
        self._bus.disconnect()

    # What a test does to it

    def add(self, remote: Remote) -> None:
        """A device that is no program's."""
        self.remotes[remote.path] = remote

    @property
    def patch(self) -> Remote:
        return self.remotes[Remote(PATCH_ADDRESS, "", ()).path]

    async def drop(self) -> None:
        """Every link breaks; what bluetoothd signals then, in its order."""
        for remote in list(self.remotes.values()):
            await self._drop(remote)

    async def power(self, on: bool) -> None:
        if not on:
            await self.drop()
        self._objects.change(ADAPTER, ADAPTER1, {"Powered": Variant("b", on), "Discovering": Variant("b", False)})

    async def forget_subscriptions(self) -> None:
        """The programs that had them are gone; their links stay, as bluetoothd leaves them."""
        for path in list(self._notifying):
            await self._stop_notify(Call(path, [], ""))

    async def remove_adapter(self) -> None:
        """The dongle is pulled out."""
        await self.drop()
        for remote in self.remotes.values():
            self._objects.remove(remote.path)
        self._objects.remove(ADAPTER)

    # Peripherals

    async def _register(self, call: Call) -> None:
        (table,) = await self._ask(call.sender, call.body[0], MANAGER, "GetManagedObjects")
        remote = Remote(PATCH_ADDRESS, "", (), sender=call.sender, root=call.body[0], advertising=False)
        remote.table = {path.removeprefix(remote.root): dict(interfaces) for path, interfaces in table.items()}
        self.remotes[remote.path] = remote
        rule = f"type='signal',sender='{call.sender}'"
        await self._ask("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch", "s", rule)

    async def _advertise(self, call: Call) -> None:
        (about,) = await self._ask(call.sender, call.body[0], PROPERTIES, "GetAll", "s", ADVERTISEMENT)
        for remote in self.remotes.values():
            if remote.sender == call.sender:
                remote.name, remote.services = about["LocalName"].value, tuple(about["ServiceUUIDs"].value)
                remote.advertising = True

    def _hush(self, call: Call) -> None:
        for remote in self.remotes.values():
            remote.advertising = remote.advertising and remote.sender != call.sender

    def _overheard(self, message: Message) -> None:
        """A notification of a peripheral's."""
        if message.message_type is not MessageType.SIGNAL or message.member != "PropertiesChanged":
            return
        for remote in self.remotes.values():
            path = f"{remote.path}{(message.path or '').removeprefix(remote.root)}"
            if message.sender == remote.sender and self._notifying.get(path) and not self.deaf:
                self._objects.tell(path, message.body[0], message.body[1])

    # Centrals

    def _check_power(self) -> None:
        if not self._objects.value(ADAPTER, ADAPTER1, "Powered"):
            raise refusal("NotReady", "Resource Not Ready")

    def _start_discovery(self, _: Call) -> None:
        self._check_power()
        self._objects.change(ADAPTER, ADAPTER1, {"Discovering": Variant("b", True)})
        if self._advertising is not None:
            self._advertising.cancel()
        self._advertising = asyncio.create_task(self._send_advertisements())

    def _stop_discovery(self, _: Call) -> None:
        self._check_power()
        if self._advertising is not None:
            self._advertising.cancel()
        self._objects.change(ADAPTER, ADAPTER1, {"Discovering": Variant("b", False)})

    async def _send_advertisements(self) -> None:
        """Again and again, and not before the reply: finders look only at what comes after it."""
        while True:
            await asyncio.sleep(ADVERTISE_S)
            for remote in self.remotes.values():
                if remote.advertising and not remote.connected and self.in_range:
                    self._advertised(remote)

    def _advertised(self, remote: Remote) -> None:
        if not remote.known:
            remote.known = True
            self._objects.add(remote.path, DEVICE1, remote.properties)
            return
        remote.rssi = -61 if remote.rssi == -60 else -60
        self._objects.change(remote.path, DEVICE1, {"RSSI": Variant("n", remote.rssi)})

    async def _connect(self, call: Call) -> None:
        self._check_power()
        await asyncio.sleep(self.connect_delay_s)
        if self.connect_error is not None:
            raise self.connect_error
        remote = self.remotes[call.path]
        if not (remote.advertising and self.in_range):
            raise refusal("Failed", "le-connection-abort-by-local")
        self.connects += 1
        remote.connected = True
        self._host.connected = True
        self._objects.add(self._host.path, DEVICE1, self._host.properties)
        self._objects.change(remote.path, DEVICE1, {"Connected": Variant("b", True)})
        for path, interfaces in sorted(remote.table.items()):
            for interface, about in interfaces.items():
                if interface != ADVERTISEMENT:
                    self._objects.add(remote.path + path, interface, self._mirrored(remote, interface, about))
        self._objects.change(remote.path, DEVICE1, {"ServicesResolved": Variant("b", True)})

    def _mirrored(self, remote: Remote, interface: str, about: dict[str, Any]) -> dict[str, Any]:
        if interface != CHARACTERISTIC:
            return about | {"Device": Variant("o", remote.path)}
        service = remote.path + about["Service"].value.removeprefix(remote.root)
        mirrored = about | {"Service": Variant("o", service), "Notifying": Variant("b", False)}
        return mirrored if self.mtu is None else mirrored | {"MTU": Variant("q", self.mtu)}

    async def _disconnect(self, call: Call) -> None:
        if call.path == self._host.path:
            await self.drop()
        elif call.path in self.remotes:
            await self._drop(self.remotes[call.path])

    async def _drop(self, remote: Remote) -> None:
        if not remote.connected:
            return
        remote.connected = False
        self._objects.change(remote.path, DEVICE1, {"ServicesResolved": Variant("b", False)})
        self._objects.change(remote.path, DEVICE1, {"Connected": Variant("b", False)})
        for path in remote.table:
            if self._notifying.pop(remote.path + path, 0):
                await self._pass_on(remote, remote.path + path, "StopNotify")
            self._objects.remove(remote.path + path)
        self._objects.remove(self._host.path)

    def _pair(self, call: Call) -> None:
        if self.pair_error is not None:
            raise self.pair_error
        remote = self.remotes[call.path]
        remote.bonded = self.bonds
        self._objects.change(call.path, DEVICE1, {"Paired": Variant("b", True), "Bonded": Variant("b", self.bonds)})

    # Characteristics

    async def _read(self, call: Call) -> Reply:
        return Reply("ay", tuple(await self._pass_on(self._of(call.path), call.path, "ReadValue", "a{sv}", {})))

    async def _write(self, call: Call) -> None:
        options = {"device": Variant("o", self._host.path)}
        if self.mtu is not None:
            options["mtu"] = Variant("q", self.mtu)
        await self._pass_on(self._of(call.path), call.path, "WriteValue", "aya{sv}", call.body[0], options)

    async def _start_notify(self, call: Call) -> None:
        if self.notify_error is not None:
            raise self.notify_error
        self.subscriptions += 1
        self._notifying[call.path] = self._notifying.get(call.path, 0) + 1
        self.most_subscribed = max(self.most_subscribed, self._notifying[call.path])
        await self._pass_on(self._of(call.path), call.path, "StartNotify")
        self._objects.change(call.path, CHARACTERISTIC, {"Notifying": Variant("b", True)})

    async def _stop_notify(self, call: Call) -> None:
        if self._notifying.pop(call.path, 0):
            await self._pass_on(self._of(call.path), call.path, "StopNotify")
            self._objects.change(call.path, CHARACTERISTIC, {"Notifying": Variant("b", False)})

    def _of(self, path: str) -> Remote:
        return next(remote for remote in self.remotes.values() if path.startswith(f"{remote.path}/"))

    async def _pass_on(self, remote: Remote, path: str, member: str, signature: str = "", *body: Any) -> list[Any]:
        """To the program whose characteristic it is."""
        if not remote.sender:
            raise refusal("NotSupported", "Operation is not supported")
        theirs = remote.root + path.removeprefix(remote.path)
        return await self._ask(remote.sender, theirs, CHARACTERISTIC, member, signature, *body)

    async def _ask(self, whom: str, path: str, interface: str, member: str, signature: str = "", *body: Any) -> Any:
        reply = await self._bus.call(Message(whom, path, interface, member, signature=signature, body=list(body)))
        assert reply is not None
        if reply.message_type is MessageType.ERROR:
            raise DBusError(reply.error_name or "org.bluez.Error.Failed", str(reply.body[0]) if reply.body else "")
        return reply.body
