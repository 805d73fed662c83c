"""Signal quality per lead and second: a score from 0 (unusable) to 1, a grade, and what is wrong.

A second is judged from itself and the three seconds before it. Nine measures of each lead are compared with what
acceptable resting recordings show; a lead loses score only as far as it lies outside of that.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from edge.blocks import Block
from edge.quality_measures import Array, Measures

HISTORY_S = 4  # the second judged and three before: two beats even at 30 a minute
BRIDGE_S = 0.1  # longer losses end the history: what lies before them is not joined to what comes after
LOST_SHARE = 0.2  # of a second's samples: more, and the second is bad whatever the rest looks like
MAINS_SHARE = 0.5  # of the power above 40 Hz
GOOD, BAD = 0.5, 0.1  # a score of at least GOOD is good, below BAD is bad


class Grade(enum.StrEnum):
    GOOD = "good"
    POOR = "poor"  # visible, not to be measured on
    BAD = "bad"  # no heart can be read from it


class Cause(enum.StrEnum):
    NONE = "none"
    SHORT = "short"  # too little signal to judge
    LOST = "lost"
    FLAT = "flat"
    SATURATED = "saturated"
    MAINS = "mains"
    NOISE = "noise"
    WANDER = "wander"
    STEPS = "steps"
    WEAK = "weak"  # no complexes stand out


@dataclass(frozen=True, slots=True)
class Ramp:
    """How a measure costs score: nothing up to `fine`, then a factor of e each `width`."""

    fine: float
    width: float
    cause: Cause
    shape: bool = False  # says only that there is no beats' shape, of which ventricular fibrillation has none either


HALF_A_DECADE = 0.5  # a factor of three beyond what acceptable recordings show costs a factor of e
MOST = 5.0  # times a factor of e, for one measure
MOST_FOR_SHAPE = 1.0  # for all measures of shape together: shape alone makes a second poor, never bad

# Fitted: `fine` is the 98th percentile of the measure over all leads and seconds of the 90 acceptable records in the
# first of two stratified halves (seed 2011) of PhysioNet/CinC Challenge 2011 set-a; no unacceptable record is used.
# Chosen by hand: the widths, the percentile, and which measures there are. `python -m benchmarks quality` fits anew
# and scores the other half.
RULE: Mapping[str, Ramp] = MappingProxyType(
    {
        "noise": Ramp(-1.47, HALF_A_DECADE, Cause.NOISE),
        "noise_to_qrs": Ramp(-0.94, HALF_A_DECADE, Cause.NOISE),
        "between": Ramp(-0.91, 0.3, Cause.NOISE, shape=True),
        "low_kurtosis": Ramp(-0.71, 0.25, Cause.NOISE, shape=True),
        "not_qrs": Ramp(-0.28, 0.15, Cause.NOISE, shape=True),
        "wander": Ramp(-0.33, HALF_A_DECADE, Cause.WANDER),
        "step": Ramp(0.26, HALF_A_DECADE, Cause.STEPS),
        "range": Ramp(0.57, HALF_A_DECADE, Cause.STEPS),
        "weakness": Ramp(0.96, HALF_A_DECADE, Cause.WEAK),
    }
)


@dataclass(frozen=True, slots=True)
class QualityReport:
    """One second of the timeline, judged lead by lead."""

    start: int  # sample index on the timeline
    samples: int  # fewer than a second's at both ends of a recording
    score: Mapping[str, float]  # per lead, 0 to 1
    grades: Mapping[str, Grade]  # per lead
    causes: Mapping[str, Cause]  # per lead: what costs most

    @property
    def worst(self) -> str:
        return min(self.score, key=self.score.__getitem__)

    @property
    def grade(self) -> Grade:
        return self.grades[self.worst]

    @property
    def cause(self) -> Cause:
        return self.causes[self.worst]

    @property
    def end(self) -> int:
        return self.start + self.samples


class Quality:
    """Stage: blocks behind the baseline filter in, one report a second of the timeline out.

    Seconds begin at multiples of `rate`. A block that does not follow the one before closes the second and forgets
    the history; so does `flush`.
    """

    def __init__(self, leads: tuple[str, ...], rate: float = 500.0) -> None:
        self.delay_samples = 0  # signal is not passed on; a report comes when its second is complete
        self._leads = leads
        self._rate = rate
        self._measures = Measures(rate)
        self._history = np.empty((0, len(leads))), np.empty((0, len(leads)), bool)  # mV and lost, judged already
        self._parts: list[Block] = []  # not judged yet
        self._judged = 0  # timeline index up to which reports are out
        self._end = 0  # timeline index behind the last sample seen

    def push(self, block: Block, /) -> list[QualityReport]:
        if block.leads != self._leads:
            raise ValueError(f"quality was set up for {self._leads}, the block has {block.leads}")
        if not len(block.mv):
            return []
        out: list[QualityReport] = []
        if block.start != self._end:
            out = self.flush()
            self._judged = self._end = block.start
        while (stop := _next_multiple(self._judged, self._rate)) <= block.end:
            self._parts.append(block.cut(self._end, stop))
            out.append(self._judge(stop))
        self._parts.append(block.cut(self._end, block.end))
        self._end = block.end
        return out

    def flush(self) -> list[QualityReport]:
        out = [self._judge(self._end)] if self._end > self._judged else []
        self._history = self._history[0][:0], self._history[1][:0]
        return out

    def _judge(self, stop: int) -> QualityReport:
        samples = stop - self._judged
        mv = np.concatenate([self._history[0], *(part.mv.astype(np.float64) for part in self._parts)])
        lost = np.concatenate([self._history[1], *(~part.valid | ~np.isfinite(part.mv) for part in self._parts)])
        verdicts = dict(zip(self._leads, judge(mv, lost, samples, self._measures), strict=True))
        report = QualityReport(
            self._judged,
            samples,
            {lead: score for lead, (score, _) in verdicts.items()},
            {lead: _grade(score) for lead, (score, _) in verdicts.items()},
            {lead: cause for lead, (_, cause) in verdicts.items()},
        )
        kept = round((HISTORY_S - 1) * self._rate)
        self._history, self._parts = (mv[-kept:], lost[-kept:]), []
        self._judged = self._end = stop
        return report


def overall(reports: Sequence[QualityReport]) -> float:
    """One score for a recording: the mean of its two worst leads' mean scores (of the one lead, if it has one)."""
    leads = sorted(float(np.mean([report.score[lead] for report in reports])) for lead in reports[0].score)
    return float(np.mean(leads[:2]))


