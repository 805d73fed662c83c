"""Evidence of atrial fibrillation, half minute by half minute: irregular intervals, and no P wave before the beats.

A logistic regression over the measures of `rr_features` and `p_wave`. Every measured lead is a witness of its own: the
log-odds are the mean over leads, so that any leads will do, and one will.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.blocks import Block
from edge.errors import InputError, Reason
from edge.quality import QualityReport
from edge.rhythm import fitted, p_wave, rr_features
from edge.rhythm.af_window import HOP_S, AfWindow, AfWindows
from edge.rhythm.beat import Beat

Array = npt.NDArray[np.float64]

WINDOW_S = 30.0  # what guidelines ask of a rhythm to be called atrial fibrillation (Hindricks et al. 2020)
FEATURES = rr_features.FEATURES + p_wave.FEATURES
BEST_LAG = FEATURES.index("rr_best_lag")
HELD_IN = 3.0  # standard deviations: no measure counts for more, however odd the recording
SUSTAINED_S = 30.0  # of windows' ends that the score is a mean over
FULL_S = 27.0  # a window so long is as good as a whole one
PATTERN_FROM = 0.6  # correlation with the intervals two or three later: chance over thirty beats rarely reaches it
PATTERN_ODDS = 15.0  # log-odds a unit above it: bigeminy and trigeminy are a pattern, fibrillation has none; by hand
FORMAT = 1


@dataclass(frozen=True, slots=True)
class AfEvidence:
    """One window's verdict."""

    start: int  # sample index on the timeline
    end: int
    probability: float | None  # of atrial fibrillation; None: too few beats, a gap, or too poor a signal
    evidence: Mapping[str, float]  # measures by name; shares are 0 to 1, others have their unit in the name


class AfModel:
    """Weights of the standardised measures. Raises InputError where the table does not fit them."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        try:
            self.features = tuple(table["features"])
            self._mean, self._scale, self._weights = (
                np.asarray(table[key], np.float64) for key in ("mean", "scale", "weights")
            )
            self._base = float(table["intercept"])
            if table["format"] != FORMAT or self.features != FEATURES:
                raise ValueError("it is of another format")
            if any(part.shape != (len(FEATURES),) for part in (self._mean, self._scale, self._weights)):
                raise ValueError("a number is missing")
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"a model of atrial fibrillation cannot be used: {error}", Reason.MALFORMED) from error

    def log_odds(self, x: Array) -> float:
        """Of fibrillation, given `FEATURES` (NaN: unknown, and so without weight)."""
        return self._base + float(standardised(x, self._mean, self._scale) @ self._weights)


def standardised(x: Array, mean: Array, scale: Array) -> Array:
    """Measures (… x features) in standard deviations, held in; 0 where unknown."""
    z = np.clip((x - mean) / scale, -HELD_IN, HELD_IN)
    return np.asarray(np.where(np.isnan(z), 0.0, z))


@cache
def shipped_model() -> AfModel:
    """The model that comes with the package, read once."""
    return AfModel(fitted.shipped("af"))


class AtrialFibrillation:
    """Stage: blocks with the beats found in them in, evidence every two seconds of the timeline out.

    `horizon` is the sample before which no further beat will come. `set_quality` is to be called before the block that
    ends the report's second is pushed. `delay_samples` is what this adds to the beats' own delay.
    """

    def __init__(self, rate: float = 500.0, model: AfModel | None = None) -> None:
        self._windows = AfWindows(rate, WINDOW_S)
        self._model = model or shipped_model()
        self._rate = rate
        self.delay_samples = self._windows.delay_samples
        self._score = AfScore()

    def set_quality(self, report: QualityReport) -> None:
        self._windows.set_quality(report)

    def push(self, block: Block, beats: Sequence[Beat], horizon: int) -> list[AfEvidence]:
        return [self._judged(window) for window in self._windows.push(block, beats, horizon)]

    def flush(self) -> list[AfEvidence]:
        return [self._judged(window) for window in self._windows.flush()]

    def score(self) -> float | None:
        """For the recording so far, 0 to 1: the most that half a minute on end spoke for fibrillation."""
        return self._score.value()

    def _judged(self, window: AfWindow) -> AfEvidence:
        odds = log_odds(window, self._model)
        if odds is None:
            return AfEvidence(window.start, window.end, None, {})
        self._score.push(window.end / self._rate, (window.end - window.start) / self._rate, odds)
        return AfEvidence(window.start, window.end, probability(odds), named(window))


class AfScore:
    """The highest mean of log-odds over `SUSTAINED_S`; as long as no window is full, the latest mean.

    Longer windows weigh more, by the square of their length: short ones at the start say little.
    """

    def __init__(self) -> None:
        self._recent: deque[tuple[float, float, float]] = deque(maxlen=round(SUSTAINED_S / HOP_S) + 1)
        self._best: float | None = None
        self._latest: float | None = None

    def push(self, end_s: float, length_s: float, odds: float) -> None:
        self._recent.append((end_s, length_s**2, odds))
        while end_s - self._recent[0][0] >= SUSTAINED_S:
            self._recent.popleft()
        weights = math.fsum(weight for _, weight, _ in self._recent)
        self._latest = math.fsum(weight * one for _, weight, one in self._recent) / weights
        if length_s >= FULL_S:
            self._best = self._latest if self._best is None else max(self._best, self._latest)

    def value(self) -> float | None:
        odds = self._latest if self._best is None else self._best
        return None if odds is None else probability(odds)


def measures(window: AfWindow) -> Array | None:
    """`FEATURES` (leads x features; one row where no lead can be looked at), or None: the window cannot be judged."""
    if window.rr is None:
        return None
    seen = [*window.leads.values()] or [np.full(len(p_wave.FEATURES), math.nan)]
    return np.stack([np.concatenate([window.rr, lead]) for lead in seen])


def log_odds(window: AfWindow, model: AfModel) -> float | None:
    """The mean over the leads, less what a pattern in the intervals speaks against fibrillation; or None."""
    x = measures(window)
    if x is None:
        return None
    pattern = max(float(np.nan_to_num(x[0, BEST_LAG])) - PATTERN_FROM, 0.0)
    return math.fsum(model.log_odds(row) for row in x) / len(x) - PATTERN_ODDS * pattern


def probability(odds: float) -> float:
    return 1 / (1 + math.exp(-max(min(odds, 50.0), -50.0)))


def named(window: AfWindow) -> dict[str, float]:
    """The intervals' measures, and those of the lead whose P waves repeat best."""
    assert window.rr is not None
    found = dict(zip(rr_features.FEATURES, map(float, window.rr), strict=True))
    if window.leads:
        best = max(window.leads.values(), key=lambda of: float(np.nan_to_num(of[0], nan=-1.0)))
        found |= dict(zip(p_wave.FEATURES, map(float, best), strict=True))
    return {name: value for name, value in found.items() if math.isfinite(value)}
