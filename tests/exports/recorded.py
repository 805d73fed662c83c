"""A run that the sinks of edge-run wrote, with a gap, an electrode off, beats, rhythm and alerts, from a seed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
from sinks.a_run import BEGAN, RATE, STAMP, alert, blocks, info, over

from edge.alert import Kind
from edge.blocks import Origin
from edge.leads import LEAD, LEADS
from edge.montage import Montage
from edge.rhythm.rhythm import Label
from edge.sinks.alert_log import AlertLog
from edge.sinks.recorder import Recorder
from edge.sinks.strips import Strips
from edge.sources.items import Described

SD_MV = 0.05  # of reconstructed leads
V2_OFF = (5.0, 7.0)  # s in which it is not there
V5_OFF = (30.0, 34.0)  # s in which it is reconstructed
BEAT_EVERY = 400  # samples: 75 a minute


@dataclass(frozen=True)
class Recorded:
    path: Path
    mv: np.ndarray  # n x 12, NaN where missing
    beats: list[int]

    @property
    def uv(self) -> np.ndarray:
        """As counts, -32768 where missing."""
        return np.where(np.isnan(self.mv), -32768, np.rint(np.nan_to_num(self.mv) * 1000)).astype(int)


def heart(seconds: float, seed: int = 7) -> np.ndarray:
    """Something like beats in twelve leads, whole uV (n x 12)."""
    n = round(seconds * RATE)
    t = np.arange(n) % BEAT_EVERY / RATE
    beat = np.exp(-(((t - 0.2) / 0.012) ** 2)) + 0.25 * np.exp(-(((t - 0.45) / 0.05) ** 2))
    size = np.random.default_rng(seed).uniform(-1.2, 1.5, len(LEADS))
    noise = np.random.default_rng(seed + 1).normal(0, 0.01, (n, len(LEADS)))
    return (np.round((beat[:, None] * size + noise) * 1000) / 1000).astype(np.float32)


def record(
    directory: Path,
    seconds: float = 40.0,
    *,
    gap_s: tuple[float, float] | None = (20.0, 23.0),
    start_utc: datetime = BEGAN,
) -> Recorded:
    mv = heart(seconds)
    mv[round(V2_OFF[0] * RATE) : round(V2_OFF[1] * RATE), LEAD["V2"]] = np.nan
    if gap_s:
        mv[round(gap_s[0] * RATE) : round(gap_s[1] * RATE)] = np.nan
    sinks = (Recorder(directory, raw=False), AlertLog(directory), Strips(directory))
    about = replace(
        info(start_utc=start_utc), device=Described("bed 7", Montage.of_leads(("II", "V1", "V5")), RATE, "/dev/ttyACM0")
    )
    for sink in sinks:
        sink.start(about)
    beats = [n for n in range(100, len(mv), BEAT_EVERY) if not np.isnan(mv[n]).all()]
    events = [_beat(n, "V" if k % 7 == 3 else "N") for k, n in enumerate(beats)]
    events += [_rhythm(600, Label.SINUS), _rhythm(round(12 * RATE), Label.AF)]
    onset, told = 0.25 * seconds, 0.3 * seconds
    events += [STAMP.alert(alert(Kind.VT, onset, told)), over(Kind.VT, onset, told + 2)]
    events += [STAMP.alert(alert(Kind.AF, onset, 0.8 * seconds)), STAMP.alert(alert(Kind.GAP, 20.0, 21.0))]
    events.sort(key=lambda event: event["sample"])
    for block in blocks(mv, 250):
        off = V5_OFF[0] * RATE <= block.start < V5_OFF[1] * RATE
        origin = tuple(
            Origin.RECONSTRUCTED if off and lead == "V5" else o for lead, o in zip(LEADS, block.origin, strict=True)
        )
        sd = np.where([o is Origin.RECONSTRUCTED for o in origin], SD_MV, 0) + np.zeros_like(block.sd)
        for sink in sinks:
            sink.twelve(replace(block, sd=sd, origin=origin))
        while events and events[0]["sample"] < block.end:
            one = events.pop(0)
            for sink in sinks:
                sink.event(one)
    for sink in sinks:
        sink.close({})
    return Recorded(directory / "bed_7", mv, beats)


def _beat(sample: int, kind: str) -> dict[str, object]:
    return {"type": "beat", "sample": sample, "class": kind}


def _rhythm(sample: int, label: Label) -> dict[str, object]:
    return {"type": "rhythm", "sample": sample, "label": str(label)}
