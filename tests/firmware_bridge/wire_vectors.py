"""Golden vectors as messages, and messages as the lines the C driver reads and writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from firmware_bridge import messages as wire

VECTORS = Path(wire.__file__).parent / "vectors"
KINDS = {kind.__name__: kind for kind in wire.TYPES.values()} | {"Unknown": wire.Unknown, "Malformed": wire.Malformed}
WORDS = {"SetRate": "set_rate"}


def vectors(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((VECTORS / name).read_text(encoding="utf-8"))["vectors"]
    return found


def message(vector: dict[str, Any]) -> Any:
    fields = dict(vector["fields"])
    for name in ("firmware", "weights"):
        if name in fields:
            fields[name] = tuple(fields[name])
    if "counts" in fields:
        fields["counts"] = np.array(fields["counts"], np.int32)
    if "body" in fields:
        fields["body"] = bytes.fromhex(fields["body"])
    return KINDS[vector["type"]](**fields)


def line(m: Any) -> str:
    """What the driver prints for this message, and reads after "encode"."""
    match m:
        case wire.Unknown() | wire.Malformed():
            return f"{type(m).__name__.lower()} {m.type}"
        case wire.Identity():
            name = m.name.encode().hex() or "-"
            who = (m.major, m.minor, m.device_id, m.boot_id, *m.firmware)
            fields = (*who, m.rate_mhz, m.adc_bits, m.channels, m.capabilities, name)
        case wire.Channel():
            fields = (m.index, m.gain_pv_per_count, *m.weights)
        case wire.Samples():
            fields = (m.index, m.clock_us, m.electrode_off, *m.counts.shape, *m.counts.ravel().tolist())
        case _:
            fields = tuple(getattr(m, name) for name in m.__dataclass_fields__ if name not in ("TYPE", "BODY"))
    word = WORDS.get(type(m).__name__, type(m).__name__.lower())
    return " ".join([word, *map(str, fields)])
