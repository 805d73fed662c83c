"""The hubs of all patches, as the one page server knows them. Lives in the server's thread, and only there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp

from edge.sinks.state import ViewState
from edge.web.hub import Hub
from edge.web.state import state_of


@dataclass(slots=True)
class Shown:
    """One patch on the page."""

    hub: Hub
    view: Callable[[], ViewState]
    status: dict[str, Any]  # phase, reason, restarts
    app: ASGIApp
    told: dict[str, Any] = field(default_factory=dict)

    def state(self) -> dict[str, Any]:
        return state_of(self.view(), self.hub)


class Hubs:
    """Every patch's hub, by name; to the server as if it were one."""

    def __init__(self) -> None:
        self.shown: dict[str, Shown] = {}

    @property
    def clients(self) -> int:
        return sum(one.hub.clients for one in self.shown.values())

    def states(self) -> dict[str, Any]:
        """How each patch stands."""
        return {"patches": {name: one.state() for name, one in self.shown.items()}}

    def tell_state(self, stamped: Mapping[str, Any]) -> None:
        for name, state in stamped["patches"].items():
            if (one := self.shown.get(name)) is not None:
                one.hub.tell_state(state | {"utc": stamped["utc"]})

    def over(self, told: Mapping[str, Any]) -> None:
        for one in self.shown.values():
            one.hub.over(told)

    def end(self) -> None:
        for one in self.shown.values():
            one.hub.end()

    def log_out(self, held: str) -> None:
        for one in self.shown.values():
            one.hub.log_out(held)

    def overview(self) -> list[dict[str, Any]]:
        """A row a patch."""
        return [
            {"name": name, **one.status, "device": one.hub.hello["device"], "state": one.state()}
            for name, one in self.shown.items()
        ]
