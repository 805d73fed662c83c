"""What can go wrong between a heart and a host, as settings; `disturbance` and `link` carry them out.

Times are seconds of signal from its start.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from firmware_bridge.messages import ELECTRODES

MAX_DEPTH = 4  # frames: what a radio's retransmission reorders at most
MAX_PPM = 20_000  # the internal oscillator of a cheap microcontroller: 2 %
MAX_S = 1e6  # eleven days
MAX_UV = 1e6
MAX_GARBAGE = 1 << 20  # bytes


def _number(key: str, default: float, low: float, high: float, unit: str) -> Any:
    """A field written `key=number`; a default of int asks for a whole number."""

    def read(text: str) -> float:
        try:
            value = type(default)(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            kind = "a whole number" if isinstance(default, int) else "a number"
            raise ValueError(f"{key}={text}: must be {kind} of {low:g} to {high:g} ({unit})")
        return value

    return dataclasses.field(default=default, metadata={"key": key, "read": read, "unit": unit})


def _one_of(key: str, default: str, allowed: tuple[str, ...], unit: str) -> Any:
    def read(text: str) -> str:
        for name in allowed:
            if name.lower() == text.lower():
                return name
        raise ValueError(f"{key}={text}: must be one of {', '.join(allowed)}")

    return dataclasses.field(default=default, metadata={"key": key, "read": read, "unit": unit})


def _name(key: str, default: str, unit: str) -> Any:
    return dataclasses.field(default=default, metadata={"key": key, "read": str, "unit": unit})


_AT = ("at", 10.0, 0, MAX_S, "s")
_FOR = ("for", 5.0, 0, MAX_S, "s")


@dataclass(frozen=True, slots=True)
class Drop:
    """Frames vanish."""

    KIND: ClassVar[str] = "drop"
    p: float = _number("p", 0.01, 0, 1, "probability a frame")


@dataclass(frozen=True, slots=True)
class Corrupt:
    """Frames arrive with one to eight of their bits turned over, the delimiter's among them."""

    KIND: ClassVar[str] = "corrupt"
    p: float = _number("p", 0.01, 0, 1, "probability a frame")


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Frames arrive twice."""

    KIND: ClassVar[str] = "duplicate"
    p: float = _number("p", 0.01, 0, 1, "probability a frame")


@dataclass(frozen=True, slots=True)
class Reorder:
    """Frames arrive after one or more of those sent after them."""

    KIND: ClassVar[str] = "reorder"
    p: float = _number("p", 0.01, 0, 1, "probability a frame")
    depth: int = _number("depth", MAX_DEPTH, 1, MAX_DEPTH, "frames at most")


@dataclass(frozen=True, slots=True)
class Burst:
    """Frames are held and come all at once, at the end of each period."""

    KIND: ClassVar[str] = "burst"
    hold_s: float = _number("s", 1.0, 0, MAX_S, "s held")
    every_s: float = _number("every", 10.0, 0.01, MAX_S, "s from one burst to the next")


@dataclass(frozen=True, slots=True)
class Unplug:
    """The link is gone, and returns; the patch goes on sampling."""

    KIND: ClassVar[str] = "unplug"
    at_s: float = _number(*_AT)
    for_s: float = _number(*_FOR)


@dataclass(frozen=True, slots=True)
class Stall:
    """Nothing is said over a link that stays up; the patch goes on sampling, and hears what it is told."""

    KIND: ClassVar[str] = "stall"
    at_s: float = _number(*_AT)
    for_s: float = _number(*_FOR)


@dataclass(frozen=True, slots=True)
class Reboot:
    """The patch starts anew: silent for a while, then index and clock at 0 under a new boot id."""

    KIND: ClassVar[str] = "reboot"
    at_s: float = _number(*_AT)
    for_s: float = _number("for", 2.0, 0, MAX_S, "s")


@dataclass(frozen=True, slots=True)
class Drift:
    """The patch's crystal, which times its samples and its clock, is faster than the host's."""

    KIND: ClassVar[str] = "drift"
    ppm: float = _number("ppm", 50.0, -MAX_PPM, MAX_PPM, "millionths; negative: slower")


@dataclass(frozen=True, slots=True)
class Off:
    """An electrode is off: its bit is set, and the channels it is in read full scale, or noise."""

    KIND: ClassVar[str] = "off"
    electrode: str = _one_of("electrode", "V5", ELECTRODES, "electrode")
    at_s: float = _number(*_AT)
    for_s: float = _number(*_FOR)
    reads: str = _one_of("reads", "rail", ("rail", "noise"), "rail or noise")


@dataclass(frozen=True, slots=True)
class Saturate:
    """A channel reads full scale, with no electrode off."""

    KIND: ClassVar[str] = "saturate"
    channel: str = _name("channel", "0", "its name, or its number from 0")
    at_s: float = _number(*_AT)
    for_s: float = _number(*_FOR)


@dataclass(frozen=True, slots=True)
class Mains:
    """Hum on all channels."""

    KIND: ClassVar[str] = "mains"
    amplitude_uv: float = _number("uv", 100.0, 0, MAX_UV, "uV, half of peak to peak")
    hz: float = _number("hz", 50.0, 0.1, 1000, "Hz")


@dataclass(frozen=True, slots=True)
class Garbage:
    """Random bytes on the line, between two frames."""

    KIND: ClassVar[str] = "garbage"
    at_s: float = _number(*_AT)
    size: int = _number("bytes", 256, 1, MAX_GARBAGE, "bytes")


Fault = (
    Drop | Corrupt | Duplicate | Reorder | Burst | Unplug | Stall | Reboot | Drift | Off | Saturate | Mains | Garbage
)
FAULTS: dict[str, type[Fault]] = {
    kind.KIND: kind
    for kind in (Drop, Corrupt, Duplicate, Reorder, Burst, Unplug, Stall, Reboot, Drift, Off, Saturate, Mains, Garbage)
}


def parse_fault(text: str) -> Fault:
    """The fault that `KIND[:key=value,...]` names. Raises ValueError that names the key and what is allowed."""
    kind, _, rest = text.partition(":")
    setting = FAULTS.get(kind.strip().lower())
    if setting is None:
        raise ValueError(f"unknown fault {kind!r}: choose from {', '.join(FAULTS)}")
    known = _keys(setting)
    values: dict[str, Any] = {}
    for item in filter(None, (part.strip() for part in rest.split(","))):
        key, equals, value = (part.strip() for part in item.partition("="))
        if key not in known:
            raise ValueError(f"fault {setting.KIND}: unknown key {key!r}: choose from {', '.join(known)}")
        if not equals or not value:
            raise ValueError(f"fault {setting.KIND}: {key} needs a value: {key}=...")
        if known[key].name in values:
            raise ValueError(f"fault {setting.KIND}: {key} is given twice")
        values[known[key].name] = _read(setting, known[key], value)
    return setting(**values)


def describe_faults() -> list[str]:
    """One line a kind, with its keys, their units and what they are when not given."""
    lines = []
    for kind, setting in FAULTS.items():
        keys = [f"{key}={f.default} ({f.metadata['unit']})" for key, f in _keys(setting).items()]
        lines.append(f"{kind}: {setting.__doc__} {', '.join(keys)}")
    return lines


def _keys(setting: type[Fault]) -> dict[str, dataclasses.Field[Any]]:
    return {f.metadata["key"]: f for f in dataclasses.fields(setting)}


def _read(setting: type[Fault], field: dataclasses.Field[Any], text: str) -> Any:
    read: Callable[[str], Any] = field.metadata["read"]
    try:
        return read(text)
    except ValueError as why:
        raise ValueError(f"fault {setting.KIND}: {why}") from None
