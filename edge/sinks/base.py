"""What a sink is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from edge.blocks import Block, TwelveLeads
from edge.events import Event
from edge.sources.items import Described


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What is known when a run starts."""

    device: Described
    bundle: str
    engine: str  # with its variant
    start_utc: datetime
    delay_ms: float
    version: str
    patient: str = ""  # when its file was made, where there is one
    # When a sample (at 500 Hz) was taken, s of `edge.host_clock.now_ns`; None where that is not known yet. To be asked
    # by the run's own thread. There is none where the source is no patch that samples now.
    taken_s: Callable[[int], float | None] | None = None


@dataclass(frozen=True, slots=True)
class News:
    """An output fails, or works again."""

    up: bool
    text: str


class Sink(Protocol):
    """Where results go. Methods may raise OutputError; after `close` nothing more comes."""

    def start(self, info: RunInfo) -> None: ...

    def raw(self, block: Block) -> None:
        """Samples as received, in their place on the timeline (the source's rate)."""
        ...

    def twelve(self, block: TwelveLeads) -> None: ...

    def event(self, event: Event) -> None: ...

    def close(self, summary: dict[str, Any]) -> None: ...


@runtime_checkable
class Reporting(Protocol):
    """A sink that has something to say of itself."""

    def take_news(self) -> list[News]: ...


@runtime_checkable
class Hurrying(Protocol):
    """A sink that may wait for somebody while it is told something."""

    def hurry(self) -> None:
        """The run ends: wait no more. From another thread or within a signal, and before `close`."""
        ...


@runtime_checkable
class Acknowledging(Protocol):
    """A sink where people can say that they have seen an alert."""

    def acknowledge_by(self, acknowledge: Callable[[str | None], None]) -> None:
        """To be called, on the run's own event loop, with an alert's id, or None for all there are to be seen."""
        ...
