"""Proportions with exact intervals, and what they come to over many records: gross and average."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Proportion:
    """`hits` of `total` cases."""

    hits: int
    total: int

    def __add__(self, other: Proportion) -> Proportion:
        return Proportion(self.hits + other.hits, self.total + other.total)

    @property
    def percent(self) -> float | None:
        """None where there is no case."""
        return 100 * self.hits / self.total if self.total else None

    def interval_percent(self, confidence: float = 0.95) -> tuple[float, float] | None:
        """Clopper and Pearson 1934: exact for independent cases. Beats of one patient are not independent, so that the
        interval of a gross figure is the least there is to doubt."""
        from scipy.stats import beta

        if not self.total:
            return None
        tail = (1 - confidence) / 2
        missed = self.total - self.hits
        low = float(beta.ppf(tail, self.hits, missed + 1)) if self.hits else 0.0
        high = float(beta.ppf(1 - tail, self.hits + 1, missed)) if missed else 1.0
        return 100 * low, 100 * high

    def as_json(self) -> dict[str, Any]:
        interval = self.interval_percent()
        return {
            "hits": self.hits,
            "total": self.total,
            "percent": _rounded(self.percent),
            "interval_95_percent": None if interval is None else [_rounded(x) for x in interval],
        }


def average(values: Iterable[float | None]) -> float | None:
    """The mean over the records in which the figure is defined, each with the same weight (`sumstats`)."""
    defined = [value for value in values if value is not None]
    return sum(defined) / len(defined) if defined else None


def share_percent(part: float, whole: float) -> float | None:
    """Of durations, for which there is no exact interval."""
    return 100 * part / whole if whole > 0 else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
