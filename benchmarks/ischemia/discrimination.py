"""How well the criteria's scores tell who has a condition: area under the ROC curve, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.ischemia.sets import CONDITIONS, Record
from edge.st.reading import StReading
from train.evaluate.diagnosis import auroc

FEWEST = 10  # cases: of fewer no figure is told
RESAMPLES = 1000


def of(records: Sequence[Record], readings: Sequence[StReading | None]) -> dict[str, Any]:
    """By condition; a recording without an answer counts as 0, and is counted."""
    out: dict[str, Any] = {}
    for name in CONDITIONS:
        known = [
            (r.has[name], reading) for r, reading in zip(records, readings, strict=True) if r.has[name] is not None
        ]
        has = np.array([bool(one) for one, _ in known])
        if has.sum() < FEWEST or (~has).sum() < FEWEST:
            continue
        scores = [None if reading is None else reading.scores[name] for _, reading in known]
        score = np.array([0.0 if s is None else s for s in scores])
        out[name] = {
            "cases": int(has.sum()),
            "others": int((~has).sum()),
            "unanswered": sum(s is None for s in scores),
            "auroc": round(auroc(has, score) or 0.0, 4),
            "auroc_95": _interval(has, score),
        }
    return out


def _interval(has: npt.NDArray[np.bool_], score: npt.NDArray[np.float64]) -> list[float]:
    rng = np.random.default_rng(0)
    draws = []
    while len(draws) < RESAMPLES:
        k = rng.integers(0, len(has), len(has))
        if 0 < has[k].sum() < len(k):
            draws.append(auroc(has[k], score[k]) or 0.0)
    return [round(float(v), 4) for v in np.percentile(draws, (2.5, 97.5))]
