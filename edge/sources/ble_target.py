"""Which Bluetooth device the user means."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass

ADDRESS = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2}){5}", re.IGNORECASE)
UUID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", re.IGNORECASE)


class By(enum.Enum):
    NAME = "name"
    ADDRESS = "address"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Target:
    """A device's name, its address (C0:FF:EE:00:00:01) or a service it advertises (a UUID), as the user wrote it."""

    text: str

    @property
    def by(self) -> By:
        if ADDRESS.fullmatch(self.text):
            return By.ADDRESS
        return By.SERVICE if UUID.fullmatch(self.text) else By.NAME

    def matches(self, name: str | None, address: str, services: Iterable[str]) -> bool:
        """Capital or small letters are the same."""
        wanted = self.text.lower()
        match self.by:
            case By.ADDRESS:
                return address.lower() == wanted
            case By.SERVICE:
                return wanted in (uuid.lower() for uuid in services)
            case By.NAME:
                return (name or "").lower() == wanted
