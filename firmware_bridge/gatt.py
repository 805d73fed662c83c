"""The patch's GATT service: two characteristics, one for each direction, so that messages stay in order."""

from __future__ import annotations

from typing import Final

from firmware_bridge.messages import MAX_CHANNELS, samples_that_fit

SERVICE: Final = "4b090001-86c6-4341-a96a-e69e80a0052c"
FROM_PATCH: Final = "4b090002-86c6-4341-a96a-e69e80a0052c"  # notify: one message a notification
TO_PATCH: Final = "4b090003-86c6-4341-a96a-e69e80a0052c"  # write with response: one command a write

# Standard services, by their 16-bit numbers (Bluetooth Assigned Numbers, 3.4 and 3.8); a patch may have them or not.
BATTERY_SERVICE: Final = "0000180f-0000-1000-8000-00805f9b34fb"
BATTERY_LEVEL: Final = "00002a19-0000-1000-8000-00805f9b34fb"  # read, notify: one byte, 0 to 100 %
DEVICE_INFORMATION: Final = "0000180a-0000-1000-8000-00805f9b34fb"
MANUFACTURER_NAME: Final = "00002a29-0000-1000-8000-00805f9b34fb"  # read: UTF-8, like the two below
SERIAL_NUMBER: Final = "00002a25-0000-1000-8000-00805f9b34fb"
FIRMWARE_REVISION: Final = "00002a26-0000-1000-8000-00805f9b34fb"

ATT_HEADER: Final = 3  # bytes of the MTU that a notification does not have for its value
MIN_MTU: Final = 64  # one sample of MAX_CHANNELS channels (53 bytes) and every description (42) fit
GOOD_MTU: Final = 247  # a whole message in one notification, and one notification in one packet of the link

ADVERTISING_BYTES: Final = 31  # of an advertisement, and as many of its scan response (Core 5.4, vol. 3 C 11)
FLAGS_ADVERTISED: Final = 0x06  # general discoverable, no BR/EDR
MAX_ADVERTISED_NAME: Final = ADVERTISING_BYTES - 2  # bytes: a length and a type take two


def samples_per_notification(mtu: int, channels: int) -> int:
    """How many samples of `channels` channels one notification holds at this ATT MTU.

    Raises ValueError below MIN_MTU, where a sample of every allowed channel count is not sure to fit.
    """
    if mtu < MIN_MTU:
        raise ValueError(f"an MTU of {mtu} is too small: the protocol needs {MIN_MTU}")
    if not 1 <= channels <= MAX_CHANNELS:
        raise ValueError(f"{channels} channels: 1 to {MAX_CHANNELS} is possible")
    return samples_that_fit(mtu - ATT_HEADER, channels)


def advertisement() -> bytes:
    """What a patch advertises: its flags and, whole, the service it is found by."""
    uuid = bytes.fromhex(SERVICE.replace("-", ""))[::-1]
    return bytes([2, 0x01, FLAGS_ADVERTISED, 1 + len(uuid), 0x07]) + uuid


def scan_response(name: str) -> bytes:
    """The name, where there is room for it. Raises ValueError for one that does not fit."""
    data = name.encode()
    if len(data) > MAX_ADVERTISED_NAME:
        raise ValueError(f"the name {name!r} takes {len(data)} bytes: {MAX_ADVERTISED_NAME} fit a scan response")
    return bytes([1 + len(data), 0x09]) + data
