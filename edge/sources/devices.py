"""The devices that can be decoded: whatever is installed as an entry point of the group `edge_ecg.decoders`."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from edge.errors import Reason, UsageError
from firmware_bridge.decoders.base import Decoder

GROUP = "edge_ecg.decoders"
OWN = "edge"  # the patch's own protocol, which has a road of its own: it describes its channels itself


def known() -> dict[str, EntryPoint]:
    """By name; none of them is imported for that."""
    return {entry.name: entry for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name)}


def decoder_of(name: str) -> Callable[[], Decoder]:
    """What makes decoders of the device `name`. Raises UsageError, which lists the known ones."""
    devices = known()
    if name not in devices:
        listed = ", ".join(devices) or "none: install edge-ecg again"
        raise UsageError(f"--device {name}: no such device; the known ones are {listed}", Reason.NOT_FOUND)
    try:
        return cast("Callable[[], Decoder]", devices[name].load())
    except (ImportError, AttributeError) as error:
        where = devices[name].value
        text = f"--device {name}: its decoder {where} cannot be loaded ({error}): install its package again"
        raise UsageError(text, Reason.UNREADABLE) from error
