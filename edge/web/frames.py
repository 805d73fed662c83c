"""What the page is sent, as bytes: twelve leads, holes, and what is told in words. The layout stands in WIRE.md."""

from __future__ import annotations

import enum
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edge.blocks import Origin, TwelveLeads
from edge.leads import LEADS

VERSION = 1
MOST_SAMPLES = 1000  # a frame: 2 s, so that a slow page is skipped little at a time
SD_STEP = 10  # samples that share one sd: 20 ms, which a QRS needs, and a tenth of the bytes that the signal takes
NOT_THERE, NO_SD, NO_QUALITY = -32768, 65535, 255
MOST_UV = 32767  # of a lead; an amplifier's rails are nearer
ORIGINS = {Origin.UNAVAILABLE: 0, Origin.MEASURED: 1, Origin.DERIVED: 2, Origin.RECONSTRUCTED: 3}

_HEAD = struct.Struct("<BBHI")
_BLOCK = struct.Struct("<qdHBB12s12s")
_HOLE = struct.Struct("<qq")


class Kind(enum.IntEnum):
    HELLO = 1
    BLOCK = 2
    HOLE = 3
    STATE = 4
    EVENT = 5
    OVER = 6
    SKIPPED = 7


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, and where on the timeline it lies: samples `start` up to, not including, `end`."""

    kind: Kind
    data: bytes
    start: int = 0
    end: int = 0

    @property
    def signal(self) -> bool:
        return self.kind in (Kind.BLOCK, Kind.HOLE)


def signal(twelve: TwelveLeads, told_ms: float) -> list[Frame]:
    """`twelve` in frames of at most MOST_SAMPLES, or one hole. `told_ms`: since 1970, when the run gave it away."""
    if all(origin is Origin.UNAVAILABLE for origin in twelve.origin):
        return [hole(twelve.start, twelve.end)] if len(twelve.mv) else []
    return [_block(twelve, at, told_ms) for at in range(0, len(twelve.mv), MOST_SAMPLES)]


def hole(start: int, end: int) -> Frame:
    return _frame(Kind.HOLE, _HOLE.pack(start, end - start), start, end)


def words(kind: Kind, told: Mapping[str, Any], at: int = 0) -> Frame:
    """`told` as JSON: numbers that are none are null."""
    return _frame(kind, as_json(told), at, at)


def as_json(told: Mapping[str, Any]) -> bytes:
    """JSON in which no `<` stands, whatever a device calls itself; padded to whole words of four bytes."""
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    data = text.replace("<", "\\u003c").encode("utf-8", "replace")  # within JSON it stands in strings only
    return data + b" " * (-len(data) % 4)


def _block(twelve: TwelveLeads, at: int, told_ms: float) -> Frame:
    mv, sd = twelve.mv[at : at + MOST_SAMPLES], twelve.sd[at : at + MOST_SAMPLES]
    there = np.isfinite(mv)
    uv = np.where(there, np.clip(np.rint(1000 * np.where(there, mv, 0)), -MOST_UV, MOST_UV), NOT_THERE).astype("<i2")
    few = sd[SD_STEP // 2 :: SD_STEP] if len(sd) % SD_STEP == 0 else sd[::SD_STEP]
    known = np.isfinite(few)
    sd_uv = np.where(known, np.clip(np.rint(1000 * np.where(known, few, 0)), 0, NO_SD - 1), NO_SD).astype("<u2")
    origin = bytes(ORIGINS[one] for one in twelve.origin)
    quality = bytes(_percent(twelve.quality.get(lead)) for lead in LEADS)
    start, end = twelve.start + at, twelve.start + at + len(mv)
    head = _BLOCK.pack(start, told_ms, len(mv), SD_STEP, int(twelve.enrolled), origin, quality)
    return _frame(Kind.BLOCK, head + uv.T.tobytes() + sd_uv.T.tobytes(), start, end)


def _percent(quality: float | None) -> int:
    return NO_QUALITY if quality is None or quality != quality else round(100 * min(1.0, max(0.0, quality)))


def _frame(kind: Kind, payload: bytes, start: int, end: int) -> Frame:
    return Frame(kind, _HEAD.pack(kind, VERSION, 0, len(payload)) + payload, start, end)
