"""Scores of an average beat: for each condition how much speaks for it, from 0 to 1, by the criteria alone.

Several signs of one thing add up as independent evidence does: 1 - (1 - a)(1 - b). What each sign weighs, and at how
many points of the QRS score a wall is as likely lost as not, was chosen on folds 1 to 8 of PTB-XL, measured and
reconstructed; of the healthy there one in a hundred comes to these points.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from edge.leads import LEAD
from edge.st import infarct, qrs_score, territory
from edge.st.conduction import Conduction
from edge.st.confidence import Floats, rank
from edge.st.levels import Levels

LOST: Mapping[str, tuple[tuple[str, ...], float]] = MappingProxyType(  # wall: its leads, and points of an even chance
    {
        "septal": (("V1", "V2"), 1.5),
        "anteroseptal": (("V1", "V2", "V3", "V4"), 2.5),
        "anterior": (("V1", "V2", "V3"), 2.0),
        "anterolateral": (("V4", "V5", "V6", "I", "aVL"), 3.0),
        "lateral": (("I", "aVL", "V5", "V6"), 2.5),
        "inferior": (("II", "aVF"), 1.5),
    }
)
POINTS_WIDTH = 0.5
Q_WEIGHT = 0.5  # the points have counted most of it
INVERSION_OF_MI, DEPRESSION_OF_MI = 0.3, 0.2
POOR_R_WEIGHT = 0.1  # many healthy hearts have small R waves
POSTERIOR_WEIGHT = 0.3  # a hint: the posterior wall has no lead of its own here
POSTERIOR_POINTS = 3.0
INVERSION_OF_ISCHEMIA = 0.7  # T inversion alone: many causes
SHIFT_OF_ISCHEMIA = 0.7  # in one lead


@dataclass(frozen=True, slots=True)
class Signs:
    """What was found: confidences by sign, and by lead (12) what Q waves and ST elevation are worth."""

    confidence: Mapping[str, float]
    q_waves: Floats
    elevation: Floats
    left_of_q: float  # of a confidence in what QRS shows, beside its confounders


def scores(levels: Levels, signs: Signs, lead_to: Conduction, hypertrophy: float | None) -> dict[str, float | None]:
    found = signs.confidence
    stemi, q_wave = found.get("st_elevation"), found.get("q_wave")
    down, inverted = found.get("st_depression"), found.get("t_inversion")
    moved = max((found[name] for name in ("st_rise", "st_fall") if name in found), default=None)
    lost = _lost(levels, signs)
    out: dict[str, float | None] = {
        "stemi": stemi,
        "ischemia": together(
            stemi, down, _weighed(inverted, INVERSION_OF_ISCHEMIA), _weighed(moved, SHIFT_OF_ISCHEMIA)
        ),
        "mi": together(
            stemi,
            max(lost.values(), default=None),
            _weighed(q_wave, Q_WEIGHT),
            _weighed(inverted, INVERSION_OF_MI),
            _weighed(down, DEPRESSION_OF_MI),
            _weighed(infarct.poor_r_progression(levels), POOR_R_WEIGHT * signs.left_of_q),
            _weighed(posterior(levels, lead_to), POSTERIOR_WEIGHT),
        ),
        **_walls(levels, signs, lost),
        "lbbb": lead_to.lbbb,
        "rbbb": lead_to.rbbb,
        "avb1": lead_to.avb1,
        "lvh": hypertrophy,
    }
    ill = [p for name, p in out.items() if p is not None and not name.startswith("mi_")]
    out["normal"] = None if out["mi"] is None else math.prod(1 - p for p in ill)
    return out


def together(*signs: float | None) -> float | None:
    """Independent signs of one thing; None where none could be read."""
    seen = [p for p in signs if p is not None]
    return 1 - math.prod(1 - p for p in seen) if seen else None


def posterior(levels: Levels, lead_to: Conduction) -> float | None:
    """A hint of the posterior wall, seen from the front: ST depression with an upright T, or tall and long R waves."""
    mirrored = infarct.posterior(levels)
    if mirrored is None:
        return None
    gained = _at_least(qrs_score.posterior(levels), POSTERIOR_POINTS)
    front = rank(levels.average.origin, [LEAD["V1"], LEAD["V2"]], levels.average.enrolled)
    return max(mirrored, gained) * front * (1 - (lead_to.rbbb or 0.0))


def _lost(levels: Levels, signs: Signs) -> dict[str, float]:
    """By wall, the probability that QRS shows it lost."""
    points, average = qrs_score.points(levels), levels.average
    lost = {}
    for wall, (leads, even) in LOST.items():
        read = [lead for lead in leads if lead in points]
        if len(read) < 2:
            continue
        worth = rank(average.origin, [LEAD[lead] for lead in read], average.enrolled)
        lost[wall] = _at_least(sum(points[lead] for lead in read), even) * worth * signs.left_of_q
    return lost


def _walls(levels: Levels, signs: Signs, lost: Mapping[str, float]) -> dict[str, float | None]:
    average = levels.average
    q, up = (territory.walls(of, average.origin, average.enrolled) for of in (signs.q_waves, signs.elevation))
    return {f"mi_{wall}": together(lost.get(wall), _weighed(q[wall], Q_WEIGHT), up[wall]) for wall in territory.WALLS}


def _at_least(points: float, even: float) -> float:
    return 1 / (1 + math.exp(-(points - even) / POINTS_WIDTH))


def _weighed(value: float | None, weight: float) -> float | None:
    return None if value is None else value * weight
