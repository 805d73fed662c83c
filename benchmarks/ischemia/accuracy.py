"""How far ST levels are off, and how far the landmarks are from those that cardiologists marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.leads import LEADS
from edge.st.beat import BEFORE, MS
from edge.st.reading import StReading

Z90 = 1.645
NEAR = 75  # samples (150 ms) from R to the middle of the complex that a mark belongs to
Floats = npt.NDArray[np.float64]
LEVELS = {"j": "st_j_mv", "j60": "st_j60_mv"}


def levels(true: Sequence[StReading | None], other: Sequence[StReading | None]) -> dict[str, Any]:
    """Errors of ST by lead (uV): median and 95th percentile, and how often the level's own 90 % interval held."""
    pairs = [(a.levels, b.levels) for a, b in zip(true, other, strict=True) if a is not None and b is not None]
    out: dict[str, Any] = {"recordings": len(pairs)}
    for name, key in LEVELS.items():
        error = np.stack([getattr(b, key) - getattr(a, key) for a, b in pairs])
        spread = np.stack([b.st_spread_mv for _, b in pairs])
        out[name] = {}
        for k, lead in enumerate(LEADS):
            seen = np.isfinite(error[:, k])
            if not seen.any():
                continue
            off = 1000 * np.abs(error[seen, k])
            out[name][lead] = {
                "median_uv": round(float(np.median(off)), 1),
                "p95_uv": round(float(np.percentile(off, 95)), 1),
                "bias_uv": round(float(1000 * error[seen, k].mean()), 1),
                "interval_holds": round(float((off <= 1000 * Z90 * spread[seen, k]).mean()), 3),
            }
    return out


def landmarks(root: Path, readings: Mapping[str, StReading | None]) -> dict[str, Any]:
    """Ours less the cardiologists' of LUDB (ms): mean, standard deviation, and of how many recordings.

    Onset against the earliest marked in any lead and J against the latest, as leads are read together, and both against
    the lead in the middle; R peaks lead by lead; P onset and PR likewise against the earliest P onset.
    """
    errors: dict[str, list[float]] = {}
    for name, reading in readings.items():
        if reading is None:
            continue
        marked, ours = _marked(root, name, reading), reading.levels.fiducials
        onset, j = (MS * (row - BEFORE) for row in (ours.onset, ours.j))
        with np.errstate(all="ignore"):
            found = {
                "qrs onset, earliest lead": onset - np.nanmin(marked["onset"]),
                "qrs onset, median lead": onset - np.nanmedian(marked["onset"]),
                "qrs end, latest lead": j - np.nanmax(marked["end"]),
                "qrs end, median lead": j - np.nanmedian(marked["end"]),
                "qrs duration": (j - onset) - (np.nanmax(marked["end"]) - np.nanmin(marked["onset"])),
            }
            if ours.p_onset is not None and np.isfinite(marked["p"]).any():
                found["p onset, earliest lead"] = MS * (ours.p_onset - BEFORE) - np.nanmin(marked["p"])
            if ours.t_end is not None and np.isfinite(marked["t"]).any():
                found["t end, median lead"] = MS * (ours.t_end - BEFORE) - np.nanmedian(marked["t"])
        peaks = _peaks(reading) - marked["peak"]
        for title, value in found.items():
            errors.setdefault(title, []).append(float(value))
        errors.setdefault("qrs peak, each lead", []).extend(peaks[np.isfinite(peaks)].tolist())
    return {title: _spread(values) for title, values in errors.items()}


def _spread(values: Sequence[float]) -> dict[str, float | int]:
    there = np.array([v for v in values if np.isfinite(v)])
    return {
        "n": len(there),
        "mean_ms": round(float(there.mean()), 1),
        "sd_ms": round(float(there.std(ddof=1)), 1),
        "median_ms": round(float(np.median(there)), 1),
    }


def _peaks(reading: StReading) -> Floats:
    """Of every lead, ms after R: the largest deflection of QRS."""
    at = reading.levels.fiducials
    qrs = np.abs(np.nan_to_num(reading.levels.mv[at.onset : at.j + 1]))
    peaks: Floats = MS * (at.onset + qrs.argmax(axis=0) - BEFORE)
    return np.where(np.isfinite(reading.levels.mv[BEFORE]), peaks, np.nan)


def _marked(root: Path, name: str, reading: StReading) -> dict[str, Floats]:
    """Medians over the averaged beats, by lead (12), ms after R; NaN where not marked."""
    import wfdb

    at = reading.levels.average.at
    out = {key: np.full(12, np.nan) for key in ("p", "onset", "peak", "end", "t")}
    for k, lead in enumerate(LEADS):
        notes = wfdb.rdann(str(root / "data" / name), lead.lower())
        for key, values in _instants(notes.symbol, notes.sample, at).items():
            if values:
                out[key][k] = MS * float(np.median(values))
    return out


def _instants(symbols: Sequence[str], samples: Sequence[int], at: npt.NDArray[np.int64]) -> dict[str, list[int]]:
    """Each landmark of one lead, in samples after the R it belongs to: "(" wave ")" around p, N and t."""
    out: dict[str, list[int]] = {key: [] for key in ("p", "onset", "peak", "end", "t")}
    p, r = None, None
    for i, symbol in enumerate(symbols):
        opened = i > 0 and symbols[i - 1] == "("
        closed = i + 1 < len(symbols) and symbols[i + 1] == ")"
        if symbol == "p":
            p = samples[i - 1] if opened else None
        elif symbol == "N":
            nearest = int(at[np.abs(at - samples[i]).argmin()])
            r = nearest if abs(nearest - samples[i]) <= NEAR else None
            if r is not None:
                out["peak"].append(samples[i] - r)
                for key, value in (
                    ("p", p),
                    ("onset", samples[i - 1] if opened else None),
                    ("end", samples[i + 1] if closed else None),
                ):
                    if value is not None:
                        out[key].append(value - r)
            p = None
        elif symbol == "t":
            if r is not None and closed:
                out["t"].append(samples[i + 1] - r)
            r = None
    return out
