"""Numbers that tell a ventricular beat: how its lead's shape and its timing differ from the patient's own normal."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from edge.rhythm.shape_window import (
    BEFORE,
    LENGTH,
    MARGIN,
    QRS,
    Floats,
    P,
    Shape,
    T,
    centred,
    correlation,
)
from edge.rhythm.templates import Templates

TIMING = ("before", "after", "before_slow", "after_to_before", "irregular", "previous")
SHAPE = (
    *("correlation", "residual", "size", "wider", "rounder", "steeper", "turned"),
    *("t_correlation", "t_turned", "p_correlation", "p_residual"),
    *("likeness", "share", "count", "own_correlation", "own_wider", "own_rounder", "own_before", "own_after"),
    *("own_p_correlation", "own_p_residual", "normal_p"),
    *("normal_share", "normal_before", "steady"),
)
USUAL_BEATS = 8
SLOW_BEATS = 64
LONGEST_MS = 2500.0  # a longer interval is a pause and tells nothing of the usual
STEADY_BEATS = 20


class Timing:
    """R-R intervals in units of the usual one."""

    def __init__(self) -> None:
        self._recent: deque[float] = deque(maxlen=USUAL_BEATS)
        self._slow_ms, self._count = math.nan, 0
        self._previous = math.nan

    def take(self, before_ms: float, after_ms: float) -> Floats:
        """TIMING of a beat; NaN where an interval is unknown."""
        usual = self.usual_ms
        before, after = before_ms / usual, after_ms / usual
        spread = float(np.std(list(self._recent))) / usual if len(self._recent) >= 4 else math.nan
        out = np.array(
            [before, after, before_ms / self._slow_ms, after_ms / before_ms, spread, self._previous], np.float64
        )
        self._previous = before
        if before_ms <= LONGEST_MS:
            self._recent.append(before_ms)
            self._count += 1
            follow = max(1 / self._count, 1 / SLOW_BEATS)
            self._slow_ms = before_ms if self._count == 1 else self._slow_ms + follow * (before_ms - self._slow_ms)
        return out

    @property
    def usual_ms(self) -> float:
        """The mean of the last intervals, each taken for no more than 1.6 times their median; NaN before the third."""
        if len(self._recent) < 3:
            return math.nan
        recent = np.array(self._recent)
        return float(np.minimum(recent, 1.6 * np.median(recent)).mean())


class LeadFeatures:
    """One lead: beats in, SHAPE out."""

    def __init__(self) -> None:
        self.templates = Templates()
        self.steady = 1.0  # mean likeness of its last beats with templates it had: noise is like nothing

    def take(self, cut: Floats, before: float, after: float, room: int) -> Floats | None:
        """SHAPE of a beat; None where its QRS complex is not whole. `room` is the points up to the next beat."""
        qrs_room = cut[QRS.start : QRS.stop + 24]
        if not np.isfinite(qrs_room).all():
            return None
        if room < LENGTH - BEFORE + MARGIN:
            cut = cut.copy()
            cut[max(BEFORE + 24 + room - MARGIN, QRS.stop + 24) :] = np.nan
        match = self.templates.take(cut, before, after)
        self.steady += (max(match.likeness, 0.0) - self.steady) / STEADY_BEATS
        own, normal, beat = match.template, match.normal, match.beat
        shape, usual = Shape.of(beat), normal.shape
        rest = centred(beat[QRS]) - centred(normal.beat[QRS])
        p = beat[P] - normal.beat[P]
        own_p = own.beat[P] - normal.beat[P]
        usual_p = normal.beat[P] - float(np.nanmedian(normal.beat))
        total = self.templates.total
        return np.array(
            [
                match.correlation,
                math.log(float(np.sqrt(rest @ rest)) / normal.norm_mv + 0.01),
                math.log(match.norm_mv / normal.norm_mv),
                math.log(shape.width_ms / usual.width_ms),
                math.log(shape.area_ms / usual.area_ms),
                math.log(shape.steepness / usual.steepness),
                abs(shape.polarity - usual.polarity),
                correlation(beat[T], normal.beat[T]),
                shape.t_to_qrs - usual.t_to_qrs,
                correlation(beat[P], normal.beat[P]),
                math.log(float(np.sqrt(np.nansum(p * p))) / normal.norm_mv + 0.01),
                match.likeness,
                math.log(own.count / total),
                math.log(min(own.seen, 100)),
                float(own.unit @ normal.unit),
                math.log(own.shape.width_ms / usual.width_ms),
                math.log(own.shape.area_ms / usual.area_ms),
                own.before,
                own.after,
                correlation(own.beat[P], normal.beat[P]),
                math.log(float(np.sqrt(np.nansum(own_p * own_p))) / normal.norm_mv + 0.01),
                math.log(float(np.sqrt(np.nansum(usual_p * usual_p))) / normal.norm_mv + 0.01),
                math.log(normal.count / total),
                normal.before,
                self.steady,
            ],
            np.float64,
        )
