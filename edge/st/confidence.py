"""How sure a criterion is met: a level and its spread, two leads that see the same wall, and where they come from.

A level passes a threshold with the probability that a Gaussian about it does. A criterion asks for two contiguous
leads, so it is as sure as the less sure of the pair. Contiguous are V1 to V6 in turn, and the limb leads in the order
of Cabrera: aVL, I, -aVR, II, aVF, III (Fourth Universal Definition of Myocardial Infarction, 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from edge.blocks import Origin
from edge.leads import LEAD, LEADS

Floats = npt.NDArray[np.float64]

LOGISTIC = 1.702  # the logistic function of 1.702 x is the normal distribution's within 0.01 (Haley 1952)
CABRERA = ("aVL", "I", "aVR", "II", "aVF", "III")  # aVR turned over
CHEST = ("V1", "V2", "V3", "V4", "V5", "V6")
PAIRS = tuple((LEAD[a], LEAD[b]) for chain in (CABRERA, CHEST) for a, b in pairwise(chain))
TURNED = np.array([-1.0 if lead == "aVR" else 1.0 for lead in LEADS])
ONE_SURE = 0.9  # of the confidence: one lead of the pair is measured, the other reconstructed
ENROLLED = 0.75  # neither is, but the heart was enrolled
BLIND = 0.5  # neither is, and the network has never seen this heart: a guess, and never more than one


@dataclass(frozen=True, slots=True)
class Pair:
    """The two contiguous leads (columns of twelve) that speak most for something."""

    confidence: float
    leads: tuple[int, int]


def probability(level: Floats | float, threshold: Floats | float, spread: Floats | float) -> Floats:
    """That what was read as `level` with standard deviation `spread` is at least `threshold`; NaN stays."""
    z = (np.asarray(level, np.float64) - np.asarray(threshold, np.float64)) / np.maximum(spread, 1e-9)
    passes: Floats = 1 / (1 + np.exp(-LOGISTIC * np.clip(z, -30.0, 30.0)))
    return passes


def rank(origin: Sequence[Origin], leads: Sequence[int], enrolled: bool) -> float:
    """What a finding that rests on these leads is worth, from 0 to 1."""
    sure = sum(origin[lead] in (Origin.MEASURED, Origin.DERIVED) for lead in leads)
    if sure == len(leads):
        return 1.0
    return ONE_SURE if sure else ENROLLED if enrolled else BLIND


def best_pair(
    passes: Floats,
    origin: Sequence[Origin],
    enrolled: bool,
    pairs: Sequence[tuple[int, int]] = PAIRS,
) -> Pair | None:
    """Of the probabilities of twelve leads; None where no two contiguous ones could be read."""
    found = [
        Pair(min(float(passes[a]), float(passes[b])) * rank(origin, (a, b), enrolled), (a, b))
        for a, b in pairs
        if np.isfinite(passes[a]) and np.isfinite(passes[b])
    ]
    return max(found, key=lambda pair: pair.confidence, default=None)


def among(*groups: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """All pairs within each group of leads."""
    return tuple((LEAD[a], LEAD[b]) for group in groups for k, a in enumerate(group) for b in group[k + 1 :])
