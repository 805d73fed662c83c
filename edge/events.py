"""The run's events as JSON objects: one a line, in the order in which they happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from edge.alerts import Alert
from edge.bundle import RATE
from edge.rhythm.beat import Beat

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stamp:
    """Turns samples of the timeline into the keys that every event has."""

    start_utc: datetime

    def at(self, sample: int) -> Event:
        seconds = sample / RATE
        utc = self.start_utc + timedelta(seconds=seconds)
        return {"t": round(seconds, 3), "sample": sample, "utc": utc.isoformat(timespec="milliseconds")}

    def event(self, kind: str, sample: int, fields: Mapping[str, Any]) -> Event:
        return {"type": kind, **self.at(sample), **fields}

    def beat(self, beat: Beat) -> Event:
        rr = None if beat.rr_ms is None else round(beat.rr_ms, 1)
        return self.event("beat", beat.sample, {"lead": beat.lead, "class": beat.kind, "rr_ms": rr})

    def alert(self, alert: Alert) -> Event:
        kind = "technical" if alert.technical else "alert"
        return self.event(kind, alert.sample, alert.fields())
