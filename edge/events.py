"""The run's events as JSON objects: one a line, in the order in which they happened."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from edge.alerts import Alert
from edge.bundle import RATE
from edge.classify import Classification
from edge.leads import LEADS
from edge.rhythm.beat import Beat
from edge.rhythm.rhythm import Rhythm
from edge.st.reading import Finding, StReading

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stamp:
    """Turns samples of the timeline into the keys that every event has."""

    start_utc: datetime
    strips: str = ""  # the folder of the alerts' strips, as events name it; none are kept without one
    utc_of: Callable[[int], datetime | None] | None = None  # when a sample was taken, where that is measured

    def at(self, sample: int) -> Event:
        seconds = sample / RATE
        utc = self.utc_of(sample) if self.utc_of else None
        utc = utc or self.start_utc + timedelta(seconds=seconds)
        return {"t": round(seconds, 3), "sample": sample, "utc": utc.isoformat(timespec="milliseconds")}

    def event(self, kind: str, sample: int, fields: Mapping[str, Any]) -> Event:
        return {"type": kind, **self.at(sample), **fields}

    def beat(self, beat: Beat) -> Event:
        rr = None if beat.rr_ms is None else round(beat.rr_ms, 1)
        return self.event("beat", beat.sample, {"lead": beat.lead, "class": beat.kind, "rr_ms": rr})

    def rhythm(self, rhythm: Rhythm) -> Event:
        """As of where it began; `told` is how much later it was known, s."""
        told_s = round((rhythm.told - rhythm.start) / RATE, 3)
        fields = {"label": str(rhythm.label), "confidence": round(rhythm.confidence, 3)}
        return self.event("rhythm", rhythm.start, {**fields, "evidence": dict(rhythm.evidence), "told_after_s": told_s})

    def alert(self, alert: Alert) -> Event:
        if alert.technical:
            return self.event("technical", alert.sample, alert.fields())
        strip = f"{self.strips}/{self.strip_name(alert)}" if self.strips else alert.strip
        return self.event("alert", alert.sample, alert.fields() | {"strip": strip})

    def strip_name(self, alert: Alert) -> str:
        """The WFDB record with the signal around `alert`: known when it is told, and no other run's."""
        onset = self.start_utc + timedelta(seconds=alert.onset / RATE)
        name = re.sub(r"[^A-Za-z0-9_-]+", "_", alert.id)
        return f"{onset:%Y%m%dT%H%M%S}_{onset.microsecond // 1000:03d}_{name}"


def classified(one: Classification) -> Event:
    """The classifier's probabilities for one window, and which of the leads it was shown were reconstructed."""
    shown = {"from_sample": one.start, "reconstructed": list(one.reconstructed)}
    return {**shown, "said": list(one.said), "probability": dict(one.probability)}


def st_told(reading: StReading) -> Event:
    """The last reading of ST, for the summary: every lead's levels and where they come from, and what was found."""
    levels, average = reading.levels, reading.levels.average
    return {
        "sample": reading.sample,
        "beats": average.count,
        "qrs_ms": levels.fiducials.qrs_ms,
        "pr_ms": levels.fiducials.pr_ms,
        "leads": st_levels(reading),
        "findings": {str(sign): _finding(one) for sign, one in reading.findings.items()},
        "baseline": None if reading.baseline is None else str(reading.baseline),
        "turned": reading.turned,
    }


def st_levels(reading: StReading) -> Event:
    """ST of every lead that can be read, at J and 60 ms later, with its sd and the lead's origin."""
    levels, average = reading.levels, reading.levels.average
    return {
        lead: {
            "origin": str(average.origin[k]),
            "j_uv": round(1000 * float(levels.st_j_mv[k]), 1),
            "j60_uv": round(1000 * float(levels.st_j60_mv[k]), 1),
            "sd_uv": round(1000 * float(levels.st_spread_mv[k]), 1),
        }
        for k, lead in enumerate(LEADS)
        if average.readable[k]
    }


def _finding(one: Finding) -> Event:
    return {
        "confidence": round(one.confidence, 3),
        "leads": [evidence.lead for evidence in one.leads],
        "walls": list(one.walls),
        "reconstructed_only": one.reconstructed_only,
        "confounders": list(one.confounders),
    }
