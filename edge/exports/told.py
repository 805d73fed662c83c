"""The alerts that a recording's `alm` annotations tell of, with the evidence that the log of alerts has."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from edge.alert import PRIORITIES, TECHNICAL, Kind, Priority, State
from edge.exports.run_record import Excerpt, RunRecord
from edge.recordings.json_lines import json_lines

ALERTS = "alm"
LOG = "log.jsonl"  # in NAME_alerts, beside the recording


@dataclass(frozen=True, slots=True)
class Told:
    """An alert that went on."""

    kind: Kind
    id: str
    sample: int  # of the record, at which it was told
    onset: int  # of the record, at which what it tells of began
    evidence: dict[str, float] = field(default_factory=dict)  # the unit at the end of each name
    leads: dict[str, str] = field(default_factory=dict)  # what it rests on, with origin
    logged_priority: Priority | None = None
    strip: str | None = None  # the record of the signal around it, beside the recording

    @property
    def priority(self) -> Priority:
        return self.logged_priority or PRIORITIES[self.kind]

    @property
    def technical(self) -> bool:
        return self.kind in TECHNICAL

    @property
    def words(self) -> str:
        return self.kind.replace("_", " ")


def told_alerts(excerpt: Excerpt) -> list[Told]:
    """Each once, at the moment it was first told; in order of time."""
    logged = _logged(excerpt.record)
    alerts: list[Told] = []
    on: set[str] = set()
    for mark in excerpt.record.annotations(ALERTS):
        kind, state, identity = [*mark.aux.split(" "), "", "", ""][:3]
        if kind not in [*Kind]:
            continue
        if state == State.OFF:
            on.discard(identity)
        elif state == State.ON and identity not in on:
            on.add(identity)
            if excerpt.first <= mark.sample < excerpt.last:
                alerts.append(_told(Kind(kind), identity, mark.sample, logged.get((mark.sample, identity), {})))
    return alerts


def _told(kind: Kind, identity: str, sample: int, line: dict[str, Any]) -> Told:
    if not line:
        return Told(kind, identity, sample, sample)
    onset = sample - int(line["sample"]) + int(line["onset"])
    priority, strip = Priority(line["priority"]), line.get("strip")
    return Told(kind, identity, sample, onset, line["evidence"], line["leads"], priority, strip)


def _logged(record: RunRecord) -> dict[tuple[int, str], dict[str, Any]]:
    """The log's lines by the record's sample and the alert's name; none where the log was kept elsewhere."""
    path = record.header_path.parent / f"{record.name}_alerts" / LOG
    found: dict[tuple[int, str], dict[str, Any]] = {}
    offset: int | None = None
    for line in json_lines(path):
        if line.get("type") == "start":
            offset = _offset(record, str(line.get("utc")))
        elif line.get("type") in ("alert", "technical") and line.get("state") == State.ON and offset is not None:
            found[offset + int(line["sample"]), str(line["id"])] = line
    return found


def _offset(record: RunRecord, utc: str) -> int | None:
    """The record's sample at which the run that began at `utc` begins. The log tells milliseconds."""
    try:
        began = datetime.fromisoformat(utc)
        for run in record.facts.get("runs") or []:
            if abs(datetime.fromisoformat(str(run["start_utc"])) - began) <= timedelta(milliseconds=1):
                return int(run["sample"])
    except (ValueError, TypeError, KeyError):
        pass
    return None
