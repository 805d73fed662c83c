"""The run in the terminal."""

from __future__ import annotations

from typing import Any

from edge.blocks import Block, TwelveLeads
from edge.events import Event
from edge.sinks.base import RunInfo
from edge.sinks.console import Console
from edge.sinks.state import ActiveAlert, ViewState


class View:
    """Sink: draws the twelve leads and the run's state, which the runner keeps up to date."""

    def __init__(self, view: str, state: ViewState) -> None:
        self._view, self._state = view, state
        self._console: Console | None = None

    def start(self, info: RunInfo) -> None:
        self._console = Console(self._view, self._state)

    def raw(self, block: Block) -> None:
        if self._console:
            self._console.update()

    def twelve(self, block: TwelveLeads) -> None:
        if self._console:
            self._console.twelve(block)
            self._console.update()

    def event(self, event: Event) -> None:
        if self._console is None:
            return
        if event["type"] in ("alert", "technical"):
            about = ActiveAlert(event["kind"], event["priority"], event["type"] == "technical", event["t"])
            if event["state"] != "acknowledged":
                self._console.alert(about, on=event["state"] == "on")
        elif event["type"] in ("link", "output"):
            self._console.note(event["text"])

    def close(self, summary: dict[str, Any]) -> None:
        if self._console:
            self._console.close()
