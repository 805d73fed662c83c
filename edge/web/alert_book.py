"""What the page knows of the alerts: the last changes, and how each that is in force stands."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from edge.events import Event
from edge.sinks.state import ActiveAlert

KEPT = 200  # changes; the recording has them all
MOST_KNOWN = 256  # alerts whose last change is held: more are never in force at once
ALERTS = ("alert", "technical")


class AlertBook:
    """Takes the alerts' events; is asked for those of the alerts that the run says are to be seen."""

    def __init__(self) -> None:
        self._log: deque[Event] = deque(maxlen=KEPT)
        self._last: dict[str, Event] = {}  # by id, the longest unchanged first

    def add(self, event: Event) -> None:
        self._log.append(event)
        self._last.pop(event["id"], None)
        self._last[event["id"]] = event
        while len(self._last) > MOST_KNOWN:
            del self._last[next(iter(self._last))]

    @property
    def log(self) -> list[Event]:
        """The oldest first."""
        return [*self._log]

    def knows(self, alert: str) -> bool:
        return alert in self._last

    def last(self, alert: str) -> Event:
        """The last change of an alert that is known."""
        return self._last[alert]

    def told(self, alerts: Iterable[ActiveAlert]) -> list[dict[str, Any]]:
        """What the state says of those that are to be seen, the most urgent first."""
        return [
            {key: self._last[one.id][key] for key in ("id", "kind", "priority", "state")}
            | {"technical": one.technical, "since_s": round(one.since_s, 3)}
            for one in sorted(alerts, key=lambda alert: alert.rank)
            if one.id in self._last
        ]
