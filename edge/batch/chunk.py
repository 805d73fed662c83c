"""A worker's task: some recordings to one part."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.batch.draft import Draft
from edge.batch.listing import Listing
from edge.batch.names import key_of
from edge.batch.parts import Archive
from edge.batch.row import BAD, OK, Row
from edge.batch.work import Work, examined

MOST_BYTES = 32 << 20  # of recordings in a part: a day's recording is a part of its own


@dataclass(frozen=True, slots=True)
class Job:
    """What all tasks of a run have in common."""

    root: Path
    out: Path
    work: Work


@dataclass(frozen=True, slots=True)
class Chunk:
    """Recordings of one part."""

    name: str
    recordings: tuple[str, ...]
    sizes: tuple[int, ...]  # bytes of each

    @classmethod
    def of(cls, work: Work, recordings: Sequence[str], sizes: Sequence[int]) -> Chunk:
        """Its name comes from what is in it: the same recordings and work, the same part."""
        told = "\0".join((work.identity, *recordings, *map(str, sizes)))
        digest = hashlib.blake2b(told.encode("utf-8", "surrogateescape"), digest_size=8)
        return cls(digest.hexdigest(), tuple(recordings), tuple(sizes))

    def halves(self, work: Work) -> tuple[Chunk, ...]:
        at = len(self.recordings) // 2
        parts = ((self.recordings[:at], self.sizes[:at]), (self.recordings[at:], self.sizes[at:]))
        return tuple(Chunk.of(work, *part) for part in parts)


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a chunk."""

    recordings: int
    bad: int
    bytes: int
    found: bool = False  # the part was there already


def chunks(listing: Listing, work: Work, at: Iterable[int], most: int) -> Iterator[Chunk]:
    """The recordings numbered `at`, in order, at most `most` and `MOST_BYTES` a chunk, but at least one."""
    names, sizes, total = list[str](), list[int](), 0
    for k in at:
        size = listing.names.size_bytes(k)
        if names and (len(names) >= most or total + size > MOST_BYTES):
            yield Chunk.of(work, names, sizes)
            names, sizes, total = [], [], 0
        names.append(listing.names.name(k))
        sizes.append(size)
        total += size
    if names:
        yield Chunk.of(work, names, sizes)


def processed(job: Job, chunk: Chunk) -> Done:
    """Makes the chunk's part. Raises OutputError where it cannot be written, InputError as `examined` does."""
    archive = Archive(job.out, job.work)
    total = sum(chunk.sizes)
    if archive.has(chunk.name):  # made by a worker that nobody waited for any more
        return Done(len(chunk.recordings), 0, total, found=True)
    with archive.draft(chunk.name) as draft:
        rows = [_row(job, draft, name, size) for name, size in zip(chunk.recordings, chunk.sizes, strict=True)]
        draft.publish(rows)
    return Done(len(rows), sum(row["status"] == BAD for row in rows), total)


def given_up(job: Job, chunk: Chunk, reason: str) -> Done:
    """The part of a chunk that no worker survives: every recording in it is bad."""
    pairs = zip(chunk.recordings, chunk.sizes, strict=True)
    rows = [_whose(name, size) | {"status": BAD, "reason": reason} for name, size in pairs]
    with Archive(job.out, job.work).draft(chunk.name) as draft:
        draft.publish(rows)
    return Done(len(rows), len(rows), sum(chunk.sizes))


def _row(job: Job, draft: Draft, name: str, size: int) -> Row:
    draft.begin(name)
    row = examined(job.root / name, job.work, draft.keep)
    draft.end(whole=row["status"] == OK)
    return _whose(name, size) | row


def _whose(name: str, size: int) -> dict[str, Any]:
    shown = name.encode("utf-8", "backslashreplace").decode()  # Parquet holds nothing that is no text
    folder = shown.rpartition("/")[0]
    return {"key": key_of(name), "recording": shown, "folder": folder, "input_bytes": size}
