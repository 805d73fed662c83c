"""Chunks that follow each other made one: what comes after a source costs by the chunk more than by the sample."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np

from edge.sources.items import Item
from edge.timeline import Chunk

MOST = (
    64  # samples, twice what comes while a source rests at 500 Hz: beyond this the chunk costs no more than its samples
)


def joined(items: Iterable[Item]) -> Iterator[Item]:
    """The same samples in the same order, in chunks as long as they may be; nothing is held back."""
    run: list[Chunk] = []
    for item in chain(items, (None,)):
        if run and not (isinstance(item, Chunk) and _follows(run, item)):
            yield _one(run)
            run = []
        if isinstance(item, Chunk):
            run.append(item)
        elif item is not None:
            yield item


def _follows(run: list[Chunk], chunk: Chunk) -> bool:
    samples, last = sum(len(c.mv) for c in run), run[-1]
    told = (last.clock_us is None) == (chunk.clock_us is None) and (last.came_ns is None) == (chunk.came_ns is None)
    return told and last.index + len(last.mv) == chunk.index and samples + len(chunk.mv) <= MOST


def _one(run: list[Chunk]) -> Chunk:
    if len(run) == 1:
        return run[0]
    return Chunk(run[0].index, np.concatenate([c.mv for c in run]), run[0].clock_us, run[-1].came_ns)
