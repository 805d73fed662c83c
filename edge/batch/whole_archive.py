"""An archive from its listing to its last row: what is finished stays, what is not is done, and all is counted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from edge.batch import engine
from edge.batch.chunk import Chunk, Job, chunks, given_up, processed
from edge.batch.engine import Task
from edge.batch.listing import Listing
from edge.batch.parts import Archive, Index
from edge.batch.progress import Progress
from edge.batch.scheduler import Place
from edge.errors import OutputError, Reason

Numbers = npt.NDArray[np.intp]  # of recordings, in the listing's order

ROUNDS = 3  # looks at what is finished: a second one finds what somebody took away, or made twice, meanwhile


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did, and what there is now."""

    before: int  # recordings that were finished when it began
    done: int  # by this run, of them
    bytes: int  # of those
    bad: int  # of all there is
    parts: int
    seconds: float
    stopped: bool = False  # somebody asked for it: the rest is yet to be done


def process(listing: Listing, archive: Archive, place: Place, *, most: int, retry_bad: bool = False) -> Outcome:
    """Every recording of `listing` has its row in `archive` when this returns, unless it was stopped (Ctrl-C).

    most: recordings a part. Raises OutputError, InputError (a worker that cannot do this work), SourceUnavailable and
    SourceLost (a scheduler). Whatever ends it, finished parts stay.
    """
    index = archive.index(listing.names, retry_bad=retry_bad)
    todo = _todo(listing, index)
    before = len(listing.names) - len(todo)
    progress = Progress(len(listing.names), before, index.bad)
    stopped = False
    try:
        index = _all(listing, archive, place, most, progress, todo, index)
    except KeyboardInterrupt:
        index, stopped = archive.index(listing.names), True
    finally:
        progress.close()
    told = (progress.recordings, progress.bytes, index.bad, index.parts, progress.elapsed_s)
    return Outcome(before, *told, stopped=stopped)


def _all(
    listing: Listing, archive: Archive, place: Place, most: int, progress: Progress, todo: Numbers, index: Index
) -> Index:
    for _ in range(ROUNDS):
        if not len(todo):
            return index
        _round(listing, archive, place, todo, most, progress)
        index = archive.index(listing.names)
        todo = _todo(listing, index)
    if len(todo):
        text = f"{len(todo)} recordings have no row in {archive.rows}, though they were done: is another program"
        raise OutputError(f"{text} at work there? Run it again", Reason.UNWRITABLE)
    return index


def _todo(listing: Listing, index: Index) -> Numbers:
    return np.flatnonzero(~np.isin(listing.names.keys, index.keys))


def _round(listing: Listing, archive: Archive, place: Place, todo: Numbers, most: int, progress: Progress) -> None:
    job = Job(listing.root.absolute(), archive.out.absolute(), archive.work)
    work = partial(processed, job)
    coming: Iterator[Task[Chunk]] = (Task(chunk.name, chunk) for chunk in chunks(listing, archive.work, todo, most))
    while True:
        smaller: list[Chunk] = []
        for finished in engine.run(work, coming, place, tick=progress.tick):
            chunk = finished.task.payload
            done = finished.result
            if done is None and len(chunk.recordings) > 1:  # one of them kills: find out which
                smaller += chunk.halves(archive.work)
                continue
            done = done or given_up(job, chunk, finished.died)
            progress.step(done.recordings, done.bad, done.bytes)
        if not smaller:
            return
        coming = iter([Task(chunk.name, chunk) for chunk in smaller])
