"""What a setting must be: rules in words, each with the conversion that holds to it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edge.leads import canonical

NO_LEAD = "-"  # in --channels: this channel of the device is none


@dataclass(frozen=True, slots=True)
class Rule:
    """What a key must be: a text for people, and a conversion that raises ValueError or TypeError."""

    text: str
    convert: Callable[[Any], Any]


def text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError
    return value


def ascii_text(value: Any) -> str:
    return text(value).encode("ascii").decode("ascii")


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def number(low: float, high: float, *, whole: bool = False) -> Callable[[Any], float]:
    def convert(value: Any) -> float:
        if isinstance(value, bool):
            raise TypeError
        given = int(value) if whole else float(value)
        if not low <= given <= high or (whole and given != float(value)):
            raise ValueError
        return given

    return convert


def speed(value: Any) -> float:
    return math.inf if value == "max" else number(0.01, 1e6)(value)


def mains(value: Any) -> float | None:
    if value in ("off", False):
        return None
    hz = float(value)
    if hz not in (50.0, 60.0):
        raise ValueError
    return hz


def name_or_none(value: Any) -> str | None:
    """A name; true: an empty one, for the usual; false: none."""
    if isinstance(value, bool):
        return "" if value else None
    return text(value)


def one_of(names: tuple[str, ...]) -> Callable[[Any], str]:
    def convert(value: Any) -> str:
        if value not in names:
            raise ValueError
        return str(value)

    return convert


def address(value: Any) -> str:
    """`8080`, `pi:8080` or `[::1]:8080`, with the host that is meant where none is named."""
    host, _, port = str(value).rpartition(":")
    named = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if isinstance(value, bool) or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise ValueError
    if (":" in named and named == host) or "/" in named or "@" in named or any(c.isspace() for c in named):
        raise ValueError
    return f"{host or '127.0.0.1'}:{int(port)}"


def host_names(value: Any) -> tuple[str, ...]:
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise TypeError
    cut = tuple(name.strip().lower().rstrip(".") for name in names)
    if not all(re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", name) for name in cut):
        raise ValueError
    return cut


def channels(value: Any) -> tuple[str, ...]:
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) and name.strip() for name in names):
        raise ValueError
    leads = [canonical(name) or name.strip().upper() for name in names if name.strip() != NO_LEAD]
    if len(set(leads)) < len(leads):
        raise ValueError
    return tuple(name.strip() for name in names)
