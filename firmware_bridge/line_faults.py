"""Faults of the line: each a stage that frames go through, which may lose, spoil, double or hold them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from firmware_bridge import faults as fault
from firmware_bridge.losses import Log

MAX_FLIPS = 8  # bits of a corrupted frame
UNHEARD = 0x7F  # a type of message that no version has yet
UNHEARD_BYTES = 61  # a notification of garbage: what fits at the least MTU
LAST = math.inf  # the time, for what is still held at the end


@dataclass(slots=True)
class Fate:
    """What becomes of one message's samples, in however many copies it travels."""

    first: int  # samples since the start of the signal
    samples: int
    copies: int = 1  # still under way
    arrived: bool = False
    again: bool = False  # sent already once, and asked for by the host


@dataclass(slots=True)
class Frame:
    """Bytes for the line: a frame, whole or spoiled, or garbage."""

    data: bytes
    fate: Fate
    spoiled: str | None = None  # by which fault


class Stage(Protocol):
    """One fault at work on the frames; called at every step, so that it can let go of what it holds."""

    def carry(self, frames: list[Frame], at_s: float) -> list[Frame]: ...


class _Drop:
    def __init__(self, setting: fault.Drop, rng: np.random.Generator, log: Log) -> None:
        self._p, self._rng, self._log = setting.p, rng, log

    def carry(self, frames: list[Frame], at_s: float) -> list[Frame]:
        out = []
        for sent in frames:
            if self._rng.random() >= self._p:
                out.append(sent)
                continue
            self._log.happened["drop"] += 1
            lose(self._log, sent.fate, "drop")
        return out


class _Corrupt:
    def __init__(self, setting: fault.Corrupt, rng: np.random.Generator, log: Log) -> None:
        self._p, self._rng, self._log = setting.p, rng, log

    def carry(self, frames: list[Frame], at_s: float) -> list[Frame]:
        for sent in frames:
            if self._rng.random() < self._p:
                self._log.happened["corrupt"] += 1
                sent.data, sent.spoiled = self._flipped(sent.data), sent.spoiled or "corrupt"
        return frames

    def _flipped(self, data: bytes) -> bytes:
        bits = np.unpackbits(np.frombuffer(data, np.uint8))
        flips = self._rng.choice(len(bits), self._rng.integers(1, MAX_FLIPS + 1), replace=False)
        bits[flips] ^= 1
        return np.packbits(bits).tobytes()


class _Duplicate:
    def __init__(self, setting: fault.Duplicate, rng: np.random.Generator, log: Log) -> None:
        self._p, self._rng, self._log = setting.p, rng, log

    def carry(self, frames: list[Frame], at_s: float) -> list[Frame]:
        out = []
        for sent in frames:
            out.append(sent)
            if self._rng.random() < self._p:
                self._log.happened["duplicate"] += 1
                sent.fate.copies += 1
                out.append(Frame(sent.data, sent.fate, sent.spoiled))
        return out


class _Reorder:
    def __init__(self, setting: fault.Reorder, rng: np.random.Generator, log: Log) -> None:
        self._p, self._depth, self._rng, self._log = setting.p, setting.depth, rng, log
        self._held: list[tuple[int, Frame]] = []  # and how many frames are to overtake it yet

    def carry(self, frames: list[Frame], at_s: float) -> list[Frame]:
        out = []
        for sent in frames:
            if self._rng.random() < self._p:
                self._log.happened["reorder"] += 1
                self._held.append((int(self._rng.integers(1, self._depth + 1)), sent))
                continue
            out.append(sent)
            self._held = [(wait - 1, late) for wait, late in self._held]
            out += [late for wait, late in self._held if wait == 0]
            self._held = [(wait, late) for wait, late in self._held if wait > 0]
        if at_s == LAST:
            out += [late for _, late in self._held]
        return out


class _Burst:
    def __init__(self, setting: fault.Burst, rng: np.random.Generator, log: Log) -> None:
        self._hold_s, self._every_s, self._log = setting.hold_s, setting.every_s, log
        self._held: list[Frame] = []

    def carry(self, frames: list[Frame], at_s: float) -> list[Frame]:
        self._held += frames
        if at_s < LAST and at_s % self._every_s >= self._every_s - self._hold_s:
            return []
        self._log.happened["burst"] += len(self._held) > len(frames)
        out, self._held = self._held, []
        return out


class _Garbage:
    def __init__(self, setting: fault.Garbage, rng: np.random.Generator, log: Log) -> None:
        self._at_s, self._data, self._log = setting.at_s, rng.bytes(setting.size), log

    def carry(self, frames: list[Frame], at_s: float) -> list[Frame]:
        if not self._data or not self._at_s <= at_s < LAST:
            return frames
        self._log.happened["garbage"] += 1
        data, self._data = self._data, b""
        return [Frame(data, Fate(0, 0), "garbage"), *frames]


class _CutShort(_Corrupt):
    """Over GATT: the radio spoils no bits unnoticed, but a firmware may send less than it should."""

    def _flipped(self, data: bytes) -> bytes:
        return data[: self._rng.integers(1, len(data))]


class _Unheard(_Garbage):
    """Over GATT: notifications of a type that nobody knows."""

    def carry(self, frames: list[Frame], at_s: float) -> list[Frame]:
        out = super().carry(frames, at_s)
        if len(out) == len(frames):
            return out
        data = bytes([UNHEARD]) + out[0].data
        pieces = [data[at : at + UNHEARD_BYTES] for at in range(0, len(data), UNHEARD_BYTES)]
        return [*(Frame(bytes([UNHEARD]) + piece[1:], Fate(0, 0), "garbage") for piece in pieces), *out[1:]]


_FRAMES_FIRST = {fault.Drop: _Drop, fault.Duplicate: _Duplicate, fault.Reorder: _Reorder, fault.Burst: _Burst}
_BYTES_AFTER: Mapping[type[fault.Fault], type[_Corrupt | _Garbage]] = {fault.Corrupt: _Corrupt, fault.Garbage: _Garbage}
_BARE_AFTER: Mapping[type[fault.Fault], type[_Corrupt | _Garbage]] = {fault.Corrupt: _CutShort, fault.Garbage: _Unheard}


def stages(faults: Sequence[fault.Fault], seed: int, log: Log, *, bare: bool) -> list[Stage]:
    """In the order given, but what spoils bytes after what moves frames."""
    after = _BARE_AFTER if bare else _BYTES_AFTER
    out: list[Stage] = []
    for layer, (place, setting) in itertools.product((_FRAMES_FIRST, after), enumerate(faults)):
        if kind := layer.get(type(setting)):
            out.append(kind(setting, np.random.default_rng((seed, place)), log))
    return out


def lose(log: Log, fate: Fate, kind: str) -> None:
    fate.copies -= 1
    if not fate.copies and not fate.arrived and not fate.again:
        log.lose(kind, fate.first, fate.samples)
