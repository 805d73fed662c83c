"""ST elevation, ST depression and T inversion, by the Fourth Universal Definition of Myocardial Infarction (2018).

New ST elevation at the J point in two contiguous leads: 0.1 mV in all leads but V2 and V3, where 0.2 mV in men of 40
and more, 0.25 mV in younger men, 0.15 mV in women. New horizontal or downsloping ST depression of 0.05 mV in two
contiguous leads; T inversion of more than 0.1 mV in two contiguous leads with a prominent R wave or R/S above 1.
(Thygesen et al. 2018, table 2.)

Beside them, for a patch whose leads are no neighbours: ST that has moved by 0.1 mV from the patient's own in one
measured lead, the limit of ST monitors (Drew et al. 2004), for a minute, as a Holter counts it (Cohn 1986).
"""

from __future__ import annotations

import numpy as np

from edge.leads import LEAD
from edge.person import Person, Sex
from edge.st.confidence import TURNED, Floats, probability
from edge.st.levels import READING_MV, Levels
from edge.st.own import OwnSt

ELEVATION_MV = 0.1
V2_V3_MV = {Sex.FEMALE: 0.15, Sex.MALE: 0.2}
V2_V3_YOUNG_MAN_MV = 0.25
YOUNG_YEARS = 40.0
DEPRESSION_MV = 0.05
INVERSION_MV = 0.1
PROMINENT_R_MV = 0.3  # three millimetres: a T wave against a smaller R is not told
SHIFT_MV = 0.1
NEW_MV = 0.05  # from the patient's own baseline: half of what counts, and more than a level's own day-to-day change


def elevation_thresholds_mv(person: Person) -> Floats:
    """Of the twelve leads; a person of unknown sex is taken for a man, one of unknown age for one of 40."""
    found = np.full(12, ELEVATION_MV)
    young = person.age_years is not None and person.age_years < YOUNG_YEARS
    at = V2_V3_MV[person.sex or Sex.MALE]
    if young and person.sex is not Sex.FEMALE:
        at = V2_V3_YOUNG_MAN_MV
    found[[LEAD["V2"], LEAD["V3"]]] = at
    return found


def elevation(levels: Levels, person: Person, own_mv: Floats | None = None) -> Floats:
    """Probability of each lead; aVR is turned over. own_mv: the patient's ST at J (12), where it is known."""
    st = levels.st_j_mv * TURNED
    passes = probability(st, elevation_thresholds_mv(person), levels.st_spread_mv)
    return passes * _new(st, own_mv, levels.st_spread_mv)


def depression(levels: Levels, own_mv: Floats | None = None) -> Floats:
    """Likewise: as deep at J + 80 ms as at J, or deeper, is horizontal or downsloping; upsloping recovers by then."""
    st = np.maximum(levels.st_j_mv * TURNED, levels.st_j80_mv * TURNED)
    passes = probability(-st, DEPRESSION_MV, levels.st_spread_mv)
    return passes * _new(-st, None if own_mv is None else -own_mv, levels.st_spread_mv)


def inversion(levels: Levels) -> Floats:
    """Of T, where R is prominent or larger than S; aVR is turned over."""
    spread = np.hypot(levels.t_sd_mv, levels.st_spread_mv)
    r, s = (np.where(TURNED < 0, a, b) for a, b in ((levels.s_mv, levels.r_mv), (levels.r_mv, levels.s_mv)))
    q = np.where(TURNED < 0, 0.0, levels.q_mv)
    prominent = (r > np.maximum(s, q)) & (r >= PROMINENT_R_MV)
    return np.where(np.isnan(levels.t_mv), np.nan, prominent * probability(-levels.t_mv * TURNED, INVERSION_MV, spread))


def shift(levels: Levels, own: OwnSt) -> tuple[Floats, Floats]:
    """Probability of each lead that ST has risen, or fallen, from the patient's own: at J and at J + 60 ms as well.

    Of measured and derived leads only: a reconstruction may have moved by itself.
    """
    moved = np.stack([levels.st_j_mv - own.j_mv, levels.st_j60_mv - own.j60_mv])
    spread = np.hypot(levels.st_se_mv, READING_MV)
    up, down = (probability(of.min(axis=0), SHIFT_MV, spread) for of in (moved, -moved))
    sure = levels.average.sure
    return np.where(sure, up, np.nan), np.where(sure, down, np.nan)


def _new(st: Floats, own_mv: Floats | None, spread: Floats) -> Floats:
    """How surely it has moved from the patient's own; 1 where that is not known."""
    if own_mv is None:
        return np.ones(12)
    moved = probability(st - own_mv * TURNED, NEW_MV, spread)
    return np.where(np.isfinite(moved), moved, 1.0)
