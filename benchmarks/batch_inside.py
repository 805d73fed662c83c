"""edge-batch over an archive with a work that costs next to nothing: what remains is listing, engine, parts and index.

    python -m benchmarks.batch_inside SOURCE OUT WORKERS

Run in a process of its own; prints JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from edge.batch import whole_archive
from edge.batch.chunk import Chunk, Done, Job
from edge.batch.engine import resident_mb
from edge.batch.listing import listed
from edge.batch.names import key_of
from edge.batch.parts import Archive
from edge.batch.row import OK
from edge.batch.scheduler import Place
from edge.batch.work import Work, manifest_sha256
from edge.bundle import open_bundle
from edge.recordings.wfdb_file import read_header


def headers_only(job: Job, chunk: Chunk) -> Done:
    """A row of each recording's header; its samples stay unread."""
    with Archive(job.out, job.work).draft(chunk.name) as draft:
        draft.publish(_row(job, name, size) for name, size in zip(chunk.recordings, chunk.sizes, strict=True))
    return Done(len(chunk.recordings), 0, sum(chunk.sizes))


def _row(job: Job, name: str, size: int) -> dict[str, Any]:
    header = read_header(job.root / f"{name}.hea")
    folder = name.rpartition("/")[0]
    told = {"key": key_of(name), "recording": name, "folder": folder, "input_bytes": size, "status": OK}
    return told | {"input_rate_hz": header.rate, "samples_in": header.frames}


def main(source: Path, out: Path, workers: int) -> None:
    from benchmarks import batch_inside  # by its name, as the workers import it

    whole_archive.processed = batch_inside.headers_only  # type: ignore[assignment]
    bundle = open_bundle()
    archive = Archive(out, Work(bundle.path, manifest_sha256(bundle), bundle.choose().name))
    before_mb, began = resident_mb(), time.monotonic()
    listing = listed(source)
    listed_s, listing_mb = time.monotonic() - began, resident_mb() - before_mb
    with archive.claimed():
        outcome = whole_archive.process(listing, archive, Place(workers), most=100)
        began = time.monotonic()
        again = whole_archive.process(listed(source), archive, Place(workers), most=100)
    assert (outcome.done, again.done) == (len(listing.names), 0)
    figures = {"recordings": outcome.done, "listing_s": round(listed_s, 3), "listing_mb": round(listing_mb, 1)}
    figures |= {"engine_s": round(outcome.seconds, 2), "nothing_to_do_s": round(time.monotonic() - began, 2)}
    print(json.dumps(figures))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
