"""How strongly the whole recording speaks for each condition, from 0 to 1: what an evaluation ranks by.

`brady` = 1 / (1 + exp((r10 - 60) / 5)) and `tachy` = 1 / (1 + exp((100 - r90) / 5)), with r10 and r90 the 10th and
90th percentile over the beats of the running heart rate (per minute, median of eight intervals): a half at the limits
of sinus rhythm, 60 and 100. `pause` = 1 / (1 + exp((3 - p) / 0.25)), with p the longest R-R interval (s) without a gap:
a half at three seconds. `af` is the highest probability that half a minute held; `vt` that of any window. `pvc` = s /
(s + 0.02), with s the share of ventricular beats: a half at 2 %. Whatever nothing here can judge is None.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from edge.rhythm.beat import Beat
from edge.rhythm.ectopy import Burden
from edge.rhythm.rate import HeartRate

if TYPE_CHECKING:
    from edge.rhythm.interpreter import Interpreter

CONDITIONS = (
    *("af", "mi", "stemi", "ischemia", "mi_anterior", "mi_anterolateral", "mi_anteroseptal", "mi_inferior"),
    *("mi_lateral", "mi_septal", "vt", "pvc", "brady", "tachy", "pause", "lbbb", "rbbb", "avb1", "lvh", "normal"),
)
BRADY_PER_MIN, TACHY_PER_MIN, RATE_WIDTH_PER_MIN = 60.0, 100.0, 5.0
PAUSE_S, PAUSE_WIDTH_S = 3.0, 0.25
FEWEST = 4  # intervals: with fewer there is no answer
PVC_SHARE = 0.02  # of the beats: a half
SURE = 0.2  # confidence: a beat below it ends no interval that counts as a pause
FASTEST_PER_MIN = 400


class RhythmScores:
    """Gathers beats in bounded memory; `scores()` may be asked for at any time."""

    def __init__(self, rate: float = 500.0) -> None:
        self._rate = HeartRate(rate)
        self._histogram = np.zeros(FASTEST_PER_MIN + 1, np.int64)  # beats by running rate, 1/min
        self._longest_s = 0.0
        self._intervals = 0

    def push(self, beats: Iterable[Beat]) -> None:
        for beat in beats:
            self._rate.push(beat)
            if beat.rr_ms is None:
                continue
            self._intervals += 1
            if beat.confidence >= SURE:
                self._longest_s = max(self._longest_s, beat.rr_ms / 1000)
            now = self._rate.at(beat.sample)
            if now is not None:
                self._histogram[min(round(now), FASTEST_PER_MIN)] += 1

    def scores(self, reading: Interpreter | None = None) -> dict[str, float | None]:
        """A number from 0 to 1, or None, for every key of `CONDITIONS`."""
        answer: dict[str, float | None] = dict.fromkeys(CONDITIONS)
        if reading is not None:
            answer["af"] = _rounded(reading.atrial.score())
            answer["vt"] = _rounded(reading.most_vt) if reading.judged else None
            answer["pvc"] = _of_burden(reading.burden)
        if self._intervals >= FEWEST and self._histogram.any():
            answer["brady"] = _rising(BRADY_PER_MIN - self._percentile(10), RATE_WIDTH_PER_MIN)
            answer["tachy"] = _rising(self._percentile(90) - TACHY_PER_MIN, RATE_WIDTH_PER_MIN)
            answer["pause"] = _rising(self._longest_s - PAUSE_S, PAUSE_WIDTH_S)
        return answer

    def _percentile(self, percent: float) -> float:
        total = np.cumsum(self._histogram)
        return float(np.searchsorted(total, percent / 100 * total[-1]))


def _of_burden(burden: Burden) -> float | None:
    if burden.beats < FEWEST:
        return None
    share = burden.ventricular / burden.beats
    return round(share / (share + PVC_SHARE), 4)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _rising(excess: float, width: float) -> float:
    """The logistic function: a half where `excess` is 0."""
    return round(1 / (1 + math.exp(-max(min(excess / width, 50.0), -50.0))), 4)
