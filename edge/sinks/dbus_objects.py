"""Objects that a program of ours offers on D-Bus: their properties are a table, their methods are functions."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbus_fast import Message
    from dbus_fast.aio import MessageBus

PROPERTIES = "org.freedesktop.DBus.Properties"
MANAGER = "org.freedesktop.DBus.ObjectManager"


@dataclass(frozen=True, slots=True)
class Call:
    """Of a method of ours."""

    path: str
    body: list[Any]
    sender: str


@dataclass(frozen=True, slots=True)
class Reply:
    """To a call; by default there is nothing to say."""

    signature: str = ""
    body: tuple[Any, ...] = ()


Method = Callable[[Call], Reply | Awaitable[Reply | None] | None]  # raises DBusError to refuse


class Objects:
    """The objects on `bus`, by path, interface and property (a Variant); `methods` by interface and name.

    They can be listed from `root` on, as org.freedesktop.DBus.ObjectManager has it.
    """

    def __init__(self, bus: MessageBus, root: str, methods: Mapping[tuple[str, str], Method]) -> None:
        self.table: dict[str, dict[str, dict[str, Any]]] = {}
        self._bus, self._root, self._methods = bus, root, dict(methods)
        self._tasks: set[asyncio.Task[None]] = set()
        bus.add_message_handler(self._heard)

    def add(self, path: str, interface: str, properties: Mapping[str, Any]) -> None:
        self.table.setdefault(path, {})[interface] = dict(properties)
        self._signal(self._root, MANAGER, "InterfacesAdded", "oa{sa{sv}}", path, {interface: dict(properties)})

    def remove(self, path: str) -> None:
        """With all its interfaces; one that is not there is no error."""
        if interfaces := self.table.pop(path, None):
            self._signal(self._root, MANAGER, "InterfacesRemoved", "oas", path, list(interfaces))

    def change(self, path: str, interface: str, properties: Mapping[str, Any]) -> None:
        self.table[path][interface].update(properties)
        self.tell(path, interface, properties)

    def tell(self, path: str, interface: str, properties: Mapping[str, Any]) -> None:
        """That they have these values now; without keeping them."""
        self._signal(path, PROPERTIES, "PropertiesChanged", "sa{sv}as", interface, dict(properties), [])

    def value(self, path: str, interface: str, name: str) -> Any:
        return self.table[path][interface][name].value

    def _signal(self, path: str, interface: str, member: str, signature: str, *body: Any) -> None:
        from dbus_fast import Message

        self._bus.send(Message.new_signal(path, interface, member, signature, list(body)))

    def _heard(self, message: Message) -> Message | bool | None:
        from dbus_fast import Message, MessageType

        if message.message_type is not MessageType.METHOD_CALL:
            return None
        if (message.interface, message.member) == (MANAGER, "GetManagedObjects"):
            return Message.new_method_return(message, "a{oa{sa{sv}}}", [self.table])
        interfaces = self.table.get(message.path or "")
        if interfaces is None:
            return None
        if message.interface == PROPERTIES:
            return self._property(message, interfaces)
        method = self._methods.get((message.interface or "", message.member or ""))
        if method is None or message.interface not in interfaces:
            return None
        task = asyncio.get_running_loop().create_task(self._answer(message, method))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    def _property(self, message: Message, interfaces: Mapping[str, Mapping[str, Any]]) -> Message | None:
        from dbus_fast import Message

        properties = interfaces.get(message.body[0])
        if properties is None:
            return None
        if message.member == "GetAll":
            return Message.new_method_return(message, "a{sv}", [dict(properties)])
        if message.member == "Get" and message.body[1] in properties:
            return Message.new_method_return(message, "v", [properties[message.body[1]]])
        if message.member == "Set":
            self.change(message.path or "", message.body[0], {message.body[1]: message.body[2]})
            return Message.new_method_return(message)
        return None

    async def _answer(self, message: Message, method: Method) -> None:
        from dbus_fast import Message
        from dbus_fast.errors import DBusError

        try:
            reply = method(Call(message.path or "", message.body, message.sender or ""))
            if inspect.isawaitable(reply):
                reply = await reply
        except DBusError as error:
            self._bus.send(Message.new_error(message, error.type, error.text))
            return
        reply = reply or Reply()
        self._bus.send(Message.new_method_return(message, reply.signature, list(reply.body)))
