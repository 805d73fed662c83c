"""Where nothing was recorded, lead by lead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.exports.run_record import MISSING, Counts, Excerpt


@dataclass(frozen=True, slots=True)
class Gap:
    """Samples of the record from `first` up to, not including, `last`, of these leads or, with none named, of all."""

    first: int
    last: int
    leads: tuple[str, ...]


def find_gaps(excerpt: Excerpt) -> Iterator[Gap]:
    """In order. Stretches in which other leads are missing than before are gaps of their own."""
    names = tuple(lead.name for lead in excerpt.leads)
    weights = 1 << np.arange(len(names), dtype=np.int64)
    begin, state = excerpt.first, 0
    for at, counts in excerpt.pieces():
        missing = (counts == MISSING) @ weights  # one number for each set of leads
        changes = np.flatnonzero(np.diff(missing, prepend=state))
        for change in changes.tolist():
            if state:
                yield _gap(begin, at + change, state, names)
            begin, state = at + change, int(missing[change])
    if state:
        yield _gap(begin, excerpt.last, state, names)


def _gap(first: int, last: int, state: int, names: tuple[str, ...]) -> Gap:
    gone = tuple(name for k, name in enumerate(names) if state >> k & 1)
    return Gap(first, last, () if len(gone) == len(names) else gone)


def present(counts: Counts) -> list[tuple[int, int]]:
    """Stretches (first, last + 1) of `counts` in which any lead is there."""
    there: npt.NDArray[np.bool_] = (counts != MISSING).any(axis=1)
    edges = np.flatnonzero(np.diff(there.astype(np.int8), prepend=0, append=0)).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))
