"""Reads the entries of a set and cuts them into pieces, here or in other processes: the pieces are the same."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from functools import partial
from itertools import islice

from edge.batch import engine
from edge.batch.engine import Task
from edge.batch.scheduler import Place
from train.data.pieces import pieces
from train.data.record import Attempt, Record, Rejected, Row, Signal, Source

Piece = tuple[Row, Signal] | Rejected
TOGETHER = 16  # entries a task of another process: what a task costs is then small beside its reading


def read(source: Source, seconds: float, workers: int = 0) -> Iterator[list[Piece]]:
    """Of each entry of `source`, in order, its pieces of `seconds`. `workers`: processes to read in; 0: this one.

    An entry that no worker survives is rejected, with the others of its task. Raises UsageError where there is no Dask.
    """
    tasks = _tasks(source, TOGETHER if workers else 1, workers > 0)
    for finished in engine.run(partial(_cut, seconds), tasks, Place(workers), ordered=True):
        if finished.result is None:
            yield from ([Rejected(_name(entry), finished.died)] for entry in finished.task.payload)
        else:
            yield from finished.result


Entry = Attempt | Record | Rejected


def _tasks(source: Source, together: int, away: bool) -> Iterator[Task[list[Entry]]]:
    run = uuid.uuid4().hex
    while batch := list(islice(source.entries, together)):
        yield Task(f"{run}-{batch[0].name}", [e.made() if away and getattr(e, "here", False) else e for e in batch])


def _cut(seconds: float, entries: list[Entry]) -> list[list[Piece]]:
    return [_pieces(entry.made() if isinstance(entry, Attempt) else entry, seconds) for entry in entries]


def _pieces(record: Record | Rejected, seconds: float) -> list[Piece]:
    return [record] if isinstance(record, Rejected) else list(pieces(record, seconds))


def _name(entry: Entry) -> str:
    return str(entry.row["name"]) if isinstance(entry, Record) else entry.name
