"""How the impulse travels: PR interval, bundle branch blocks, pacing.

AHA/ACCF/HRS recommendations (Surawicz et al. 2009): QRS of 120 ms or more; left: broad R in I, aVL, V5, V6, the end of
QRS directed to the left and back, no q there, R peak in V5 or V6 later than 60 ms; right: a second R in V1 or V2, the
end of QRS directed to the right and front, S wider than R or than 40 ms in I and V6. First-degree AV block: PR above
200 ms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edge.leads import LEAD
from edge.st.beat import Floats
from edge.st.confidence import probability
from edge.st.fiducials import Fiducials
from edge.st.levels import Levels

WIDE_MS = 120.0
QRS_READING_MS = 6.0  # three samples
LONG_PR_MS, PR_READING_MS = 200.0, 8.0
LATE_MV = 0.05  # half a millimetre, from 70 ms after the onset on
LATE_READING_MV = 0.05
Q_SMALL_MV = 0.05
SPIKE_MV = 0.15  # a pacemaker's impulse, after the patch's filters
SPIKE_TO_QRS = 40  # samples before the onset of QRS in which it may lie
SPIKE_WIDTH = 3  # samples (6 ms): an impulse of 0.5 ms or less, widened by anti-aliasing


@dataclass(frozen=True, slots=True)
class Conduction:
    """Probabilities; None: the leads that would tell could not be read."""

    lbbb: float | None
    rbbb: float | None
    avb1: float
    paced: float


def judge(levels: Levels) -> Conduction:
    wide = float(probability(levels.fiducials.qrs_ms, WIDE_MS, QRS_READING_MS))
    left, right = _left(levels), _right(levels)
    return Conduction(
        None if left is None else wide * left,
        None if right is None else wide * right,
        _first_degree(levels.fiducials),
        _paced(levels.mv, levels.fiducials),
    )


def _left(levels: Levels) -> float | None:
    v1, lateral = LEAD["V1"], _readable(levels, ("I", "aVL", "V5", "V6"))
    if not np.isfinite(levels.late_mv[v1]) or not lateral:
        return None
    spread = np.hypot(levels.qrs_sd_mv, LATE_READING_MV)
    away = float(probability(-levels.late_mv[v1], LATE_MV, spread[v1]))
    toward = float(np.max(probability(levels.late_mv[lateral], LATE_MV, spread[lateral])))
    no_q = float(np.max(probability(Q_SMALL_MV - levels.q_mv[lateral], 0.0, spread[lateral])))
    return away * toward * no_q


def _right(levels: Levels) -> float | None:
    v1, lateral = LEAD["V1"], _readable(levels, ("I", "V5", "V6"))
    if not np.isfinite(levels.late_mv[v1]) or not lateral:
        return None
    spread = np.hypot(levels.qrs_sd_mv, LATE_READING_MV)
    toward = float(probability(levels.late_mv[v1], LATE_MV, spread[v1]))
    away = float(np.max(probability(-levels.late_mv[lateral], LATE_MV / 2, spread[lateral])))
    return toward * away


def _readable(levels: Levels, names: tuple[str, ...]) -> list[int]:
    return [LEAD[name] for name in names if np.isfinite(levels.late_mv[LEAD[name]])]


def _first_degree(fiducials: Fiducials) -> float:
    """0 where no P wave is seen: it may be hidden, and nothing says so."""
    if fiducials.pr_ms is None:
        return 0.0
    return float(probability(fiducials.pr_ms, LONG_PR_MS, PR_READING_MS))


def _paced(mv: Floats, fiducials: Fiducials) -> float:
    """A deflection of a few milliseconds that comes and goes just before QRS, where nothing else is that quick."""
    first = max(fiducials.onset - SPIKE_TO_QRS, SPIKE_WIDTH)
    about = mv[first - SPIKE_WIDTH : fiducials.onset + 6 + SPIKE_WIDTH]
    about = about[:, np.isfinite(about[0])]
    middle, before, after = about[SPIKE_WIDTH:-SPIKE_WIDTH], about[: -2 * SPIKE_WIDTH], about[2 * SPIKE_WIDTH :]
    rise, fall = middle - before, middle - after
    out = np.where(np.sign(rise) == np.sign(fall), np.minimum(np.abs(rise), np.abs(fall)), 0.0)
    if not out.size:
        return 0.0
    return float(probability(np.sort(out.max(axis=0))[-2:].min(), SPIKE_MV, 0.03))
