"""A sink that remembers what it was told, and fails when it is asked to."""

from __future__ import annotations

import threading
from typing import Any

from edge.blocks import Block, TwelveLeads
from edge.errors import OutputError, Reason
from edge.events import Event
from edge.sinks.base import RunInfo


class Remembers:
    def __init__(self, *, broken: bool = False, reason: Reason = Reason.FULL) -> None:
        self.broken, self.reason = broken, reason
        self.told: list[object] = []
        self.closed = 0
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def start(self, info: RunInfo) -> None:
        self._take("start")

    def raw(self, block: Block) -> None:
        self._take(("raw", block.start))

    def twelve(self, block: TwelveLeads) -> None:
        self._take(("twelve", block.start))

    def event(self, event: Event) -> None:
        self._take((event["type"], event["sample"]))

    def close(self, summary: dict[str, Any]) -> None:
        self.closed += 1

    def _take(self, what: object) -> None:
        assert self.may_go_on.wait(10)
        if self.broken:
            raise OutputError("no space left for it: free some", self.reason)
        self.told.append(what)
