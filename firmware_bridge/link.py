"""The line between a patch and its host, with the faults it is asked for and the truth about what they cost."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from firmware_bridge import faults as fault
from firmware_bridge.disturbance import Disturbed, of_signal
from firmware_bridge.framing import DELIMITER, frame
from firmware_bridge.framing import Corrupt as CorruptBytes
from firmware_bridge.losses import Log
from firmware_bridge.messages import Malformed, Message, Resend, Samples, Unknown, encode
from firmware_bridge.patch import VirtualPatch

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


class Link:
    """A patch behind its faults: `advance` and `command` as a `VirtualPatch` has them, frames instead of messages.

    Whoever takes the frames says of each, in order, whether it `arrived` or was `lost`; `patch.log` then holds
    sampled == delivered + lost once all is `finished`. The same seed gives the same frames, however it is advanced.
    `bare`: as over GATT, where a notification is a message: none is framed, and the line itself spoils no bits.
    """

    def __init__(
        self, patch: VirtualPatch, faults: Sequence[fault.Fault] = (), *, seed: int = 0, bare: bool = False
    ) -> None:
        self.patch = patch
        self.log = patch.log
        self.up = True
        self._bare = bare
        self.clock_ratio = math.prod(1 + f.ppm / 1e6 for f in faults if isinstance(f, fault.Drift))  # to the host's
        if disturbing := of_signal(faults):
            patch.source = Disturbed(patch.source, disturbing, patch.channels, patch.names, seed=seed)
        reboots = [f for f in faults if isinstance(f, fault.Reboot)]
        self._reboots = sorted(reboots, key=lambda f: f.at_s, reverse=True)  # the next one last
        self._unplugs = [f for f in faults if isinstance(f, fault.Unplug)]
        self._stages = _stages(faults, seed, self.log, _BARE_AFTER if bare else _BYTES_AFTER)
        self._open: str | None = None  # by what the line was left without a delimiter
        self._flushed = False

    @property
    def finished(self) -> bool:
        return self._flushed

    def advance(self, samples: int) -> list[Frame]:
        """What is on the line while the patch takes the next `samples`, faults being what they are."""
        out: list[Frame] = []
        while samples > 0 and not self.patch.finished:
            step = min(samples, self.patch.until_message, self._until_reboot())
            out += self._carry(self._frames(self.patch.advance(step)))
            samples -= step
            self._reboot_if_due()
        if self.patch.finished and not self._flushed:
            self._flushed = True
            out += self._unless_unplugged(self._through([], LAST))
        return out

    def command(self, message: Message | Unknown | Malformed | CorruptBytes) -> list[Frame]:
        """What comes back over the line for a command of the host's. Samples sent again make good what is lost."""
        answers = self.patch.command(message)
        return self._carry(self._frames(answers, again=isinstance(message, Resend)))

    def arrived(self, sent: Frame) -> bool:
        """The frame's bytes went out; whether a host can read it."""
        cause = sent.spoiled or self._open
        self._open = None if self._bare or sent.data.endswith(DELIMITER) else cause or "open"
        if cause:
            self.lost(sent, cause)
            return False
        sent.fate.copies -= 1
        if not sent.fate.arrived:
            sent.fate.arrived = True
            if sent.fate.again:
                self.log.regain(sent.fate.first, sent.fate.samples)
            else:
                self.log.delivered += sent.fate.samples
        return True

    def lost(self, sent: Frame, kind: str) -> None:
        """The frame's bytes never went out."""
        _lose(self.log, sent.fate, kind)

    def bytes(self, samples: int) -> bytes:
        """`advance`, on a line that takes everything."""
        return b"".join(sent.data for sent in self.advance(samples) if self.arrived(sent) or True)

    def _frames(self, messages: Sequence[Message], *, again: bool = False) -> list[Frame]:
        wrap = encode if self._bare else frame
        return [Frame(wrap(m), self._fate(m, again)) for m in messages]

    def _fate(self, message: Message, again: bool) -> Fate:
        if isinstance(message, Samples):
            return Fate(self.patch.position(message.index), len(message.counts), again=again)
        return Fate(0, 0)

    def _carry(self, frames: list[Frame]) -> list[Frame]:
        return self._unless_unplugged(self._through(frames, self.patch.elapsed_s))

    def _unless_unplugged(self, frames: list[Frame]) -> list[Frame]:
        up = not any(f.at_s <= self.patch.elapsed_s < f.at_s + f.for_s for f in self._unplugs)
        if self.up and not up:
            self.log.happened["unplug"] += 1
            self._open = None
        self.up = up
        if up:
            return frames
        for sent in frames:
            self.lost(sent, "unplug")
        return []

    def _through(self, frames: list[Frame], at_s: float) -> list[Frame]:
        for stage in self._stages:
            frames = stage.carry(frames, at_s)
        return frames

    def _until_reboot(self) -> int:
        if not self._reboots:
            return self.patch.until_message
        return max(1, math.ceil((self._reboots[-1].at_s - self.patch.elapsed_s) * self.patch.rate - 1e-6))

    def _reboot_if_due(self) -> None:
        half_a_sample_s = 0.5 / self.patch.rate
        if self._reboots and self.patch.elapsed_s > self._reboots[-1].at_s - half_a_sample_s:
            due = self._reboots.pop()
            self.log.happened["reboot"] += 1
            self.patch.reboot(round(due.for_s * self.patch.rate))


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
            _lose(self._log, sent.fate, "drop")
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
_BYTES_AFTER: dict[type[fault.Fault], type[_Corrupt | _Garbage]] = {fault.Corrupt: _Corrupt, fault.Garbage: _Garbage}
_BARE_AFTER: dict[type[fault.Fault], type[_Corrupt | _Garbage]] = {fault.Corrupt: _CutShort, fault.Garbage: _Unheard}


def _stages(
    faults: Sequence[fault.Fault], seed: int, log: Log, after: Mapping[type[fault.Fault], type[_Corrupt | _Garbage]]
) -> list[Stage]:
    """In the order given, but what spoils bytes after what moves frames."""
    out: list[Stage] = []
    for layer, (place, setting) in itertools.product((_FRAMES_FIRST, after), enumerate(faults)):
        if kind := layer.get(type(setting)):
            out.append(kind(setting, np.random.default_rng((seed, place)), log))
    return out


def _lose(log: Log, fate: Fate, kind: str) -> None:
    fate.copies -= 1
    if not fate.copies and not fate.arrived and not fate.again:
        log.lose(kind, fate.first, fate.samples)
