"""Five complexes in a row that are fast and not the patient's own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edge.rhythm.vf_template import Complex
from edge.rhythm.waveform import Array

RUN = 5  # complexes (PhysioNet/CinC Challenge 2015: five or more ventricular beats at more than 100 a minute)
FAST_RR_MS = 600.0  # 100 a minute
UNKNOWN_LIKE = 0.8  # stands for the likeness while no shape is known: what separates neither

Bools = npt.NDArray[np.bool_]


def run_features(complexes: Sequence[Complex], first: int, usable: Bools) -> dict[str, float]:
    """Measures of the fast run that ends from sample `first` on and is least like the patient's own; empty: none."""
    best: dict[str, float] = {}
    for k in range(RUN, len(complexes) + 1):
        run = complexes[k - RUN : k]
        rr = [c.rr_ms for c in run[1:]]
        if run[-1].sample < first or any(r is None for r in rr):
            continue
        intervals = np.array(rr, float)
        if intervals.mean() >= FAST_RR_MS:
            continue
        found = _measured(run, intervals, usable)
        before = [c.rr_ms for c in complexes[max(0, k - RUN - 4) : k - RUN] if c.rr_ms is not None]
        found["run_jump"] = float(np.median(before) / intervals.mean()) if before else 1.0
        if not best or found["run_like_mean"] < best["run_like_mean"]:
            best = found
    return best


def _measured(run: Sequence[Complex], intervals: Array, usable: Bools) -> dict[str, float]:
    like = np.array([c.like[usable] if c.like is not None else np.full(usable.sum(), UNKNOWN_LIKE) for c in run])
    height = np.array([c.height_ratio[usable] if c.height_ratio is not None else np.ones(usable.sum()) for c in run])
    last = np.array([c.like_last[usable] if c.like_last is not None else np.zeros(usable.sum()) for c in run])
    best = like.max(axis=1)
    return {
        "run_known": float(all(c.like is not None for c in run)),
        "run_rate": 60_000 / float(intervals.mean()),
        "run_like_best": float(best.mean()),
        "run_like_mean": float(like.mean()),
        "run_like_most": float(np.sort(best)[-2]),
        "run_width_ms": float(np.mean([c.width_ms[usable] for c in run])),
        "run_height": float(np.log(height + 0.01).mean()),
        "run_alike": float(last[1:].max(axis=1).mean()),
        "run_spread": float(intervals.std() / intervals.mean()),
    }
