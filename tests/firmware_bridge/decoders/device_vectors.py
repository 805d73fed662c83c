"""The golden vectors of other makers' devices, and what a decoder says in their words."""

from __future__ import annotations

import json
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import firmware_bridge
from firmware_bridge.decoders.base import Corrupt, Decoded, Decoder, Event, Sampled, Status

VECTORS = Path(firmware_bridge.__file__).parent / "vectors" / "devices"


def vectors(device: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((VECTORS / f"{device}.json").read_text(encoding="utf-8"))["vectors"]
    return found


def new(device: str) -> Decoder:
    """A decoder as any program finds it."""
    (entry,) = entry_points(group="edge_ecg.decoders", name=device)
    decoder: Decoder = entry.load()()
    return decoder


def feeds(vector: dict[str, Any]) -> list[tuple[int, bytes]]:
    """Arrival in ns, and bytes."""
    return [(ms * 1_000_000, bytes.fromhex(data)) for ms, data in vector["feeds"]]


def heard(decoder: Decoder, fed: list[tuple[int, bytes]]) -> list[Decoded]:
    return [item for at_ns, data in fed for item in decoder.feed(data, at_ns)] + decoder.flush()


def joined(items: list[Decoded]) -> list[Any]:
    """In the vectors' words, samples that follow each other as one."""
    out: list[Any] = []
    for item in items:
        match item:
            case Sampled():
                last = out[-1] if out else {}
                if "samples" in last and last["samples"] + len(last["counts"]) == item.index:
                    last["counts"] = last["counts"] + item.counts.tolist()
                else:
                    out.append({"samples": item.index, "counts": item.counts.tolist()})
            case Corrupt():
                if out and "corrupt" in out[-1]:
                    out[-1]["corrupt"] += item.bytes_lost
                else:
                    out.append({"corrupt": item.bytes_lost})
            case Status():
                out.append({"status": item.text})
            case Event():
                out.append({"event": str(item.kind)})
    return out


def run_together(says: list[Any]) -> list[Any]:
    """A vector's words with samples that follow each other as one."""
    out: list[Any] = []
    for said in says:
        last = out[-1] if out else {}
        if "samples" in said and "samples" in last and last["samples"] + len(last["counts"]) == said["samples"]:
            last["counts"] = last["counts"] + said["counts"]
        else:
            out.append(dict(said))
    return out
