"""Old infarction: pathological Q waves, lost R waves, and the posterior wall seen from the front.

Fourth Universal Definition of Myocardial Infarction (2018), table 5: any Q wave of more than 20 ms or a QS complex in
V2 and V3; Q waves of at least 30 ms and 0.1 mV, or QS complexes, in two leads of a contiguous group out of I, aVL;
V1 to V6; II, III, aVF; R waves of more than 40 ms in V1 and V2 with R/S of at least 1 and an upright T, without a
conduction defect. Poor R progression: R of 0.3 mV or less in V3 (Zema and Kligfield 1979), or smaller than in V2.
"""

from __future__ import annotations

import numpy as np

from edge.leads import LEAD
from edge.st.confidence import Floats, among, probability
from edge.st.levels import WAVE_MV, Levels

Q_MS, Q_MV = 30.0, 0.1
Q_V2_V3_MS = 20.0
READING_MS = 4.0  # of a duration: two samples
PAIRS = among(("I", "aVL"), ("V1", "V2", "V3", "V4", "V5", "V6"), ("II", "III", "aVF"))
SEPTAL = [LEAD["V2"], LEAD["V3"]]
NEVER = [LEAD["aVR"]]  # points away from the heart: its Q waves are normal
ALONE_NORMAL = LEAD["V1"]  # a QS complex is normal in it; it counts beside V2
POOR_R_MV = 0.3
POSTERIOR_R_S = 1.0


def q_waves(levels: Levels) -> Floats:
    """Probability of a pathological Q wave or QS complex in each lead (12)."""
    spread = levels.wave_spread_mv
    is_q = probability(levels.q_ms, Q_MS, READING_MS) * probability(levels.q_mv, Q_MV, spread)
    any_q = probability(levels.q_ms, Q_V2_V3_MS, READING_MS) * probability(levels.q_mv, WAVE_MV, spread)
    found = is_q.copy()
    found[SEPTAL] = np.maximum(any_q, is_q)[SEPTAL]
    no_r = probability(WAVE_MV - levels.r_mv, 0.0, np.hypot(levels.qrs_sd_mv, WAVE_MV / 2))
    qs = np.where(levels.qs, np.maximum(no_r, 0.5), 0.0) * probability(levels.q_mv, Q_MV, spread)
    found = np.maximum(found, qs)
    found[NEVER] = np.where(np.isnan(found[NEVER]), np.nan, 0.0)
    return found


def poor_r_progression(levels: Levels) -> float | None:
    """Probability that R does not grow from V2 to V3 as it should; None where these leads could not be read."""
    r, spread = levels.r_mv, levels.wave_spread_mv
    v2, v3 = LEAD["V2"], LEAD["V3"]
    if not np.isfinite(r[[v2, v3]]).all():
        return None
    small = float(probability(POOR_R_MV, r[v3], spread[v3]))
    reversed_ = float(probability(r[v2] - r[v3], 0.05, np.hypot(spread[v2], spread[v3])))
    return max(small, reversed_ * float(probability(0.5, r[v3], spread[v3])))


def posterior(levels: Levels) -> float | None:
    """Probability that the posterior wall is infarcted: tall R in V1 and V2, ST depression there, T upright."""
    v = [LEAD[name] for name in ("V1", "V2", "V3")]
    if not np.isfinite(levels.r_mv[v]).all():
        return None
    spread = levels.wave_spread_mv[v]
    ratio = probability(levels.r_mv[v] - POSTERIOR_R_S * levels.s_mv[v], 0.0, np.maximum(spread, 0.05))
    tall = float(np.sort(ratio)[-2])
    upright = float(np.sort(probability(levels.t_mv[v], 0.1, np.hypot(levels.t_sd_mv[v], 0.03)))[-2])
    down = probability(-levels.st_j_mv[v], 0.05, levels.st_spread_mv[v])
    depressed = float(np.sort(down)[-2])
    return max(tall, depressed) * upright
