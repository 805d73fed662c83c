"""What a beat-by-beat comparison found: `bxb`'s summary matrix and the figures of EC57 that follow from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.ec57.proportions import Proportion, average

ROWS = "NSVFQOX"  # the reference's beats; O: none there; X: none, its signals unreadable
COLUMNS = "nsvfqox"  # the test's; o: missed; x: missed while it had shut down

Matrix = npt.NDArray[np.int64]  # (7, 7)


def empty_matrix() -> Matrix:
    return np.zeros((len(ROWS), len(COLUMNS)), np.int64)


def place(element: str) -> tuple[int, int]:
    """Row and column of an element as the guide writes it: "Vn" is a ventricular beat that the test calls normal."""
    return ROWS.index(element[0]), COLUMNS.index(element[1])


@dataclass(frozen=True, slots=True, eq=False)
class BeatComparison:
    """Of one record, or, added up, of several. Elements of the matrix by name: `count("Nn")`, `count("NSV", "ox")`."""

    matrix: Matrix
    shutdown_s: float = 0.0  # how long the test annotator had shut down
    in_flutter: int = 0  # extra test beats within the reference's flutter, which do not count
    rr_square_ms2: float = 0.0  # sum of squared R-R errors at every step, as `bxb` has it
    rr_intervals: int = 0
    rr_square_matched_ms2: float = 0.0  # the same where both beats are there: timing alone
    rr_intervals_matched: int = 0

    def __add__(self, other: BeatComparison) -> BeatComparison:
        return BeatComparison(
            self.matrix + other.matrix,
            self.shutdown_s + other.shutdown_s,
            self.in_flutter + other.in_flutter,
            self.rr_square_ms2 + other.rr_square_ms2,
            self.rr_intervals + other.rr_intervals,
            self.rr_square_matched_ms2 + other.rr_square_matched_ms2,
            self.rr_intervals_matched + other.rr_intervals_matched,
        )

    def count(self, rows: str, columns: str = "") -> int:
        """Sum over rows and columns; with `rows` alone, of the one element it names."""
        if not columns:
            rows, columns = rows[0], rows[1]
        return int(sum(self.matrix[place(row + column)] for row in rows for column in columns))

    # QRS: every beat of either annotator, whatever its class; beats missed in shutdown are missed

    @property
    def qrs_sensitivity(self) -> Proportion:
        hits = self.count("NSVFQ", "nsvfq")
        return Proportion(hits, hits + self.count("NSVFQ", "ox"))

    @property
    def qrs_predictivity(self) -> Proportion:
        hits = self.count("NSVFQ", "nsvfq")
        return Proportion(hits, hits + self.count("OX", "nsvfq"))

    # VEB: a fusion or unclassifiable beat that is called ventricular is neither right nor wrong

    @property
    def veb_sensitivity(self) -> Proportion:
        return Proportion(self.count("Vv"), self.count("V", "nsvfqox"))

    @property
    def veb_predictivity(self) -> Proportion:
        return Proportion(self.count("Vv"), self.count("NSVOX", "v"))

    @property
    def veb_false_positive_rate(self) -> Proportion:
        wrong = self.count("NSOX", "v")
        return Proportion(wrong, wrong + self.count("NSFQOX", "nsfq"))

    # SVEB: likewise, but of the reference only unclassifiable beats are let off

    @property
    def sveb_sensitivity(self) -> Proportion:
        return Proportion(self.count("Ss"), self.count("S", "nsvfqox"))

    @property
    def sveb_predictivity(self) -> Proportion:
        return Proportion(self.count("Ss"), self.count("NSVFOX", "s"))

    @property
    def sveb_false_positive_rate(self) -> Proportion:
        wrong = self.count("NVFOX", "s")
        return Proportion(wrong, wrong + self.count("NVFQOX", "nvfq"))

    @property
    def rr_rms_ms(self) -> float | None:
        """R-R error as `bxb` reports it: a missed or extra beat enters with the interval that it spoils."""
        return sqrt(self.rr_square_ms2 / self.rr_intervals) if self.rr_intervals else None

    @property
    def rr_rms_matched_ms(self) -> float | None:
        """R-R error over paired beats only; the interval before a paired beat may still be another one's."""
        return sqrt(self.rr_square_matched_ms2 / self.rr_intervals_matched) if self.rr_intervals_matched else None

    def missed_in_shutdown(self, classes: str = "NSVFQ") -> Proportion:
        return Proportion(self.count(classes, "x"), self.count(classes, "nsvfqox"))

    def proportions(self) -> dict[str, Proportion]:
        return {name: getattr(self, name) for name in PROPORTIONS}

    def as_json(self) -> dict[str, Any]:
        figures: dict[str, Any] = {name: found.as_json() for name, found in self.proportions().items()}
        return figures | {
            "matrix": {
                row + column: self.count(row + column) for row in ROWS for column in COLUMNS if row + column not in NONE
            },
            "rr_rms_ms": self.rr_rms_ms,
            "rr_rms_matched_ms": self.rr_rms_matched_ms,
            "shutdown_s": round(self.shutdown_s, 3),
            "missed_in_shutdown": {c: self.missed_in_shutdown(c).as_json() for c in "NSVFQ"},
            "extra_beats_in_flutter": self.in_flutter,
        }


PROPORTIONS = (
    "qrs_sensitivity",
    "qrs_predictivity",
    "veb_sensitivity",
    "veb_predictivity",
    "veb_false_positive_rate",
    "sveb_sensitivity",
    "sveb_predictivity",
    "sveb_false_positive_rate",
)
NONE = ("Oo", "Ox", "Xo", "Xx")  # what is not there for both cannot be counted


def gross(records: Iterable[BeatComparison]) -> BeatComparison:
    """All records' counts together."""
    return sum(records, BeatComparison(empty_matrix()))


def averages(records: Iterable[BeatComparison]) -> dict[str, float | None]:
    """Each figure's mean over the records in which it is defined: percent, and ms."""
    found = list(records)
    figures = {name: average(getattr(record, name).percent for record in found) for name in PROPORTIONS}
    return figures | {"rr_rms_ms": average(record.rr_rms_ms for record in found)}
