"""Old infarction by the QRS score: points for what is lost, lead by lead.

Selvester's score in its 32-point form (Wagner et al. 1982; Hindman et al. 1985, whose 500 healthy people stayed at 3
points or fewer in 95 of 100). Here a criterion gives its points times the probability that it is met; notches are not
counted. Of several criteria of one kind in a lead the one with most points counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from edge.leads import LEAD
from edge.st.confidence import probability
from edge.st.levels import Levels

SPREAD_MS = 5.0
SPREAD_MV = 0.03
SPREAD_RATIO = 0.15  # of the logarithm of a ratio of amplitudes
SMALL_MV = 0.05  # added to both sides of a ratio: half a millimetre over nothing is no ratio


class _Lead:
    """One lead's criteria, each as a probability."""

    def __init__(self, levels: Levels, lead: str) -> None:
        k = LEAD[lead]
        self.q_mv, self.q_ms = float(levels.q_mv[k]), float(levels.q_ms[k])
        self.r_mv, self.r_ms = float(levels.r_mv[k]), float(levels.r_ms[k])
        self.s_mv = float(levels.s_mv[k])
        self._sd = float(np.hypot(levels.qrs_sd_mv[k], SPREAD_MV))
        self.known = bool(np.isfinite(self.r_mv))

    def q_lasts(self, ms: float) -> float:
        return float(probability(self.q_ms, ms, SPREAD_MS))

    def any_q(self) -> float:
        return float(probability(self.q_mv, 0.05, self._sd))

    def r_lasts(self, ms: float) -> float:
        return float(probability(self.r_ms, ms, SPREAD_MS))

    def r_short(self, ms: float) -> float:
        return float(probability(ms, self.r_ms, SPREAD_MS))

    def r_at_least(self, mv: float) -> float:
        return float(probability(self.r_mv, mv, self._sd))

    def r_at_most(self, mv: float) -> float:
        return float(probability(mv, self.r_mv, self._sd))

    def r_over(self, other_mv: float, at_most: float) -> float:
        ratio = float(np.log((self.r_mv + SMALL_MV) / (other_mv + SMALL_MV)))
        size = max(self.r_mv, other_mv, SMALL_MV)
        spread = float(np.hypot(SPREAD_RATIO, self._sd / size))
        return float(probability(float(np.log(at_most)), ratio, spread))

    def deep_at_most(self, mv: float) -> float:
        return float(probability(mv, max(self.q_mv, self.s_mv), self._sd))


Counts = Callable[[_Lead, _Lead], float]  # a lead, and V1 beside it


def points(levels: Levels) -> dict[str, float]:
    """Of what is lost, by lead; a lead that could not be read has none."""
    lead = {name: _Lead(levels, name) for name in COUNTS}
    return {name: COUNTS[name](of, lead["V1"]) for name, of in lead.items() if of.known}


def posterior(levels: Levels) -> float:
    """Of what the front gains where the back is lost: tall and long R in V1 and V2."""
    total = 0.0
    for name, (long_ms, ms), (tall_mv, mv), shallow_mv in (
        ("V1", (50.0, 40.0), (1.0, 0.6), 0.3),
        ("V2", (60.0, 50.0), (2.0, 1.5), 0.4),
    ):
        v = _Lead(levels, name)
        if v.known:
            total += max(2 * v.r_lasts(long_ms), v.r_lasts(ms)) * v.r_at_least(0.3)
            total += max(2 * v.r_at_least(tall_mv), v.r_at_least(mv)) + v.deep_at_most(shallow_mv)
    return total


def _v1(v: _Lead, _: _Lead) -> float:
    return v.any_q()


def _v2(v: _Lead, v1: _Lead) -> float:
    beside = v.r_at_most(v1.r_mv) if v1.known else 0.0
    return max(v.any_q(), v.r_short(10.0), v.r_at_most(0.1), beside)


def _v3(v: _Lead, _: _Lead) -> float:
    return max(v.any_q(), v.r_short(20.0), v.r_at_most(0.2))


def _v4(v: _Lead, _: _Lead) -> float:
    half, one = (max(v.r_over(v.s_mv, ratio), v.r_over(v.q_mv, ratio)) for ratio in (0.5, 1.0))
    return v.q_lasts(20.0) + max(2 * half, one, v.r_at_most(0.7))


def _v5_v6(ratio: float, small_mv: float) -> Counts:
    def counts(v: _Lead, _: _Lead) -> float:
        one, more = (max(v.r_over(v.s_mv, of), v.r_over(v.q_mv, of)) for of in (1.0, ratio))
        return v.q_lasts(30.0) + max(2 * one, more, v.r_at_most(small_mv))

    return counts


def _one(v: _Lead, _: _Lead) -> float:
    return v.q_lasts(30.0) + max(v.r_over(v.q_mv, 1.0), v.r_at_most(0.2))


def _avl(v: _Lead, _: _Lead) -> float:
    return v.q_lasts(30.0) + v.r_over(v.q_mv, 1.0) * v.any_q()


def _two(v: _Lead, _: _Lead) -> float:
    return max(2 * v.q_lasts(40.0), v.q_lasts(30.0))


def _avf(v: _Lead, _: _Lead) -> float:
    lasts = max(3 * v.q_lasts(50.0), 2 * v.q_lasts(40.0), v.q_lasts(30.0))
    return lasts + max(2 * v.r_over(v.q_mv, 1.0), v.r_over(v.q_mv, 2.0)) * v.any_q()


COUNTS: Mapping[str, Counts] = {
    **{"I": _one, "II": _two, "aVL": _avl, "aVF": _avf, "V1": _v1, "V2": _v2, "V3": _v3, "V4": _v4},
    **{"V5": _v5_v6(2.0, 0.7), "V6": _v5_v6(3.0, 0.6)},
}
