"""Beat by beat, as `bxb` compares.

Both annotators are read side by side. The earlier of their two current beats is paired with the other's if they lie
within the match window and the other one has no nearer candidate next; else it stands alone: a reference beat is missed
(column o, or x while the test annotator had shut down), a test beat is extra (row O, or X while the reference is
unreadable). Extra test beats within ventricular flutter or fibrillation of the reference are not counted. At the
beginning of the test period a beat may be paired with one just before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.ec57.annotations import Annotations
from benchmarks.ec57.classes import EC57
from benchmarks.ec57.confusion import BeatComparison, empty_matrix, place
from benchmarks.ec57.intervals import NEVER, Track, track

LEARNING_S = 300.0  # EC57: the first five minutes of a record do not count
WINDOW_S = 0.150  # EC57: how far apart a beat's two annotations may lie


@dataclass(frozen=True, slots=True)
class Period:
    """What is compared, in samples of the reference."""

    start: int
    end: int | None  # None: up to the last beat of the reference
    window: int

    @classmethod
    def of(cls, reference: Annotations, learning_s: float, window_s: float, end_s: float | None = None) -> Period:
        """A window that is no whole number of samples is rounded down: 150 ms is the most that EC57 allows."""
        rate = reference.rate
        end = reference.length if end_s is None else round(end_s * rate)
        return cls(round(learning_s * rate), end, int(window_s * rate + 1e-6))


def compare(
    reference: Annotations,
    test: Annotations,
    learning_s: float = LEARNING_S,
    window_s: float = WINDOW_S,
    *,
    end_s: float | None = None,
    classes: Mapping[str, str] = EC57,
) -> BeatComparison:
    """The test annotations, brought to the reference's rate, against the reference.

    The comparison ends at `end_s`; by default with the record where its length is known, else with the reference's last
    beat. `classes`: class of each of WFDB's beat codes.
    """
    period = Period.of(reference, learning_s, window_s, end_s)
    ref = track(reference, period.window, classes)
    tested = track(test.at_rate(reference.rate), period.window, classes)
    tally = _Tally(ref, tested)
    _walk(period, ref, tested, tally)
    return tally.result(reference.rate, period)


class _Tally:
    """Counts pairs; `None` stands for the beat that is not there."""

    def __init__(self, ref: Track, test: Track) -> None:
        self.ref, self.test = ref, test
        self.matrix = empty_matrix()
        self.in_flutter = 0
        self.rr_errors: list[int] = []
        self.rr_errors_matched: list[int] = []

    def pair(self, i: int, j: int) -> None:
        self.matrix[place(self.ref.labels[i] + self.test.labels[j].lower())] += 1
        self._rr(i, j, self.rr_errors_matched)
        self._rr(i, j, self.rr_errors)

    def missed(self, i: int, j: int) -> None:
        column = "x" if self.ref.samples[i] in self.test.shutdown else "o"
        self.matrix[place(self.ref.labels[i] + column)] += 1
        self._rr(i, j, self.rr_errors)

    def extra(self, i: int, j: int) -> None:
        sample = self.test.samples[j]
        if sample in self.ref.flutter:
            self.in_flutter += 1
        else:
            row = "X" if sample in self.ref.shutdown else "O"
            self.matrix[place(row + self.test.labels[j].lower())] += 1
        self._rr(i, j, self.rr_errors)

    def _rr(self, i: int, j: int, errors: list[int]) -> None:
        """`bxb` takes the two current intervals at every step, also where a beat stands alone."""
        expected, found = self.ref.rr(i), self.test.rr(j)
        if expected and found:
            errors.append(expected - found)

    def result(self, rate: float, period: Period) -> BeatComparison:
        stretches = self.test.shutdown
        last = period.end if period.end is not None else max(self.ref.samples, default=0)
        shut = sum(
            min(end, last) - start for start, end in zip(stretches.starts, stretches.ends, strict=True) if start < last
        )
        return BeatComparison(
            self.matrix,
            shutdown_s=shut / rate,
            in_flutter=self.in_flutter,
            rr_square_ms2=_squares_ms2(self.rr_errors, rate),
            rr_intervals=len(self.rr_errors),
            rr_square_matched_ms2=_squares_ms2(self.rr_errors_matched, rate),
            rr_intervals_matched=len(self.rr_errors_matched),
        )


def _squares_ms2(errors: list[int], rate: float) -> float:
    return float(np.sum((np.array(errors, np.float64) * 1000 / rate) ** 2))


def _walk(period: Period, ref: Track, test: Track, tally: _Tally) -> None:
    """Pair beats in order of time. Capital: reference; small: test; `_next`: the beat after the current one."""
    refs, tests = [*ref.samples, NEVER, NEVER], [*test.samples, NEVER, NEVER]
    window = period.window
    i, j = _opening(period, refs, tests, tally)
    while _goes_on(period, refs[i], tests[j]):
        T, T_next, t, t_next = refs[i], refs[i + 1], tests[j], tests[j + 1]
        if t < T:
            if T - t <= window and T - t < abs(T - t_next):
                tally.pair(i, j)
                i, j = i + 1, j + 1
            else:
                tally.extra(i, j)
                j += 1
        elif t - T <= window and t - T < abs(t - T_next):
            tally.pair(i, j)
            i, j = i + 1, j + 1
        else:
            tally.missed(i, j)
            i += 1


def _opening(period: Period, refs: list[int], tests: list[int], tally: _Tally) -> tuple[int, int]:
    """The first beats to compare. The first of the reference may be paired with the last test beat of the learning
    period; a test beat just after the start is left alone if it must be that of a reference beat before the start."""
    i = int(np.searchsorted(refs, period.start))
    j = int(np.searchsorted(tests, period.start))
    T, t_first = refs[i], tests[j]
    if j > 0 and T - tests[j - 1] <= period.window and T - tests[j - 1] < abs(T - t_first):
        tally.pair(i, j - 1)
        return i + 1, j
    before_start = t_first - period.start <= period.window and abs(T - tests[j + 1]) < abs(T - t_first)
    return i, j + (period.start > 0 and before_start)


def _goes_on(period: Period, T: int, t: int) -> bool:
    if period.end is None:
        return T != NEVER
    return period.end >= T or period.end >= t
