"""A prepared set of twelve-lead recordings: one memory-mapped array of microvolts and a table beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.errors import InputError, Reason
from train.data.checks import defect
from train.data.record import Row, Signal
from train.data.rows import Int16s, Rows
from train.data.writer import TABLE, UV, CorpusWriter

__all__ = ["Corpus", "defect", "load", "save"]


@dataclass(frozen=True)
class Corpus:
    uv: Rows | Int16s  # records x samples x 12, microvolts at 500 Hz, leads in standard order
    table: list[Row]  # name, subject, fold, age, sex, labels, source and whatever the publisher tells, a record a row
    unit: str = "mV"  # of `mv()`; "sd" where every lead was z-scored

    @staticmethod
    def joined(corpora: Sequence[Corpus]) -> Corpus:
        """Several as one, nothing copied; where they differ in length, all are as long as the shortest.

        A subject is known by its source and its number: numbers of different sets are different people.
        """
        if len({corpus.unit for corpus in corpora}) != 1:
            raise ValueError("corpora in millivolts and z-scored ones cannot be joined")
        table = [row for corpus in corpora for row in corpus.table]
        return Corpus(Rows.joined([Rows.of(corpus.uv) for corpus in corpora]), table, corpora[0].unit)

    def __len__(self) -> int:
        return len(self.table)

    def take(self, records: Sequence[int]) -> Corpus:
        """These records, in this order."""
        return Corpus(Rows.of(self.uv).take(records), [self.table[k] for k in records], self.unit)

    def select(self, folds: Iterable[int]) -> Corpus:
        wanted = set(folds)
        return self.take([k for k, row in enumerate(self.table) if row.get("fold") in wanted])

    def every(self, stride: int) -> Corpus:
        """Every `stride`-th record."""
        return self.take(range(0, len(self.table), stride))

    def mv(self) -> npt.NDArray[np.float32]:
        """All records in mV (records x samples x 12), in memory."""
        out = np.empty(self.uv.shape, np.float32)
        for k in range(len(out)):
            np.multiply(self.uv[k], np.float32(1e-3), out=out[k])
        return out


def save(path: Path, records: Iterable[tuple[Row, Signal]]) -> tuple[int, list[str]]:
    """Write (row, mV samples x 12) pairs as a corpus, one by one; returns how many, and why each rejected one was.

    All must have the length of the first. Raises InputError where none is usable; `path` is untouched then.
    """
    with CorpusWriter(path) as writer:
        for row, mv in records:
            writer.add(row, mv)
    return writer.count, [str(entry) for entry in writer.rejected]


def load(*paths: Path) -> Corpus:
    """The corpus in the folder `paths[0]`, or several joined. Raises InputError where one is no whole corpus."""
    corpora = [_load(path) for path in paths]
    return corpora[0] if len(corpora) == 1 else Corpus.joined(corpora)


def _load(path: Path) -> Corpus:
    try:
        about: dict[str, Any] = json.loads((path / TABLE).read_text())
        uv = np.load(path / UV, mmap_mode="r")
        rows = about["records"]
    except (OSError, ValueError, KeyError, EOFError) as error:
        reason = f"{path} is no whole corpus ({error}): make it with python -m train prepare"
        raise InputError(reason, Reason.UNREADABLE) from None
    if len(uv) != len(rows):
        raise InputError(f"{path} is damaged: {len(uv)} records and {len(rows)} rows: prepare it again")
    return Corpus(Rows.of(uv), rows, about.get("unit", "mV"))
