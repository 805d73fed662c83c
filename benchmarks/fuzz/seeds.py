"""What fuzzing begins with: the golden vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import firmware_bridge
from benchmarks.fuzz.mutate import MAX_INPUT

VECTORS = Path(firmware_bridge.__file__).parent / "vectors"


def of_device(name: str) -> list[bytes]:
    """The bytes of each vector of another maker's device, or of our own protocol as `edge`."""
    if name == "edge":
        return of_protocol()
    return [
        b"".join(bytes.fromhex(data) for _, data in row["feeds"])[:MAX_INPUT] for row in _rows(f"devices/{name}.json")
    ]


def of_protocol() -> list[bytes]:
    """Messages, bare and twice on a line, and lines with errors."""
    messages = [*_rows("messages.json"), *_rows("received.json")]
    bare = [bytes.fromhex(row["hex"]) for row in messages]
    framed = [b"\0" + 2 * bytes.fromhex(row["serial"]) for row in messages]
    lines = [bytes.fromhex(row["hex"]) for row in _rows("serial.json")]
    return [data[:MAX_INPUT] for data in (*bare, *framed, *lines)]


def _rows(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((VECTORS / name).read_text(encoding="utf-8"))["vectors"]
    return rows
