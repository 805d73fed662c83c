"""Run by run, as `rxr` compares: couplets, short runs (3 to 5 beats) and long runs (6 and more) of ectopic beats.

For the sensitivity the reference defines the runs. Each is looked for in the test annotations from one match window
before its first beat to one after its last, and the longest run there is what the test found. For the positive
predictivity the annotators change places. Ventricular runs are of V and F, supraventricular ones of S; ventricular
flutter or fibrillation (for supraventricular runs atrial fibrillation or flutter) is a run of the greatest length.
Lengths count up to 6. A run that the record's end cuts off has no known length and does not count.

Other than in `rxr`, a run of beats that goes over into flutter becomes a long run, the begin of an atrial rhythm
between two ventricular beats breaks no run, and a beat may lie in the windows of two runs.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.ec57.annotations import Annotations
from benchmarks.ec57.beats import LEARNING_S, WINDOW_S, Period
from benchmarks.ec57.classes import EC57
from benchmarks.ec57.intervals import NEVER
from benchmarks.ec57.labels import Label, labels
from benchmarks.ec57.proportions import Proportion, average

LONG = 6  # beats: lengths from here on are one


@dataclass(frozen=True, slots=True)
class Kind:
    """Which labels make a run, which break it, and which rhythm is one."""

    beats: frozenset[str]
    breaks: frozenset[str]
    opens: str
    closes: str
    ends_rhythm: frozenset[str]


VENTRICULAR = Kind(frozenset("VF"), frozenset("NSQU"), "[", "]", frozenset("]{U"))
SUPRAVENTRICULAR = Kind(frozenset("S"), frozenset("NVFQU"), "{", "}", frozenset("}[U"))

Matrix = npt.NDArray[np.int64]  # (7, 7): reference run length by test run length, 6 for 6 and more


@dataclass(frozen=True, slots=True, eq=False)
class RunComparison:
    """Of one record, or, added up, of several."""

    by_reference: Matrix  # one count for each run of the reference: for sensitivity
    by_test: Matrix  # one count for each run of the test: for positive predictivity

    def __add__(self, other: RunComparison) -> RunComparison:
        return RunComparison(self.by_reference + other.by_reference, self.by_test + other.by_test)

    def sensitivity(self, shortest: int, longest: int) -> Proportion:
        """Of the reference's runs of these lengths, those in which the test has one of at least the class's length."""
        of = self.by_reference[shortest : longest + 1]
        return Proportion(int(of[:, shortest:].sum()), int(of.sum()))

    def predictivity(self, shortest: int, longest: int) -> Proportion:
        of = self.by_test[:, shortest : longest + 1]
        return Proportion(int(of[shortest:].sum()), int(of.sum()))

    def proportions(self) -> dict[str, Proportion]:
        lengths = {"couplet": (2, 2), "short_run": (3, 5), "long_run": (LONG, LONG)}
        found = {}
        for name, (shortest, longest) in lengths.items():
            found[f"{name}_sensitivity"] = self.sensitivity(shortest, longest)
            found[f"{name}_predictivity"] = self.predictivity(shortest, longest)
        return found

    def as_json(self) -> dict[str, Any]:
        figures: dict[str, Any] = {name: found.as_json() for name, found in self.proportions().items()}
        return figures | {"by_reference": self.by_reference.tolist(), "by_test": self.by_test.tolist()}


def compare(
    reference: Annotations,
    test: Annotations,
    learning_s: float = LEARNING_S,
    window_s: float = WINDOW_S,
    *,
    kind: Kind = VENTRICULAR,
    end_s: float | None = None,
    classes: Mapping[str, str] = EC57,
) -> RunComparison:
    """The test annotations, brought to the reference's rate, against the reference; `kind` says which runs."""
    period = Period.of(reference, learning_s, window_s, end_s)
    ref = _Reader(labels(reference, classes), kind)
    tested = _Reader(labels(test.at_rate(reference.rate), classes), kind)
    by_reference, by_test = np.zeros((2, LONG + 1, LONG + 1), np.int64)
    for run in ref.runs(period):
        by_reference[run.length, tested.longest(run)] += 1
    for run in tested.runs(period):
        by_test[ref.longest(run), run.length] += 1
    return RunComparison(by_reference, by_test)


def gross(records: Iterable[RunComparison]) -> RunComparison:
    empty = np.zeros((LONG + 1, LONG + 1), np.int64)
    return sum(records, RunComparison(empty, empty))


def averages(records: Iterable[RunComparison]) -> dict[str, float | None]:
    """Each figure's mean over the records in which it is defined, percent."""
    found = [record.proportions() for record in records]
    names = found[0] if found else {}
    return {name: average(record[name].percent for record in found) for name in names}


class _Run(NamedTuple):
    length: int
    first: int  # samples: where it is looked for, both within
    last: int


class _Reader:
    """One annotator's labels, asked for runs."""

    def __init__(self, sequence: list[Label], kind: Kind) -> None:
        self.sequence, self.kind = sequence, kind
        self.samples = [label.sample for label in sequence]
        self.rhythms = self._stretches()

    def _stretches(self) -> list[tuple[int, int]]:
        found, since = [], None
        for sample, kind in self.sequence:
            if since is None and kind == self.kind.opens:
                since = sample
            elif since is not None and kind in self.kind.ends_rhythm:
                found.append((since, sample))
                since = None
        return found if since is None else [*found, (since, NEVER)]

    def runs(self, period: Period) -> list[_Run]:
        """Those that begin in the test period; a rhythm that is under way at its start begins there."""
        found, length, first, last = [], 0, 0, 0
        if any(begin < period.start <= end for begin, end in self.rhythms):
            length, first, last = LONG, period.start - period.window, period.start + period.window
        for sample, kind in self.sequence[bisect.bisect_left(self.samples, period.start) :]:
            if period.end is not None and sample > period.end:
                break
            if kind in self.kind.breaks:
                if length:
                    found.append(_Run(length, first, last))
                length = 0
            elif kind in self.kind.beats or kind == self.kind.opens or (length and kind == self.kind.closes):
                first = first if length else sample - period.window
                length = LONG if kind == self.kind.opens else min(LONG, length + (kind in self.kind.beats))
                last = sample + period.window
        return found

    def longest(self, run: _Run) -> int:
        """Length of the longest run where `run` of the other annotator lies."""
        if any(begin <= run.last and end > run.first for begin, end in self.rhythms):
            return LONG
        best = length = 0
        begin = bisect.bisect_left(self.samples, run.first)
        for _, kind in self.sequence[begin : bisect.bisect_right(self.samples, run.last)]:
            if kind in self.kind.breaks:
                length = 0
            elif kind in self.kind.beats:
                length = min(LONG, length + 1)
                best = max(best, length)
        return best
