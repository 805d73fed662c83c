"""What Bluetooth says when it does not work, in words with a way out; one entry for each thing that can be wrong."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from edge.errors import Reason, SourceUnavailable

MISSING = "Bluetooth needs the package bleak: python3 -m pip install 'edge-ecg[ble]'"
NO_DBUS = (
    "there is no D-Bus here, by which Bluetooth is reached: sudo apt install bluez dbus, then sudo systemctl start dbus"
)
NO_BLUEZ = "the Bluetooth service does not run: sudo apt install bluez, then sudo systemctl enable --now bluetooth"
DENIED = (
    "no permission for Bluetooth: add yourself to the group bluetooth (sudo usermod -aG bluetooth $USER) "
    "and log in again"
)
NO_ADAPTER = "no Bluetooth adapter here: plug one in; on a Raspberry Pi look for dtoverlay=disable-bt in config.txt"
NO_LE = "the Bluetooth adapter cannot do Bluetooth LE: use one of version 4.0 or later"
SWITCHED_OFF = (
    "the Bluetooth adapter is switched off: bluetoothctl power on (where it is blocked, first rfkill unblock bluetooth)"
)
NOT_FOUND = (
    "no Bluetooth device {} in reach: switch it on, bring it nearer, and end what else is connected to it; "
    "edge-run --list shows the ones there are"
)
TOO_SLOW = "{} does not answer: bring it nearer, or switch it off and on"
REFUSED = "{} broke the connection off ({}): bring it nearer, or switch it off and on"
BUSY = "{} is in use by another program: end that first"
PAIRING = (
    "{} refuses to pair ({}): put it into its pairing mode; where it asks for a number, pair it once by hand "
    "(bluetoothctl pair ADDRESS); where it was paired before, bluetoothctl remove ADDRESS"
)
NEEDS_PAIRING = "{} wants to be paired first ({}): give --bond"
WRONG = "{} is no ECG patch: it has no service {}; edge-run --list shows which devices are"
GATT = "{} does not do what a patch must ({}): is its firmware made for this protocol?"
OTHER = "{}: Bluetooth failed: {}"

_BY_DBUS = {  # the end of a D-Bus error's name: what to say, and why
    "ServiceUnknown": (NO_BLUEZ, Reason.NOT_FOUND),
    "NameHasNoOwner": (NO_BLUEZ, Reason.NOT_FOUND),
    "NoReply": (NO_BLUEZ, Reason.NOT_FOUND),  # bluetoothd died meanwhile
    "AccessDenied": (DENIED, Reason.PERMISSION),
    "NotReady": (SWITCHED_OFF, Reason.NOT_FOUND),
    "AuthenticationFailed": (PAIRING, Reason.PERMISSION),
    "AuthenticationRejected": (PAIRING, Reason.PERMISSION),
    "AuthenticationCanceled": (PAIRING, Reason.PERMISSION),
    "AuthenticationTimeout": (PAIRING, Reason.PERMISSION),
    "NotPermitted": (NEEDS_PAIRING, Reason.PERMISSION),
    "NotAuthorized": (NEEDS_PAIRING, Reason.PERMISSION),
    "InProgress": (BUSY, Reason.BUSY),
    "Failed": (REFUSED, Reason.UNREADABLE),
    "ConnectionAttemptFailed": (REFUSED, Reason.UNREADABLE),
    "UnknownObject": (NOT_FOUND, Reason.NOT_FOUND),
    "UnknownMethod": (NO_ADAPTER, Reason.NOT_FOUND),  # its object went away with the dongle
    "DoesNotExist": (NOT_FOUND, Reason.NOT_FOUND),
    "NotSupported": (GATT, Reason.PROTOCOL),
}
_BY_ADAPTER = {  # the name of bleak's reason
    "NO_BLUETOOTH": (NO_ADAPTER, Reason.NOT_FOUND),
    "NO_BLE_CENTRAL_ROLE": (NO_LE, Reason.NOT_FOUND),
    "POWERED_OFF": (SWITCHED_OFF, Reason.NOT_FOUND),
    "DENIED_BY_USER": (DENIED, Reason.PERMISSION),
    "DENIED_BY_SYSTEM": (DENIED, Reason.PERMISSION),
    "DENIED_BY_UNKNOWN": (DENIED, Reason.PERMISSION),
}
WANTS_PAIRING = ("INSUFFICIENT_AUTHENTICATION", "INSUFFICIENT_ENCRYPTION", "INSUFFICIENT_AUTHORIZATION")


@contextlib.contextmanager
def in_words(name: str) -> Iterator[None]:
    """Whatever Bluetooth raises inside comes out as SourceUnavailable that says what to do about `name`."""
    from bleak.exc import BleakError
    from dbus_fast.errors import AuthError, DBusError

    try:
        yield
    except (BleakError, DBusError, AuthError, OSError, EOFError) as error:  # TimeoutError is an OSError
        raise explained(error, name) from error


def explained(error: Exception, name: str) -> SourceUnavailable:
    """`error`, raised by bleak, D-Bus or the system over device `name`, in words."""
    text, reason = _entry(error)
    return SourceUnavailable(text.format(name, _details(error)), reason)


def _entry(error: Exception) -> tuple[str, Reason]:
    from bleak import exc
    from dbus_fast.errors import AuthError, DBusError

    match error:
        case TimeoutError():
            return TOO_SLOW, Reason.NOT_FOUND
        case OSError() | EOFError():
            return NO_DBUS, Reason.NOT_FOUND
        case AuthError():
            return DENIED, Reason.PERMISSION
        case exc.BleakBluetoothNotAvailableError():
            return _BY_ADAPTER.get(error.reason.name, (OTHER, Reason.UNREADABLE))
        case exc.BleakDBusError():
            return _BY_DBUS.get(error.dbus_error.rpartition(".")[2], (OTHER, Reason.UNREADABLE))
        case DBusError():
            return _BY_DBUS.get(error.type.rpartition(".")[2], (OTHER, Reason.UNREADABLE))
        case exc.BleakDeviceNotFoundError():
            return NOT_FOUND, Reason.NOT_FOUND
        case exc.BleakCharacteristicNotFoundError():
            return GATT, Reason.PROTOCOL
        case exc.BleakGATTProtocolError():
            if error.code.name in WANTS_PAIRING:
                return NEEDS_PAIRING, Reason.PERMISSION
            return GATT, Reason.PROTOCOL
    if str(error).endswith("not found"):  # "device 'dev_…' not found": BlueZ has forgotten it
        return NOT_FOUND, Reason.NOT_FOUND
    if "disconnected" in str(error) or str(error).startswith(("Not connected", "Service Discovery")):
        return REFUSED, Reason.UNREADABLE
    return OTHER, Reason.UNREADABLE


def _details(error: Exception) -> str:
    from bleak.exc import BleakDBusError

    if isinstance(error, BleakDBusError):
        return error.dbus_error_details or error.dbus_error
    return str(error) or type(error).__name__
