"""Do intervals hold what they say? The share of samples inside them, lead by lead."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from edge.leads import LEADS
from train.evaluate.signal_level import mean

LEVELS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
Z = np.array([1.645 if level == 0.9 else norm.ppf((1 + level) / 2) for level in LEVELS])  # 1.645: the product's own
EVERY = 5  # samples: neighbours err alike
Array = npt.NDArray[np.floating]


def inside(truth: Array, estimate: Array, sd: Array) -> npt.NDArray[np.float64]:
    """Share of samples inside each level's interval (records x leads x levels; NaN where a lead is no estimate).

    All records x samples x 12, mV.
    """
    off, spread = np.abs(estimate - truth)[:, ::EVERY], sd[:, ::EVERY]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(spread > 0, off / spread, np.inf)
    shares = np.stack([(ratio <= z).mean(1) for z in Z], axis=-1)
    return np.where((spread > 0).any(1)[:, :, None], shares, np.nan)


def summary(shares: npt.NDArray[np.float64]) -> dict[str, Any]:
    """Coverage of the 90 % interval over all estimated leads and by lead (null: measured or derived), and the curve."""
    ninety = LEVELS.index(0.9)
    return {
        "coverage_90": mean(shares[:, :, ninety]),
        "by_lead": {lead: mean(shares[:, k, ninety]) for k, lead in enumerate(LEADS)},
        "levels": list(LEVELS),
        "curve_by_lead": {lead: [mean(column) for column in shares[:, k].T] for k, lead in enumerate(LEADS)},
    }
