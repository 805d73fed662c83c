"""What a source tells the pipeline, besides samples (`edge.timeline.Chunk`)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from edge.montage import Montage
from edge.timeline import Cause, Chunk


@dataclass(frozen=True, slots=True)
class Described:
    """Who sends, and what its channels are. Comes before the first chunk."""

    name: str
    montage: Montage
    rate: float  # Hz
    source: str  # for people: "/dev/ttyUSB0", "replay rec.dcm"
    device_id: str = ""
    firmware: str = ""
    uv_per_count: tuple[float, ...] = ()  # of the raw recording, one a channel; empty where unknown
    total_s: float | None = None  # of a recording
    at_ns: int | None = None  # the clock by which a live source's samples come (`Chunk.came_ns`), now

    def about(self) -> dict[str, str]:
        """For events."""
        return {"name": self.name, "id": self.device_id, "firmware": self.firmware, "source": self.source}


@dataclass(frozen=True, slots=True)
class Upto:
    """The sender's next sample has this index; the ones before it have been sent."""

    index: int


@dataclass(frozen=True, slots=True)
class Restarted:
    """The sender counts from anew; by the host's clock about `lost` of its samples passed unseen."""

    lost: int


@dataclass(frozen=True, slots=True)
class Suspected:
    """The next hole has this cause."""

    cause: Cause


@dataclass(frozen=True, slots=True)
class Awaited:
    """The sender was asked for its samples `first` to before `end` again."""

    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Forgone:
    """What is still missing of its samples `first` to before `end` will not come."""

    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Corruption:
    """Bytes that were no message."""

    bytes_lost: int


@dataclass(frozen=True, slots=True)
class Contact:
    """The channels with an electrode off, from now on."""

    off: frozenset[str]


@dataclass(frozen=True, slots=True)
class Battery:
    percent: int


@dataclass(frozen=True, slots=True)
class Button:
    """The wearer pressed the button, at the sender's sample `index`."""

    index: int


@dataclass(frozen=True, slots=True)
class Link:
    """The link went down or came back."""

    up: bool
    text: str


Placing = Chunk | Upto | Restarted | Suspected | Awaited | Forgone  # what the timeline goes by
Item = Described | Placing | Corruption | Contact | Battery | Button | Link


class Source(Protocol):
    """Where the samples come from. The iteration ends when they do; it raises SourceUnavailable or SourceLost."""

    def items(self) -> AsyncIterator[Item]: ...

    async def close(self) -> None: ...
