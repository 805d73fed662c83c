"""Heart rate and ST level over hours: a point a step, the median of what was there."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.blocks import Origin
from edge.exports.digest import LONGEST_RR_S, SHORTEST_RR_S, SHORTEST_STEP_S
from edge.exports.run_record import RunRecord
from edge.leads import LEADS
from edge.recordings.json_lines import json_lines
from edge.review.beats import Beats

MAX_POINTS = 1440  # of a trend: a day by the minute
MAX_ST_LINES = 100_000  # read of NAME_st.jsonl: seventy days of a line a minute
FARTHEST = 1 << 53  # samples: no recording is that long, and a double counts them still
ST = "_st.jsonl"  # the file's name behind the recording's: one line a reading, as the recorder appends them

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Steps:
    """A stretch in equal steps. Points lie in their middles."""

    first: int  # sample of the record
    samples: int  # a step
    count: int


@dataclass(frozen=True)
class RateTrend:
    """Heart rate a step, per minute; NaN where there was none."""

    median: Floats
    least: Floats
    greatest: Floats


@dataclass(frozen=True)
class StReadings:
    """What the recorder wrote of ST."""

    j60: dict[str, tuple[npt.NDArray[np.int64], Floats]]  # by lead: samples of the record, and uV
    origin: dict[str, str]  # of a lead, the least certain that it ever was


def steps(record: RunRecord, first: int, last: int, points: int) -> Steps:
    """At most `points` of them, whole multiples of SHORTEST_STEP_S, from `first` to `last` of the record."""
    last = min(last, record.samples)
    shortest = SHORTEST_STEP_S * record.rate
    step = round(shortest * max(1, math.ceil((last - first) / shortest / max(1, min(points, MAX_POINTS)))))
    return Steps(first, step, max(1, math.ceil((last - first) / step)))


def rate_trend(beats: Beats, rate_hz: float, by: Steps) -> RateTrend:
    rr_s = np.diff(beats.samples) / rate_hz
    known = (rr_s >= SHORTEST_RR_S) & (rr_s <= LONGEST_RR_S)
    return RateTrend(*_gathered(beats.samples[1:][known], 60 / rr_s[known], by))


def read_st(record: RunRecord) -> StReadings:
    """Nothing where the recording has no readings of ST, or its file cannot be read."""
    found: dict[str, tuple[list[int], list[float]]] = {}
    origin: dict[str, str] = {}
    for line in json_lines(record.header_path.with_name(f"{record.name}{ST}"), MAX_ST_LINES):
        try:
            told = [(lead, line["leads"][lead]) for lead in LEADS if lead in line["leads"]]
            levels = [(lead, float(one["j60_uv"]), str(one.get("origin", ""))) for lead, one in told]
            sample = int(line["sample"])
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            continue  # no line of ours
        if not (0 <= sample < FARTHEST and all(math.isfinite(j60_uv) for _, j60_uv, _ in levels)):
            continue
        for lead, j60_uv, of in levels:
            samples, values = found.setdefault(lead, ([], []))
            samples.append(sample)
            values.append(j60_uv)
            origin[lead] = max(origin.get(lead, ""), of, key=_doubt)
    return StReadings({x: (np.array(found[x][0]), np.array(found[x][1])) for x in LEADS if x in found}, origin)


def st_trend(readings: StReadings, by: Steps) -> dict[str, Floats]:
    """J+60 a lead and step, uV; NaN where there was no reading."""
    return {lead: _gathered(at, uv, by)[0] for lead, (at, uv) in readings.j60.items()}


def _gathered(at: npt.NDArray[np.int64], values: Floats, by: Steps) -> tuple[Floats, Floats, Floats]:
    """Median, least and greatest of the `values` (finite, at samples `at`) that fall into each step; NaN of none."""
    which = np.floor_divide(at - by.first, by.samples)
    order = np.lexsort((values, which))  # within a step the least first: the median stands in the middle
    ranked, cuts = values[order], np.searchsorted(which[order], np.arange(by.count + 1))
    begin, end = cuts[:-1], cuts[1:]

    def of(places: npt.NDArray[np.int64]) -> Floats:
        picked = ranked[np.clip(places, 0, len(ranked) - 1)] if len(ranked) else np.zeros(by.count)
        return np.where(end > begin, picked, np.nan)

    return (of((begin + end - 1) // 2) + of((begin + end) // 2)) / 2, of(begin), of(end - 1)


def _doubt(origin: str) -> int:
    """The more certain the less; what is no origin is less than any."""
    return _ORIGINS.index(origin) if origin in _ORIGINS else -1


_ORIGINS = (Origin.MEASURED, Origin.DERIVED, Origin.RECONSTRUCTED)
