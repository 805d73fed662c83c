"""What every decoder of a device is: bytes in, samples with their place in the device's count out."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Serial:
    """How a device on a serial line is spoken to."""

    baud: int
    start: tuple[bytes, ...] = ()  # one a second until samples come, then from the first on again
    stop: bytes = b""


@dataclass(frozen=True, slots=True)
class Ble:
    """How a device is spoken to over BLE. Every `feed` of its decoder is one notification, whole."""

    service: str
    notify: tuple[str, ...]  # characteristics to subscribe to, in this order, before anything is written
    write: str  # the characteristic that takes commands
    start: tuple[bytes, ...] = ()  # written in turn
    stop: bytes = b""
    first_s: float = 6.0  # the longest that samples may take to come after the start


@dataclass(frozen=True, slots=True)
class Device:
    """What a device measures, as far as its bytes or its maker say."""

    name: str
    channels: tuple[str, ...]  # the maker's names; which lead each is, the wearer knows
    rate: float  # Hz, nominal
    uv_per_count: tuple[float, ...]  # one a channel
    zero: int = 0  # the code of 0 V
    rail: int = 0  # a code this far from `zero` says that the amplifier is at its end; 0: it is not told


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """Consecutive samples of all channels."""

    index: int  # of the first, in the device's count from the first sample heard: what is skipped was lost
    counts: Counts  # samples x channels

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Sampled)
            and self.index == other.index
            and self.counts.shape == other.counts.shape
            and np.array_equal(self.counts, other.counts)
        )


@dataclass(frozen=True, slots=True)
class Status:
    """What the device says of itself."""

    text: str = ""
    battery_percent: int | None = None


class Happened(enum.StrEnum):
    """Kinds of `Event`."""

    BUTTON = "button"  # the wearer pressed it
    STOPPED = "stopped"  # the device has ended the stream
    REFUSED = "refused"  # the device will not stream; the text says why
    RESTARTED = "restarted"  # the device counts from anew, from 0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, at the device's sample `index` where it has one."""

    kind: Happened
    index: int | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Corrupt:
    """Bytes that were nothing."""

    bytes_lost: int


Decoded = Sampled | Status | Event | Corrupt


class Decoder(Protocol):
    """Bytes of one kind of device, in any pieces. Never raises on them, holds no more than a stated number.

    Built without arguments. `taken` counts the bytes that were part of something whole: with what `Corrupt` counts and
    what `held` says they make up all that was fed.
    """

    link: ClassVar[Serial | Ble]
    source: ClassVar[str]  # where the format is published
    continues: ClassVar[bool]  # whether its count goes on when the link was down; else a new decoder begins

    @property
    def device(self) -> Device | None:
        """None until the bytes have told what it is."""
        ...

    @property
    def taken(self) -> int: ...

    @property
    def held(self) -> int:
        """Bytes of something not yet whole."""
        ...

    def feed(self, data: bytes, at_ns: int, /) -> list[Decoded]:
        """What `data` completes; `at_ns` is the host's monotonic clock at its arrival."""
        ...

    def flush(self) -> list[Decoded]:
        """What is still held back for the clock to decide; for the end."""
        ...


@dataclass(slots=True)
class Runs:
    """Samples gathered into as few `Sampled` as their indices allow."""

    out: list[Decoded] = field(default_factory=list)
    _rows: list[Sequence[int]] = field(default_factory=list)
    _first: int = 0

    def sample(self, index: int, row: Sequence[int]) -> None:
        if self._rows and index != self._first + len(self._rows):
            self.close()
        if not self._rows:
            self._first = index
        self._rows.append(row)

    def other(self, item: Decoded) -> None:
        self.close()
        self.out.append(item)

    def close(self) -> list[Decoded]:
        if self._rows:
            self.out.append(Sampled(self._first, np.array(self._rows, np.int32)))
            self._rows = []
        return self.out
