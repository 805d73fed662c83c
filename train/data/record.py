"""What an adapter yields: a recording in its publisher's own leads and rate, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.errors import EdgeError

Signal = npt.NDArray[np.floating]
Row = dict[str, Any]  # name, subject, fold, age, sex, labels, source, and what else the publisher tells

TRAINING_ONLY = 0  # the fold of records that neither validation nor test may have: nobody says whose they are
OLDEST = 90.0  # years: publishers write 300, or 90, for whoever is older than 89


@dataclass(frozen=True, slots=True)
class Record:
    row: Row  # without the key "fold" where the publisher has no folds: the subject's hash decides
    rate: float  # Hz
    leads: tuple[str, ...]  # as the publisher names them
    mv: Signal  # samples x leads, NaN where missing


@dataclass(frozen=True, slots=True)
class Rejected:
    name: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A recording that is yet to be read, by whoever comes to it."""

    name: str
    read: Callable[[], Record]
    here: bool = False  # its reader holds an open file: not to be sent to another process

    def made(self) -> Record | Rejected:
        """What `read` gives, or why it could not."""
        try:
            return self.read()
        except (EdgeError, OSError, ValueError) as error:
            return Rejected(self.name, str(error))


@dataclass(frozen=True, slots=True)
class Source:
    """The recordings of one set, one after another."""

    total: int | None  # how many entries are to come, rejected ones included; None where only reading tells
    entries: Iterator[Attempt | Rejected]

    @property
    def records(self) -> Iterator[Record | Rejected]:
        """The entries, each read when it is come to."""
        return (entry.made() if isinstance(entry, Attempt) else entry for entry in self.entries)


def row(
    name: str, subject: str, *, age: object = None, sex: object = None, labels: list[str] | None = None, **more: Any
) -> Row:
    """A table row. `age` (years) and `sex` as the publisher writes them; `labels` in the publisher's words."""
    return {
        "name": name,
        "subject": subject,
        "age": _years(age),
        "sex": _SEXES.get(str(sex).strip().lower()),
        "labels": labels or [],
        **more,
    }


_SEXES = {"male": "male", "m": "male", "female": "female", "f": "female"}


def _years(age: object) -> float | None:
    try:
        years = float(str(age).strip())
    except ValueError:
        return None
    return min(years, OLDEST) if years >= 0 else None  # NaN is no age either
