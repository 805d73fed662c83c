"""What a sink is told of a run, made by hand: a start, twelve leads, beats and alerts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np

from edge.alert import PRIORITIES, TECHNICAL, Alert, Kind, State
from edge.blocks import Origin, TwelveLeads
from edge.events import Event, Stamp
from edge.leads import LEADS
from edge.montage import Montage
from edge.sinks.base import RunInfo
from edge.sources.items import Described

RATE = 500
BEGAN = datetime(2026, 3, 1, 12, 0, 0, 250_000, UTC)
STAMP = Stamp(BEGAN, "bed_7_alerts")
MEASURED = ("II", "V1", "V5")
DERIVED = ("III", "aVR")
ORIGIN = tuple(
    Origin.MEASURED if lead in MEASURED else Origin.DERIVED if lead in DERIVED else Origin.RECONSTRUCTED
    for lead in LEADS
)


def info(name: str = "bed 7", start_utc: datetime = BEGAN) -> RunInfo:
    device = Described(name, Montage.of_leads(MEASURED), RATE, "/dev/ttyACM0")
    return RunInfo(device, "default", "litert int8", start_utc, 2000.0, "0.1.0")


def signal_mv(seconds: float, seed: int = 0) -> np.ndarray:
    """Noise of 0.5 mV in twelve leads, in whole uV (n x 12)."""
    uv = np.random.default_rng(seed).normal(0, 500, (round(seconds * RATE), 12)).round()
    return (uv / 1000).astype(np.float32)


def twelve(mv: np.ndarray, start: int) -> TwelveLeads:
    gone = np.isnan(mv).all()
    origin = (Origin.UNAVAILABLE,) * 12 if gone else ORIGIN
    return TwelveLeads(start, mv, np.zeros_like(mv), origin)


def blocks(mv: np.ndarray, length: int) -> Iterator[TwelveLeads]:
    """`mv` in blocks of `length` samples, cut also where a gap begins or ends, as the pipeline cuts them."""
    gone = np.isnan(mv).all(axis=1)
    edges = {0, len(mv), *range(0, len(mv), length), *(np.flatnonzero(np.diff(gone)) + 1).tolist()}
    return (twelve(mv[a:b], a) for a, b in pairwise(sorted(edges)))


def alert(kind: Kind, onset_s: float, told_s: float, number: int = 1) -> Alert:
    evidence = {"rate_per_min": 140.0}
    at = round(told_s * RATE), round(onset_s * RATE)
    leads = dict.fromkeys(MEASURED, Origin.MEASURED)
    return Alert(f"{kind}-{number}", kind, PRIORITIES[kind], State.ON, *at, evidence, leads, kind in TECHNICAL)


def event(kind: Kind, onset_s: float, told_s: float, number: int = 1) -> Event:
    """An alert that goes on, as the sinks are told."""
    return STAMP.alert(alert(kind, onset_s, told_s, number))


def over(kind: Kind, onset_s: float, at_s: float, number: int = 1, state: State = State.OFF) -> Event:
    return STAMP.alert(replace(alert(kind, onset_s, at_s, number), state=state))
