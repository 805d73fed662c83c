"""Which alerts there are now, as the broker keeps them for who comes later."""

from __future__ import annotations

from typing import Any

from edge.events import Event
from edge.sinks.state import PRIORITIES

KEPT = ("kind", "priority", "utc", "sample", "onset", "evidence", "leads")


class Active:
    """Follows alert events. One of high priority for the wearer, where those are latched, stays until acknowledged."""

    def __init__(self, latch_high: bool) -> None:
        self._latch_high = latch_high
        self._alerts: dict[str, dict[str, Any]] = {}

    def take(self, event: Event) -> None:
        of, state = event["id"], event["state"]
        if state == "on":
            seen = self._alerts.get(of, {}).get("acknowledged", False)
            self._alerts[of] = {
                "alert": of,
                "technical": event["type"] == "technical",
                **{key: event[key] for key in KEPT},
                "over": False,
                "acknowledged": seen,
            }
        elif (alert := self._alerts.get(of)) is None:
            return
        elif state == "acknowledged":
            alert["acknowledged"] = True
            if alert["over"]:
                del self._alerts[of]
        else:
            latched = self._latch_high and alert["priority"] == PRIORITIES[0] and not alert["technical"]
            alert["over"] = True
            if not latched or alert["acknowledged"]:
                del self._alerts[of]

    def told(self) -> dict[str, Any]:
        """The most urgent first; and whether there is one at all, for those who only want a light."""
        alerts = sorted(self._alerts.values(), key=lambda a: (PRIORITIES.index(a["priority"]), a["onset"]))
        wearers = [a for a in alerts if not a["technical"]]
        return {
            "alert": _on(bool(wearers)),
            "alert_high": _on(any(a["priority"] == PRIORITIES[0] for a in wearers)),
            "technical": _on(len(wearers) < len(alerts)),
            "active": alerts,
        }


def _on(flag: bool) -> str:
    return "on" if flag else "off"
