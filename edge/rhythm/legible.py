"""Whether the heart can be read from a window at all, or motion has drawn what is there.

A beating heart repeats itself: its complexes are like one another and like the patient's own, and no larger. Noise
does neither. Fibrillation does not either, so it is told from noise by the waveform's own measures. Small trees weigh
all of it (`edge/bundles/rhythm/legible.json`, fitted by `train.rhythm.legible`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.errors import InputError, Reason
from edge.rhythm.trees import Boosted
from edge.rhythm.vf_template import Complex, Template
from edge.rhythm.waveform import Array

Bools = npt.NDArray[np.bool_]

WAVEFORM = (
    *("dominant_share", "high_share", "low_share", "purity", "leakage", "tcsc", "boxes", "count1", "count2", "count3"),
    *("slope_kurtosis", "kurtosis", "baseline", "repeat", "slope_hz", "flat_slope", "quality"),
)
AGREEMENT = ("like_mean", "like_least", "last_mean", "last_least", "complexes", "range_to_own", "level_to_own")
FEATURES = (*WAVEFORM, *AGREEMENT)

BEATS = 0.5  # probability from which single beats are believed: what they look like, and what lies between two
EMERGENCY = 0.2  # and emergencies, which are worth a doubt, and rates, which one beat more or less does not change
FIBRILLATES = 0.5  # probability of fibrillation from which a silence between beats is none


@dataclass(frozen=True, slots=True)
class Legible:
    """What the four seconds up to `sample` are fit for, and what they look like."""

    sample: int
    probability: float  # that a heart can be read from them, or from those a second before: the higher
    steady: float  # the least of three seconds: single beats are believed where it has been good for a while
    vf: float  # that they fibrillate
    vt: float  # that there is a ventricular tachycardia in them

    @property
    def beats(self) -> bool:
        return self.steady >= BEATS

    @property
    def emergencies(self) -> bool:
        return self.probability >= EMERGENCY

    @property
    def fibrillates(self) -> bool:
        return self.vf >= FIBRILLATES


def agreement(complexes: Sequence[Complex], template: Template, leads: Mapping[str, Array], usable: Bools) -> Array:
    """AGREEMENT of a window: how its complexes compare with each other and with quiet ones; NaN where unknown."""
    last = [float(c.like_last[usable].max()) for c in complexes if c.like_last is not None]
    like = [float(c.like[usable].max()) for c in complexes if c.like is not None]
    range_, level = np.nan, np.nan
    if template.height_mv is not None:
        own = template.height_mv[usable] + 1e-3
        range_ = float(np.log((leads["range"] + 1e-6) / own).min())
        level = float(np.log((leads["level"] + 1e-6) / own).min())
    return np.array([*_mean_and_least(like), *_mean_and_least(last), float(len(complexes)), range_, level])


def _mean_and_least(of: Sequence[float]) -> tuple[float, float]:
    return (float(np.mean(of)), min(of)) if of else (np.nan, np.nan)


def row(leads: Mapping[str, Array], agrees: Array) -> Array:
    """FEATURES of a window: the mean over its usable leads, and the agreement."""
    return np.concatenate([[float(leads[name].mean()) for name in WAVEFORM], agrees])


class Legibility:
    """The fitted trees."""

    def __init__(self, trees: Boosted) -> None:
        """Raises InputError for trees over other features."""
        if trees.features != FEATURES:
            raise InputError("the model of legibility was fitted to other features: fit it anew", Reason.MALFORMED)
        self._trees = trees

    def probability(self, leads: Mapping[str, Array], agrees: Array) -> float:
        return float(self._trees.probabilities(row(leads, agrees))[1])


class Lately:
    """Windows' probabilities, a second apart, in; the higher of the last two and the least of the last three out."""

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=3)

    def push(self, probability: float) -> tuple[float, float]:
        self._last.append(probability)
        return max(list(self._last)[-2:]), min(self._last)
