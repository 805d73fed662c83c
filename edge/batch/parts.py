"""The results on disk: parts that exist whole or not at all, and that are the only book of what is finished.

    OUT/rows/settings=HASH/part-….parquet         a row a recording
    OUT/waveforms/settings=HASH/part-….parquet    their twelve leads, where asked for
    OUT/settings-HASH.json                        what HASH stands for
    OUT/bad-HASH.txt                              the recordings that could not be used, and why
    OUT/drafts                                    what is being written

A part's waveforms take their name before its rows do: where the rows are, all is. A part's name comes from its
recordings, so that the same work always makes the same file.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge.batch.draft import Draft, place, unwritable
from edge.batch.names import Keys, Names, encoded
from edge.batch.row import BAD
from edge.batch.work import Work
from edge.errors import InputError, OutputError, Reason


@dataclass(frozen=True, slots=True)
class Index:
    """What is finished."""

    keys: Keys  # of the recordings, sorted
    bad: int
    parts: int


@dataclass(frozen=True, slots=True)
class _Part:
    path: Path
    keys: Keys
    sizes: npt.NDArray[np.int64]  # bytes of each recording when it was done
    bad: int


class Archive:
    """The results of one kind of work in the folder `out`."""

    def __init__(self, out: Path, work: Work) -> None:
        self.out, self.work = out, work
        self.rows = out / "rows" / f"settings={work.identity}"
        self.waveforms = out / "waveforms" / f"settings={work.identity}"
        self.drafts = out / "drafts"

    @contextlib.contextmanager
    def claimed(self) -> Iterator[None]:
        """Makes the folders, and keeps other clients out until it ends, however it ends. Raises OutputError."""
        try:
            for folder in (self.rows, self.drafts, *([self.waveforms] if self.work.waveforms else [])):
                folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.out / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise unwritable(self.out, error) from None
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                text = f"another edge-batch works on {self.out}: wait for it, or give another --out"
                raise OutputError(text, Reason.UNWRITABLE) from None
            self._clean()
            self.tell(f"settings-{self.work.identity}.json", json.dumps(self.work.about(), indent=1) + "\n")
            yield
        finally:
            self._clean()
            os.close(lock)

    def _clean(self) -> None:
        """What killed workers left."""
        with contextlib.suppress(OSError):
            for draft in self.drafts.iterdir():
                draft.unlink(missing_ok=True)

    def tell(self, name: str, text: str) -> Path:
        """A small file of `text`, whole or as it was. Raises OutputError."""
        path = self.out / name
        draft = self.drafts / name
        try:
            draft.write_bytes(encoded(text))
            draft.replace(path)
        except OSError as error:
            raise unwritable(path, error) from None
        return path

    def path(self, name: str) -> Path:
        return place(self.rows, name)

    def has(self, name: str) -> bool:
        return self.path(name).exists()

    def index(self, listing: Names, *, retry_bad: bool = False) -> Index:
        """What is finished, from the parts themselves.

        A part is taken away, and its recordings are to be done again, where one of them has another size now, or is in
        another part already (a worker that nobody waited for any more may have finished it), or is bad and `retry_bad`.
        """
        parts = [_read(path) for path in sorted(self.rows.glob("part-*.parquet"))]
        of = np.repeat(np.arange(len(parts)), [len(part.keys) for part in parts])
        keys, sizes = (
            np.concatenate([np.empty(0, kind), *arrays])
            for kind, arrays in ((np.uint64, [part.keys for part in parts]), (np.int64, [part.sizes for part in parts]))
        )
        again = np.ones(len(keys), bool)
        again[np.unique(keys, return_index=True)[1]] = False
        wrong = set(of[again | _changed(keys, sizes, listing)])
        wrong |= {k for k, part in enumerate(parts) if part.bad and retry_bad}
        for k in sorted(wrong):
            self._take_away(parts[k].path)
        kept = [part for k, part in enumerate(parts) if k not in wrong]
        held = np.sort(np.concatenate([np.empty(0, np.uint64), *(part.keys for part in kept)]))
        return Index(held, sum(part.bad for part in kept), len(kept))

    def _take_away(self, rows: Path) -> None:
        try:
            rows.unlink()
            (self.waveforms / rows.name).unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(rows, error) from None

    @contextlib.contextmanager
    def draft(self, name: str) -> Iterator[Draft]:
        """A part being made: there once `publish` was called, and without a trace before. Raises OutputError."""
        twelve = self.waveforms if self.work.waveforms else None
        draft = Draft(name, self.drafts, self.rows, twelve)
        try:
            yield draft
        finally:
            draft.discard()

    def listed_bad(self) -> Iterator[tuple[str, str]]:
        """Recordings that could not be used, each with its reason, in order."""
        from pyarrow import parquet

        found: list[tuple[str, str]] = []
        for path in self.rows.glob("part-*.parquet"):
            held = parquet.read_table(path, columns=["recording", "status", "reason"], partitioning=None).to_pylist()
            found += [(row["recording"], row["reason"]) for row in held if row["status"] == BAD]
        return iter(sorted(found))


def _read(path: Path) -> _Part:
    """Raises InputError where a part is none of ours: nothing of ours is half-written."""
    import pyarrow
    from pyarrow import parquet

    try:
        held = parquet.read_table(path, columns=["key", "input_bytes", "status"], partitioning=None)
    except (pyarrow.ArrowException, OSError, KeyError) as error:
        what = f"{path} is damaged ({str(error).splitlines()[0]}): remove it, and its recordings are done again"
        raise InputError(what) from None
    bad = held["status"].to_pylist().count(BAD)
    return _Part(path, held["key"].to_numpy(), held["input_bytes"].to_numpy(), bad)


def _changed(keys: Keys, sizes: npt.NDArray[np.int64], listing: Names) -> npt.NDArray[np.bool_]:
    """Which of the recordings that are done have another size in the listing."""
    if not len(listing) or not len(keys):
        return np.zeros(len(keys), bool)
    order = np.argsort(listing.keys)
    at = np.searchsorted(listing.keys[order], keys).clip(0, len(order) - 1)
    known: npt.NDArray[np.bool_] = listing.keys[order][at] == keys
    other: npt.NDArray[np.bool_] = listing.sizes[order][at] != sizes
    return known & other
