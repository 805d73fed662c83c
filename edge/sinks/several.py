"""Several sinks as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from edge.blocks import Block, TwelveLeads
from edge.errors import OutputError
from edge.events import Event
from edge.sinks.base import RunInfo, Sink


class Several:
    """Sink: tells each of several. One that fails is told only the end from then on, and the others miss nothing.

    Raises nothing: `failure` is the first there was.
    """

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._all, self._working = list(sinks), list(sinks)
        self.failure: OutputError | None = None

    def start(self, info: RunInfo) -> None:
        self._each(self._working, lambda sink: sink.start(info))

    def raw(self, block: Block) -> None:
        self._each(self._working, lambda sink: sink.raw(block))

    def twelve(self, block: TwelveLeads) -> None:
        self._each(self._working, lambda sink: sink.twelve(block))

    def event(self, event: Event) -> None:
        self._each(self._working, lambda sink: sink.event(event))

    def close(self, summary: dict[str, Any]) -> None:
        self._each(self._all, lambda sink: sink.close(summary))

    def _each(self, sinks: list[Sink], tell: Callable[[Sink], None]) -> None:
        for sink in tuple(sinks):
            try:
                tell(sink)
            except OutputError as error:
                self.failure = self.failure or error
                if sink in self._working:
                    self._working.remove(sink)