def _next_multiple(index: int, rate: float) -> int:
    """The first second's boundary after timeline index `index`."""
    second = int(index // rate)
    return next(stop for k in (1, 2) if (stop := round((second + k) * rate)) > index)


def _grade(score: float) -> Grade:
    return Grade.GOOD if score >= GOOD else Grade.POOR if score >= BAD else Grade.BAD


def judge(mv: Array, lost: npt.NDArray[np.bool_], samples: int, measures: Measures) -> list[tuple[float, Cause]]:
    """Score and cause per lead of the last `samples` of a window (n x leads, mV behind the baseline filter)."""
    if np.isfinite(mv).all():
        found = measures.of(mv, samples)
        return [
            verdict({name: float(of[k]) for name, of in found.items()}, lost[-samples:, k]) for k in range(mv.shape[1])
        ]
    return [_judge_broken(mv[:, k], lost[:, k], samples, measures) for k in range(mv.shape[1])]


def _judge_broken(x: Array, lost: npt.NDArray[np.bool_], samples: int, measures: Measures) -> tuple[float, Cause]:
    """One lead whose window has holes: short ones are bridged, a long one ends the history."""
    there = np.flatnonzero(np.isfinite(x))
    share = float(lost[-samples:].mean())
    if share > LOST_SHARE or not len(there):
        return 0.0, Cause.LOST
    holes = np.flatnonzero(np.diff(there) > BRIDGE_S * measures.rate)
    first = there[holes[-1] + 1] if len(holes) else there[0]
    at = np.arange(first, there[-1] + 1)
    bridged = np.interp(at, there, x[there])[:, None]
    found = measures.of(bridged, samples)
    return verdict({name: float(of[0]) for name, of in found.items()}, lost[-samples:])


def verdict(
    found: Mapping[str, float], lost: npt.NDArray[np.bool_], rule: Mapping[str, Ramp] = RULE
) -> tuple[float, Cause]:
    """Score and cause of one lead from its measures and the lost samples among those judged."""
    share = float(lost.mean())
    if share > LOST_SHARE:
        return 0.0, Cause.LOST
    if found["short"]:
        return (GOOD + BAD) / 2, Cause.SHORT
    if found["railed"]:
        return 0.0, Cause.SATURATED
    if found["frozen"]:
        return 0.0, Cause.FLAT
    costs = {name: min(max((found[name] - r.fine) / r.width, 0.0), MOST) for name, r in rule.items()}
    shape = sum(cost for name, cost in costs.items() if rule[name].shape)
    rest = sum(cost for name, cost in costs.items() if not rule[name].shape)
    score = (1 - share) * math.exp(-rest - min(shape, MOST_FOR_SHAPE))
    worst = max(costs, key=costs.__getitem__)
    if costs[worst] == 0:
        return score, Cause.LOST if share else Cause.NONE
    cause = rule[worst].cause
    if cause is Cause.WANDER and costs["step"] > 0:
        cause = Cause.STEPS  # a step moves the means as well
    if cause is Cause.NOISE and found["mains"] > MAINS_SHARE:
        cause = Cause.MAINS
    return score, cause
