"""A device in the air, as bluetoothd shows it to a central."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dbus_fast import Variant

ADAPTER = "/org/bluez/hci0"


@dataclass(slots=True)
class Remote:
    """One that `sender` registered on this bus under `root`, or (without) one that only advertises and connects."""

    address: str
    name: str
    services: tuple[str, ...]  # advertised
    sender: str = ""
    root: str = ""
    table: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)  # of its GATT objects, by path under root
    advertising: bool = True
    known: bool = False  # to the central's bluetoothd
    connected: bool = False
    bonded: bool = False
    rssi: int = -60

    @property
    def path(self) -> str:
        return f"{ADAPTER}/dev_{self.address.replace(':', '_')}"

    @property
    def properties(self) -> dict[str, Variant]:
        """Of org.bluez.Device1."""
        about = {
            "Address": Variant("s", self.address),
            "AddressType": Variant("s", "random"),
            "Alias": Variant("s", self.name),
            "Adapter": Variant("o", ADAPTER),
            "Paired": Variant("b", self.bonded),
            "Bonded": Variant("b", self.bonded),
            "Trusted": Variant("b", False),
            "RSSI": Variant("n", self.rssi),
            "UUIDs": Variant("as", list(self.services)),
            "Connected": Variant("b", self.connected),
            "ServicesResolved": Variant("b", False),
        }
        return about | ({"Name": Variant("s", self.name)} if self.name else {})
