"""What was told of a stretch of a recording: alerts with their evidence, rhythms, beats."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from edge.alert import State
from edge.exports.run_record import STRIPS, RunRecord, excerpt
from edge.exports.told import ALERTS, Told, told_alerts
from edge.review.beats import Beats
from edge.rhythm.rhythm import WFDB

MAX_ALERTS = 5000  # in an answer: a day of one every 17 s
MAX_RHYTHMS = 5000  # likewise
MAX_BEATS = 2000  # beyond, they are counted only: more than a beat to a pixel shows nothing

_LABELS = {aux: str(label) for label, aux in WFDB.items()}


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert and how long it lasted; samples of the record."""

    told: Told
    ended: int | None  # None where it was not told that it is over
    strip: str | None  # the recording of the signal around it, where it is still there


@dataclass(frozen=True, slots=True)
class Span:
    """A rhythm from `first` up to, not including, `last`."""

    first: int
    last: int
    label: str


def alerts(record: RunRecord) -> tuple[list[Alert], int]:
    """The first MAX_ALERTS, in order of time, and how many there are. Errors: InputError."""
    told = told_alerts(excerpt(record))
    ends = _ends(record)
    return [_alert(record, one, ends) for one in told[:MAX_ALERTS]], len(told)


def rhythms(record: RunRecord, first: int, last: int) -> tuple[list[Span], int]:
    """Those that hold between samples `first` and `last`, of each the whole; and how many. Errors: InputError."""
    marks = [mark for mark in record.annotations("rhy") if mark.symbol == "+"]
    begins = [*(mark.sample for mark in marks), record.samples]
    spans = [
        Span(begin, end, _LABELS.get(mark.aux, mark.aux.lstrip("(").lower()))
        for mark, (begin, end) in zip(marks, pairwise(begins), strict=True)
        if begin < last and end > first and begin < end
    ]
    return spans[:MAX_RHYTHMS], len(spans)


def beats_within(beats: Beats, first: int, last: int) -> tuple[list[int], str, int]:
    """Samples, their classes as a string, and how many; without the former where there are more than MAX_BEATS."""
    a, b = np.searchsorted(beats.samples, (first, last)).tolist()
    if b - a > MAX_BEATS:
        return [], "", b - a
    return beats.samples[a:b].tolist(), "".join(beats.kinds[a:b].tolist()), b - a


def _ends(record: RunRecord) -> dict[str, list[int]]:
    """Samples at which an alert of that name was over, in order."""
    ends: dict[str, list[int]] = {}
    for mark in record.annotations(ALERTS):
        _, state, identity = [*mark.aux.split(" "), "", "", ""][:3]
        if state == State.OFF:
            ends.setdefault(identity, []).append(mark.sample)
    return ends


def _alert(record: RunRecord, told: Told, ends: dict[str, list[int]]) -> Alert:
    later = (end for end in ends.get(told.id, []) if end >= told.sample)
    return Alert(told, next(later, None), _strip(record, told))


def _strip(record: RunRecord, told: Told) -> str | None:
    name = (told.strip or "").rpartition("/")[2]
    there = name and (record.header_path.parent / f"{record.name}{STRIPS}" / f"{name}.hea").is_file()
    return name if there else None
