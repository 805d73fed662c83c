"""Recordings with noise of real electrodes added, and a wearable in motion: what is found, and what is told falsely.

Noise begins after five minutes, scaled as `train.rhythm.noise` says. It is the first half of each recorded noise: what
is legible was learnt with the second (`train.rhythm.legible`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.ec57 import comparison
from benchmarks.ec57.annotations import Annotations, read
from benchmarks.ec57.classes import EC57
from benchmarks.rhythm.false_alerts import AlertCount, events
from benchmarks.rhythm.road import Told, told
from edge.bundle import RATE
from edge.recordings.opening import open_recording
from edge.rhythm.interpreter import Models
from train.rhythm.noise import QRS_S, added, qrs_height
from train.rhythm.recordings import hear, named

SNR_DB = (24, 18, 12, 6, 0, -6)
KINDS = ("em", "ma")  # electrode motion, muscle; baseline wander is what the filters are for
RECORDS = ("101", "106", "223")  # regular; many ventricular beats; ventricular beats and runs
LONG_S, NOISE_FROM_S = 900.0, 300.0
ACTIVITIES = {"klud": "rest", "ruky": "arms", "chodza": "walk", "beh": "run", "drepy": "squats"}  # by file name
REST = "klud"
QRS_MV = 1.0  # nobody says what the wearable's counts are: the same person's QRS at rest is taken for as high

Floats = npt.NDArray[np.float64]


def sweep(mitdb: Path, nstdb: Path, models_of: Any) -> dict[str, Any]:
    """Gross figures at each ratio of signal to noise (dB), over `RECORDS`; `models_of` a subject."""
    figures: dict[str, Any] = {}
    for kind in KINDS:
        noise = open_recording(next(nstdb.rglob(f"{kind}.hea"))).mv.astype(float)
        for db in SNR_DB:
            found, alerts, unknown = [], AlertCount(), []
            for name in RECORDS:
                path = next(mitdb.rglob(f"{name}.hea"))
                reference = _shortened(read(path.with_suffix(""), "atr"))
                said = _noisy(path, reference, noise, db, models_of(f"mitdb/{name}"))
                found.append(comparison.compare(reference, said.marks()))
                alerts.add(name, said, events(reference))
                unknown.append(said.unknown_share(NOISE_FROM_S, LONG_S))
            beats = comparison.gross(found).beats.as_json()
            figures[f"{kind} {db} dB"] = {
                "beats": beats,
                "unknown_share": round(float(np.mean(unknown)), 4),
                "alerts": alerts.as_json(),
            }
            told_ = beats["qrs_sensitivity"]["percent"], beats["qrs_predictivity"]["percent"], dict(alerts.false)
            print(kind, db, *told_, flush=True)
    return figures


def _shortened(marks: Annotations) -> Annotations:
    keep = marks.samples < LONG_S * marks.rate
    symbols = [s for s, k in zip(marks.symbols, keep, strict=True) if k]
    aux = [a for a, k in zip(marks.aux, keep, strict=True) if k]
    return Annotations(marks.rate, marks.samples[keep], symbols, aux, length=round(LONG_S * marks.rate))


def _noisy(path: Path, reference: Annotations, noise: Floats, db: float, models: Models) -> Told:
    recording = open_recording(path)
    mv = recording.mv[: round(LONG_S * recording.rate)].astype(float)
    first = round(NOISE_FROM_S * recording.rate)
    at = [s for s, symbol, _, _ in reference if symbol in EC57]
    heights = [qrs_height(mv[:first, k], at, recording.rate) for k in range(mv.shape[1])]
    noisy = added(mv, noise, first, db, heights)
    return told(hear(path.stem, named(recording.leads), recording.rate, noisy).block, models)


def worn(folder: Path) -> dict[str, Any]:
    """Healthy people in motion: every alert but of rate is false."""
    figures: dict[str, Any] = defaultdict(lambda: {"hours": 0.0, "alerts": Counter(), "unknown": []})
    for path in sorted(folder.rglob("*.hea")):
        wearing, _, what = path.stem.rpartition("_")
        counts, rate = _counts(path)
        scale = _mv_per_count(path.with_name(f"{wearing}_{REST}.hea"))
        said = told(hear(path.stem, ("I",), rate, counts[:, None] * scale).block)
        activity = ACTIVITIES[what]
        figures[activity]["hours"] += said.hours
        figures[activity]["alerts"].update(str(alert.kind) for alert in said.began)
        figures[activity]["unknown"].append(said.unknown_share())
    return {
        activity: {
            "hours": round(f["hours"], 3),
            "alerts": dict(f["alerts"]),
            "unknown_share": round(float(np.mean(f["unknown"])), 4),
        }
        for activity, f in figures.items()
    }


def _mv_per_count(rest: Path) -> float:
    """By the QRS height of a recording at rest."""
    counts, rate = _counts(rest)
    x = counts - np.median(counts)
    x /= np.percentile(np.abs(x), 99)  # about 1 at its R peaks
    beats = hear(rest.stem, ("I",), rate, x[:, None]).beats
    at = [round(beat.sample * rate / RATE) for beat in beats]
    reach = round(QRS_S * rate)
    heights = [np.ptp(counts[b - reach : b + reach + 1]) for b in at if reach < b < len(counts) - reach]
    return QRS_MV / float(np.median(heights))


def _counts(path: Path) -> tuple[Floats, float]:
    """Samples without a unit, which the product refuses to take for volts, and their rate (Hz)."""
    import wfdb

    record = wfdb.rdrecord(str(path.with_suffix("")))
    return np.asarray(record.p_signal[:, 0], np.float64), float(record.fs)
