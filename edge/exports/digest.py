"""A recording in numbers: how much of it there is, beats, heart rate, rhythm, alerts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from edge.exports.gaps import find_gaps
from edge.exports.run_record import Excerpt
from edge.exports.told import Told, told_alerts

BEATS = {"N": "normal", "S": "supraventricular", "V": "ventricular", "F": "fusion", "Q": "not classified"}
SHORTEST_RR_S, LONGEST_RR_S = 0.2, 3.0  # between two beats of one rhythm; beyond is a gap, a pause or a mistake
TREND_POINTS = 360  # a day in steps of four minutes, an hour in steps of ten seconds
SHORTEST_STEP_S = 10.0  # of signal in a point of the trend
MOST_GAPS_SHADED = 2000  # in the trend, where a short one is thinner than a line


@dataclass(frozen=True)
class Digest:
    missing_s: float  # in which no lead was there
    gaps: int
    shaded_s: tuple[tuple[float, float], ...]  # from the excerpt's start: the gaps, or the first of very many
    beats: Counter[str]  # by class
    rate_times_s: npt.NDArray[np.float64]  # middles of the trend's steps
    rate_per_min: npt.NDArray[np.float64]  # NaN where there was none
    rhythm_s: dict[str, float]  # by label
    alerts: tuple[Told, ...]

    @property
    def events(self) -> list[Told]:
        """The wearer's; those of the equipment are only counted."""
        return [alert for alert in self.alerts if not alert.technical]


def digest(excerpt: Excerpt) -> Digest:
    missing = gaps = 0
    shaded: list[tuple[float, float]] = []
    for gap in find_gaps(excerpt):
        if gap.leads:
            continue
        missing, gaps = missing + gap.last - gap.first, gaps + 1
        if len(shaded) < MOST_GAPS_SHADED:
            shaded.append(((gap.first - excerpt.first) / excerpt.rate, (gap.last - excerpt.first) / excerpt.rate))
    marks = [mark for mark in excerpt.annotations("qrs") if mark.symbol in BEATS]
    seconds = np.array([(mark.sample - excerpt.first) / excerpt.rate for mark in marks])
    times, rates = _trend(seconds, excerpt.seconds)
    return Digest(
        missing_s=missing / excerpt.rate,
        gaps=gaps,
        shaded_s=tuple(shaded),
        beats=Counter(mark.symbol for mark in marks),
        rate_times_s=times,
        rate_per_min=rates,
        rhythm_s=_rhythms(excerpt, shaded),
        alerts=tuple(told_alerts(excerpt)),
    )


def _trend(
    beats_s: npt.NDArray[np.float64], length_s: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The median of the heart rate in each step, which is a whole number of SHORTEST_STEP_S."""
    step = SHORTEST_STEP_S * max(1.0, np.ceil(length_s / SHORTEST_STEP_S / TREND_POINTS))
    edges = np.arange(0.0, length_s + step, step)
    rr = np.diff(beats_s)
    known = (rr >= SHORTEST_RR_S) & (rr <= LONGEST_RR_S)
    rates, at = 60 / rr[known], beats_s[1:][known]
    cuts = np.searchsorted(at, edges)
    medians = [np.median(rates[a:b]) if b > a else np.nan for a, b in pairwise(cuts.tolist())]
    return (edges[:-1] + edges[1:]) / 2, np.array(medians)


def _rhythms(excerpt: Excerpt, gaps_s: list[tuple[float, float]]) -> dict[str, float]:
    """Seconds of each label, from where it was told to the next; gaps do not count."""
    marks = [mark for mark in excerpt.record.annotations("rhy") if mark.sample < excerpt.last]
    seconds: dict[str, float] = {}
    for k, mark in enumerate(marks):
        last = marks[k + 1].sample if k + 1 < len(marks) else excerpt.last
        begin, end = ((max(n, excerpt.first) - excerpt.first) / excerpt.rate for n in (mark.sample, last))
        absent = sum(max(0.0, min(end, b) - max(begin, a)) for a, b in gaps_s) if end > begin else 0.0
        label = mark.aux.strip("(")
        seconds[label] = seconds.get(label, 0.0) + float(end - begin - absent)
    return {label: s for label, s in sorted(seconds.items(), key=lambda item: -item[1]) if s > 0}
