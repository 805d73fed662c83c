"""What a series of R-R intervals says about atrial fibrillation: irregularity, and what else is irregular.

Fibrillation makes intervals that repeat neither in value nor in order. Ectopic beats leave most intervals at one value
or in one pattern; sinus arrhythmia moves smoothly. Every measure is relative to the usual interval, or free of scale.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

STEADY = 0.03  # of the usual interval: a smaller change is what breathing does between beats
CHANGED = 0.10  # of the usual interval: a larger change is more than breathing does
SAME = 0.05  # of the usual interval: intervals so near to each other count as one value
BINS = 0.06  # of the usual interval: of the histograms of intervals and of changes
COSEN_FIRST_MS = 30.0  # tolerance of the sample entropy to begin with (Lake and Moorman 2011)
COSEN_STEP_MS = 5.0  # widened until there are matches enough
COSEN_MATCHES = 5
FEWEST = 6  # intervals and changes: with fewer nothing is said

FEATURES = (
    "rate_per_min",
    "rr_spread",
    "rr_middle_spread",
    "rr_rmssd",
    "rr_median_change",
    "rr_steady_share",
    "rr_changed_share",
    "rr_same_share",
    "rr_entropy",
    "rr_change_entropy",
    "rr_cosen",
    "rr_turning_share",
    "rr_roughness",
    "rr_lag1",
    "rr_lag2",
    "rr_lag3",
    "rr_best_lag",
    "rr_early_late_share",
    "rr_short",
    "rr_long",
    "rr_lorenz_origin",
    "rr_lorenz_spread",
)


def rr_features(rr_ms: Array) -> Array | None:
    """`FEATURES` of intervals in order (ms; NaN where one is not usable, or lies across a gap), or None: too few."""
    usable = rr_ms[np.isfinite(rr_ms)]
    change = np.diff(rr_ms)
    step = change[np.isfinite(change)]
    if len(usable) < FEWEST or len(step) < FEWEST:
        return None
    usual = float(np.median(usable))
    rr, change, step = rr_ms / usual, change / usual, np.abs(step) / usual
    there = usable / usual
    low, quarter, three_quarters, high = np.percentile(there, (10, 25, 75, 90))
    lags = [lagged(rr, lag) for lag in (1, 2, 3)]
    pairs = np.stack([change[:-1], change[1:]], axis=1)
    return np.array(
        [
            60_000 / usual,
            there.std(),
            three_quarters - quarter,
            math.sqrt(float(np.mean(step**2))),
            np.median(step),
            np.mean(step < STEADY),
            np.mean(step > CHANGED),
            same_share(there),
            entropy(there),
            entropy(change[np.isfinite(change)]),
            cosen(rr_ms, usual),
            turning_share(change),
            math.sqrt(float(np.mean(step**2))) / max(float(there.std()), 1e-3),
            *lags,
            max(lags[1:]),
            early_late_share(rr),
            low,
            high,
            *lorenz(pairs[np.isfinite(pairs).all(axis=1)]),
        ]
    )


def same_share(there: Array) -> float:
    """The largest share of intervals that lie within `SAME` of one of them."""
    return float(np.mean(np.abs(there[:, None] - there) <= SAME, axis=1).max())


def entropy(x: Array) -> float:
    """Shannon's, of the histogram, by its most for so many values: 1 where none repeats."""
    counts = np.unique(np.floor(x / BINS + 0.5), return_counts=True)[1]
    share = counts / len(x)
    return float(-(share * np.log2(share)).sum() / math.log2(len(x)))


def cosen(rr_ms: Array, usual_ms: float) -> float:
    """Coefficient of sample entropy (Lake and Moorman 2011), of templates of one interval."""
    there = np.isfinite(rr_ms[:-1]) & np.isfinite(rr_ms[1:])
    first, second = rr_ms[:-1][there], rr_ms[1:][there]
    upper = np.triu_indices(len(first), 1)
    near = np.abs(first[:, None] - first)[upper]
    both = np.maximum(near, np.abs(second[:, None] - second)[upper])
    enough = np.partition(both, COSEN_MATCHES - 1)[COSEN_MATCHES - 1]
    steps = max(math.ceil((float(enough) - COSEN_FIRST_MS) / COSEN_STEP_MS), 0)
    tolerance = COSEN_FIRST_MS + COSEN_STEP_MS * steps
    matches, longer = int((near <= tolerance).sum()), int((both <= tolerance).sum())
    return math.log(matches / longer) + math.log(2 * tolerance / usual_ms)


def turning_share(change: Array) -> float:
    """Of the intervals, how many are a peak or a trough: two thirds where the order is chance."""
    sign = change[:-1] * change[1:]
    sign = sign[np.isfinite(sign)]
    return float(np.mean(sign < 0)) if len(sign) else math.nan


def lagged(rr: Array, lag: int) -> float:
    """Correlation of the intervals with those `lag` later, outlying ones held in."""
    held = np.clip(rr - 1, -0.4, 0.4)
    a, b = held[:-lag], held[lag:]
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < FEWEST - 2:
        return math.nan
    a, b = a[both] - a[both].mean(), b[both] - b[both].mean()
    return float(a @ b / math.sqrt(max(float((a @ a) * (b @ b)), 1e-9)))


def early_late_share(rr: Array) -> float:
    """Of the intervals, how many are short with a long one after: an early beat and its pause."""
    early, late = rr[:-1] < 1 - CHANGED, rr[1:] > 1 + SAME
    return float(np.mean(early & late))


def lorenz(pairs: Array) -> tuple[float, float]:
    """Of successive changes as points (Sarkar et al. 2008): the share at the origin, and of cells used by the rest."""
    if not len(pairs):
        return math.nan, math.nan
    cell = np.floor(pairs / BINS + 0.5)
    away = np.abs(cell).max(axis=1) > 0
    used = len(np.unique(cell[away] @ np.array([1000.0, 1.0]))) if away.any() else 0
    return 1 - float(away.mean()), used / len(pairs)
