"""False ST alerts: normal recordings made into minutes, with wander of worn electrodes and turns of the body."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.ischemia.road import Network
from benchmarks.ischemia.sets import Record
from benchmarks.rhythm.false_alerts import poisson_interval
from edge.alerts import Alert, Kind, State
from edge.blocks import Block
from edge.bundle import RATE
from edge.dsp.baseline import remove_baseline
from edge.leads import EIGHT_FROM_ELECTRODES, INDEPENDENT, LEAD, LEADS, TWELVE_FROM_EIGHT
from edge.pipeline import Pipeline, PipelineSettings
from edge.rhythm.detector import BeatDetector
from edge.st.reading import StReading
from edge.synthetic import DOWER

BEFORE_R = round(0.30 * RATE)  # where a beat is cut from the one before: between T and P
KINDS = (Kind.ST_ELEVATION, Kind.ST_DEPRESSION, Kind.MI)
TURN_S = 60.0  # between two turns of the body
TURN_DEGREES = (30.0, 20.0)  # about the vertical axis, and about the one from front to back
PIECE = 2500  # samples pushed at once
Signal = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Condition:
    """What the wearer does."""

    wander_uv: float = 0.0  # rms at each electrode
    turns: bool = False


def false_alerts(
    records: Sequence[Record],
    network: Network,
    leads: tuple[str, ...],
    condition: Condition,
    minutes: float,
    wander: npt.NDArray[np.float64],
) -> dict[str, Any]:
    """Alerts of ST and Q over streams of normal hearts, all of them false, an hour with exact 95 % intervals."""
    counts: Counter[str] = Counter()
    hours, readings, told = 0.0, 0, []
    for k, record in enumerate(records):
        stream = longer(record.mv, minutes)
        if stream is None:
            continue
        if condition.turns:
            stream = turned(stream)
        if condition.wander_uv:
            stream = stream + moved(wander, len(stream), condition.wander_uv, seed=k)
        found, read = _alerts(stream, leads, record, network)
        hours += len(stream) / RATE / 3600
        readings += read
        for alert in found:
            counts[str(alert.kind)] += 1
            told.append([record.name, str(alert.kind), round(alert.sample / RATE), dict(alert.evidence)])
    return {
        "streams": len(records),
        "hours": round(hours, 3),
        "read_share": round(readings * 5.0 / 3600 / hours, 3),
        "kinds": {str(kind): _rate(counts[str(kind)], hours) for kind in KINDS},
        "told": told[:20],
    }


def _rate(count: int, hours: float) -> dict[str, Any]:
    low, high = poisson_interval(count)
    return {
        "false": count,
        "per_hour": round(count / hours, 3),
        "per_hour_95": [round(low / hours, 3), round(high / hours, 3)],
    }


def longer(mv: Signal, minutes: float) -> Signal | None:
    """A recording repeated, from before its first whole beat to before its last: no step where it begins anew."""
    flat = remove_baseline(mv, RATE)
    detector = BeatDetector(RATE)
    block = Block(0, RATE, LEADS, flat, np.isfinite(flat))
    at = [beat.sample for beat in [*detector.push(block), *detector.flush()]]
    if len(at) < 4 or at[1] < BEFORE_R:
        return None
    part = flat[at[1] - BEFORE_R : at[-1] - BEFORE_R].astype(np.float64)
    ends = (part[:5].mean(axis=0), part[-5:].mean(axis=0))
    part += np.linspace(0, 1, len(part))[:, None] * (ends[0] - ends[1])
    times = int(np.ceil(minutes * 60 * RATE / len(part)))
    return np.tile(part, (times, 1))[: round(minutes * 60 * RATE)].astype(np.float32)


def turned(mv: Signal) -> Signal:
    """Every other minute the heart lies turned: as a dipole, seen by Dower's leads; what no dipole explains stays."""
    a, b = np.radians(TURN_DEGREES)
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_z = np.array([[np.cos(b), -np.sin(b), 0], [np.sin(b), np.cos(b), 0], [0, 0, 1]])
    change = DOWER @ (about_z @ about_y - np.eye(3)) @ np.linalg.pinv(DOWER)
    eight = mv[:, [LEAD[lead] for lead in INDEPENDENT]].astype(np.float64)
    share = (np.arange(len(mv)) / RATE // TURN_S % 2)[:, None]
    twelve: Signal = ((eight + share * (eight @ change.T)) @ TWELVE_FROM_EIGHT.T).astype(np.float32)
    return twelve


def moved(wander: npt.NDArray[np.float64], samples: int, rms_uv: float, seed: int) -> Signal:
    """Wander (n, mV, rms 1) at each electrode from another place of the recording, as the twelve leads see it."""
    rng = np.random.default_rng(seed)
    starts = rng.integers(0, len(wander) - samples, len(EIGHT_FROM_ELECTRODES))
    electrodes = np.stack([wander[s : s + samples] for s in starts], axis=1) * rms_uv * 1e-3
    eight = electrodes @ np.linalg.pinv(EIGHT_FROM_ELECTRODES).T
    twelve: Signal = (eight @ TWELVE_FROM_EIGHT.T).astype(np.float32)
    return twelve


def wander_of(folder: Path) -> npt.NDArray[np.float64]:
    """nstdb's `bw`, both channels in turn, at 500 Hz, rms 1."""
    from edge.recordings.opening import open_recording

    recording = open_recording(folder / "bw.hea")
    n = round(len(recording.mv) * RATE / recording.rate)
    at = np.arange(n) * recording.rate / RATE
    channels = []
    for channel in np.nan_to_num(recording.mv).astype(np.float64).T:
        x = np.interp(at, np.arange(len(channel)), channel)
        x -= x.mean()
        channels.append(x / np.sqrt((x**2).mean()))
    return np.concatenate(channels)


def _alerts(stream: Signal, leads: tuple[str, ...], record: Record, network: Network) -> tuple[list[Alert], int]:
    engine = network.silent if leads == LEADS else network.engine
    settings = PipelineSettings(person=record.person)
    pipeline = Pipeline(leads, RATE, bundle=network.bundle, engine=engine, settings=settings)
    chosen = np.ascontiguousarray(stream[:, [LEAD[lead] for lead in leads]])
    found: dict[str, Alert] = {}
    read = 0
    for first in range(0, len(chosen), PIECE):
        read += _take(pipeline.push(chosen[first : first + PIECE]), found)
    read += _take(pipeline.flush(), found)
    return [*found.values()], read


def _take(out: Sequence[object], found: dict[str, Alert]) -> int:
    """Alerts that went on, by id; how many readings there were."""
    for item in out:
        if isinstance(item, Alert) and item.kind in KINDS and item.state is State.ON:
            found.setdefault(item.id, item)
    return sum(isinstance(item, StReading) for item in out)
