"""Left ventricular hypertrophy by voltage.

Sokolow and Lyon 1949: S in V1 plus R in V5 or V6, 3.5 mV or more. Cornell (Casale et al. 1987): R in aVL plus S in V3,
more than 2.8 mV in men and 2.0 mV in women.
"""

from __future__ import annotations

import numpy as np

from edge.leads import LEAD
from edge.person import Person, Sex
from edge.st.confidence import Floats, probability
from edge.st.levels import Levels

SOKOLOW_LYON_MV = 3.5
CORNELL_MV = {Sex.MALE: 2.8, Sex.FEMALE: 2.0}
CORNELL_UNKNOWN_MV = 2.4  # between the two
DAY_TO_DAY_MV = 0.25  # voltages differ from one recording to the next by as much (Farb et al. 1990: some 8 to 10 %)


def hypertrophy(levels: Levels, person: Person) -> float | None:
    """Probability; None where neither sum could be read."""
    found = [p for p in (_sokolow_lyon(levels), _cornell(levels, person)) if p is not None]
    return max(found, default=None)


def deep(levels: Levels) -> Floats:
    """S, or the QS complex where there is no R (12)."""
    return np.maximum(levels.s_mv, np.where(levels.qs, levels.q_mv, 0.0))


def _sokolow_lyon(levels: Levels) -> float | None:
    v1, v5, v6 = (LEAD[name] for name in ("V1", "V5", "V6"))
    s, lateral = deep(levels)[v1], [lead for lead in (v5, v6) if np.isfinite(levels.r_mv[lead])]
    if not np.isfinite(s) or not lateral:
        return None
    best = max(lateral, key=lambda lead: levels.r_mv[lead] - levels.qrs_sd_mv[lead])
    spread = np.hypot(levels.qrs_sd_mv[v1], levels.qrs_sd_mv[best])
    return float(probability(s + levels.r_mv[best], SOKOLOW_LYON_MV, np.hypot(spread, DAY_TO_DAY_MV)))


def _cornell(levels: Levels, person: Person) -> float | None:
    avl, v3 = LEAD["aVL"], LEAD["V3"]
    total = levels.r_mv[avl] + deep(levels)[v3]
    if not np.isfinite(total):
        return None
    spread = np.hypot(levels.qrs_sd_mv[avl], levels.qrs_sd_mv[v3])
    threshold = CORNELL_UNKNOWN_MV if person.sex is None else CORNELL_MV[person.sex]
    return float(probability(total, threshold, np.hypot(spread, DAY_TO_DAY_MV)))
