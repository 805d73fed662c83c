"""A long recording as the recorder writes it: minutes of synthetic rhythms in turn, with beats, alerts, ST and gaps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from edge.alert import PRIORITIES, Alert, Kind, State
from edge.blocks import Origin, TwelveLeads
from edge.bundle import RATE
from edge.events import Stamp
from edge.leads import LEADS
from edge.montage import Montage
from edge.rhythm.rhythm import Label
from edge.sinks.alert_log import AlertLog
from edge.sinks.base import RunInfo
from edge.sinks.recorder import Recorder
from edge.sources.items import Described
from edge.synthetic import Synthetic, synthesise

BEGAN = datetime(2026, 3, 1, 21, 0, 0, 250_000, UTC)
HZ = round(RATE)
MINUTE = 60 * HZ  # samples
MEASURED = ("II", "V1", "V5")
DERIVED: tuple[str, ...] = ()  # II, V1 and V5 determine no other lead
ORIGIN = tuple(
    Origin.MEASURED if lead in MEASURED else Origin.DERIVED if lead in DERIVED else Origin.RECONSTRUCTED
    for lead in LEADS
)
SD_MV = 0.05  # of a reconstructed lead
LOST_EVERY, LOST_AT = 173, 71  # minutes: one of so many is lost, the first after so many
AF_FROM, AF_TO = 0.35, 0.47  # of the recording
ALERTS = {"af": (Kind.AF, 30.0, None), "vt": (Kind.VT, 3.0, 15.0), "pvc": (Kind.COUPLET, 2.0, 6.0)}  # told, over, s
LABELS = {"af": Label.AF, "vt": Label.VT, "sinus": Label.SINUS, "pvc": Label.SINUS}


@dataclass(frozen=True, slots=True)
class Minute:
    """What a minute of the night is like."""

    rhythm: str  # as edge.synthetic has it
    per_min: int  # of a sinus rhythm
    lost: bool


def record_night(directory: Path, hours: float, name: str = "night patch") -> Path:
    """DIRECTORY/NAME, written by the sinks of edge-run; returns it without an ending."""
    sinks = (Recorder(directory, raw=False), AlertLog(directory))
    device = Described(name, Montage.of_leads(MEASURED), RATE, "/dev/ttyACM0")
    for sink in sinks:
        sink.start(RunInfo(device, "default", "litert int8", BEGAN, 2000.0, "0.1.0"))
    stamp, made, before = Stamp(BEGAN, f"{name.replace(' ', '_')}_alerts"), {}, ""
    for number, minute in enumerate(minutes(round(60 * hours))):
        start, key = number * MINUTE, (minute.rhythm, minute.per_min)
        if key not in made:
            made[key] = synthesise(minute.rhythm, 60.0, RATE, bpm=minute.per_min if minute.rhythm == "sinus" else None)
        if not minute.lost:
            _write(sinks, stamp, made[key], start)
        for event in _told(stamp, minute, before, number):
            for sink in sinks:
                sink.event(event)
        before = minute.rhythm
    for sink in sinks:
        sink.close({})
    return directory / name.replace(" ", "_")


def minutes(count: int) -> Iterator[Minute]:
    for k in range(count):
        share = k / count
        per_min = 62 + round(4 * math.sin(2 * math.pi * k / 97)) * 2 - round(6 * math.sin(math.pi * share)) * 2
        rhythm = "af" if AF_FROM <= share < AF_TO else "vt" if k % 211 == 97 else "pvc" if k % 89 == 12 else "sinus"
        yield Minute(rhythm, per_min, k % LOST_EVERY == LOST_AT)


def _write(sinks: tuple[Recorder, AlertLog], stamp: Stamp, heart: Synthetic, start: int) -> None:
    mv = heart.mv.astype(np.float32)
    sd = np.where([origin is Origin.RECONSTRUCTED for origin in ORIGIN], SD_MV, 0.0).astype(np.float32)
    sinks[0].twelve(TwelveLeads(start, mv, np.broadcast_to(sd, mv.shape), ORIGIN))
    for sample, kind in zip(heart.beats.tolist(), heart.classes, strict=True):
        sinks[0].event(stamp.event("beat", start + sample, {"lead": "II", "class": kind, "rr_ms": None}))


def _told(stamp: Stamp, minute: Minute, before: str, number: int) -> Iterator[dict[str, object]]:
    start = number * MINUTE
    if minute.rhythm != before:
        yield stamp.event("rhythm", start, {"label": str(LABELS[minute.rhythm])})
    if minute.rhythm in ALERTS and minute.rhythm != before:
        kind, told_s, over_s = ALERTS[minute.rhythm]
        evidence = {"rate_per_min": 148.0 if kind is Kind.AF else 182.0, "beats": 11.0}
        leads = dict.fromkeys(MEASURED, Origin.MEASURED)
        onset, told = start + 4 * HZ, start + 4 * HZ + round(told_s * HZ)
        alert = Alert(f"{kind}-{number}", kind, PRIORITIES[kind], State.ON, told, onset, evidence, leads, False)
        yield stamp.alert(alert)
        if over_s is not None:
            over = onset + round(over_s * HZ)
            yield stamp.alert(Alert(alert.id, kind, alert.priority, State.OFF, over, onset, evidence, leads, False))
    if not minute.lost:
        yield stamp.event("st", start + MINUTE // 2, {"leads": _st(number)})


def _st(number: int) -> dict[str, dict[str, object]]:
    """A level that wanders through the night, more in the chest leads."""
    out: dict[str, dict[str, object]] = {}
    for k, (lead, origin) in enumerate(zip(LEADS, ORIGIN, strict=True)):
        level = (25 + 6 * k) * math.sin(number / 90 + k / 3)
        out[lead] = {"j60_uv": round(level, 1), "sd_uv": 12.0, "origin": str(origin)}
    return out
