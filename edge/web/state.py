"""How a run stands, as the page shows it: STATE in WIRE.md."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from edge.bundle import RATE
from edge.sinks.state import ViewState
from edge.web.hub import Hub


def state_of(view: ViewState, hub: Hub) -> dict[str, Any]:
    """Of the run whose `view` the runner keeps up to date; all but `utc`. Reads it from another thread as it stands."""
    return {
        "phase": hub.hello["phase"],
        "elapsed_s": round(view.elapsed_s, 3),
        "total_s": _number(view.total_s),
        "now": round(view.elapsed_s * RATE),
        "shown": hub.recent.end,
        "heart_rate_bpm": _number(view.heart_rate_bpm, 1),
        "rhythm": view.rhythm,
        "last_beat_s": _number(view.last_beat_s),
        "quality": {lead: _number(score, 2) for lead, score in view.quality.items()},
        "electrodes_off": sorted(view.electrodes_off),
        "link_up": not view.reconnecting,
        "battery_percent": _number(view.battery_percent),
        "samples": view.samples,
        "lost": dict(view.lost),
        "latency_ms": {"p50": _number(view.latency_p50_ms, 1), "p99": _number(view.latency_p99_ms, 1)},
        "clients": hub.clients,
        "alerts": hub.alerts.told(view.alerts),
    }


def stamped(state: dict[str, Any]) -> dict[str, Any]:
    """With the time of day by the server's clock."""
    return state | {"utc": datetime.now(UTC).isoformat(timespec="milliseconds")}


def _number(value: float | None, digits: int = 3) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, digits)
