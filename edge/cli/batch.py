"""edge-batch: every recording of an archive through the road of edge-run, to rows that others can query."""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edge import __version__
from edge.cli.run import DISCLAIMER
from edge.cli.terminal import Parser, guarded, show
from edge.config import ENGINES, settings
from edge.errors import UsageError

if TYPE_CHECKING:
    from edge.batch.listing import Listing
    from edge.batch.parts import Archive
    from edge.batch.scheduler import Place
    from edge.batch.whole_archive import Outcome
    from edge.batch.work import Work

CHUNK = 100  # recordings a part: some 15 s of work are lost with a worker, and a million recordings are 10,000 files
SHOWN_REASONS = 8  # kinds, on the terminal; the file has every recording
QUERY = """\
SELECT recording, score_mi, quality FROM read_parquet('{rows}/*.parquet')
WHERE status = 'ok' AND score_mi > 0.8 AND quality > 0.5 ORDER BY score_mi DESC"""
EXAMPLE = "SELECT folder, avg(score_mi) FROM read_parquet('results/rows/*/*.parquet') GROUP BY folder"
EPILOG = f"""\
examples: edge-batch ptb-xl/records500 --out results --channels II,V1,V5
          edge-batch mimic-iv-ecg/record_list.csv --out results --workers 16 --waveforms
          edge-batch archive/RECORDS --out /shared/results --scheduler tcp://head:8786
          duckdb -c "{EXAMPLE}"

SOURCE is a folder (WFDB, EDF, DICOM; CSV where there is nothing else), a PhysioNet index (RECORDS), or a list with a
column `path` as Parquet or CSV. Workers of a real cluster need the same edge-ecg, and SOURCE and DIR under the same
names.

A part of the results is there whole or not at all, and what is there is not done again: after Ctrl-C, kill -9, a full
disk or a lost machine the same command goes on. Other channels, network or settings go to a folder of their own.

{DISCLAIMER}
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return guarded("edge-batch", lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    options = _parser().parse_args(argv)
    place, most = _place(options), _whole("--chunk", options.chunk, 1, 10_000)
    limit = None if options.limit is None else _whole("--limit", options.limit, 1, 10**9)
    from edge.batch.extra import needed

    needed("pyarrow")
    work = _work(options)
    from edge.batch.listing import listed
    from edge.batch.parts import Archive
    from edge.batch.whole_archive import process

    listing = listed(options.source, limit)
    if listing.repeated:
        print(f"edge-batch: {listing.repeated} names stood there twice, and count once", file=sys.stderr)
    archive = Archive(options.out, work)
    with archive.claimed():
        outcome = process(listing, archive, place, most=most, retry_bad=options.retry_bad)
        show(_summary(listing, archive, outcome))
    return 0


def _work(options: argparse.Namespace) -> Work:
    """Settings checked by the rules of edge-run's, and the network it would take. Raises UsageError, InputError."""
    from edge.batch.work import Work, manifest_sha256
    from edge.bundle import open_bundle
    from edge.choice import decide

    names = ("channels", "bundle", "engine", "variant", "hop", "mains", "classify")
    s = settings({"replay": str(options.source), **{name: getattr(options, name) for name in names}})
    bundle = open_bundle(s.bundle)
    decided = decide(s, bundle)
    if decided.ignored:
        print(f"edge-batch: {decided.ignored}", file=sys.stderr)
    network = decided.variant.name
    return Work(
        s.bundle.absolute(), manifest_sha256(bundle), network, s.channels, s.hop, s.mains, s.classify, options.waveforms
    )


def _place(options: argparse.Namespace) -> Place:
    from edge.batch.scheduler import MEMORY_MB, Place

    if options.scheduler is not None and options.workers is not None:
        raise UsageError("--workers and --scheduler exclude each other: a real cluster has its own workers")
    workers = _cores() if options.workers is None else _whole("--workers", options.workers, 0, 256)
    memory = MEMORY_MB if options.memory is None else _whole("--memory", options.memory, 256, 10**6)
    return Place(workers, options.scheduler, memory)


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0))


def _whole(option: str, text: str, least: int, most: int) -> int:
    if not re.fullmatch(r"[0-9]{1,12}", text) or not least <= int(text) <= most:
        raise UsageError(f"{option} is {text!r}: it must be a whole number from {least} to {most}")
    return int(text)


def _summary(listing: Listing, archive: Archive, outcome: Outcome) -> str:
    """What became of the recordings, where it is, and a question to ask of it."""
    total = len(listing.names)
    lines = [f"{total} recordings: {outcome.before} were done, {outcome.done} done now, {outcome.bad} bad"]
    if outcome.done and outcome.seconds:
        rate, mb = outcome.done / outcome.seconds, outcome.bytes / 1e6 / outcome.seconds
        lines[0] += f"; {outcome.seconds:.1f} s, {rate:.3g} recordings/s, {mb:.2g} MB/s"
    if outcome.stopped:
        lines[0] = f"stopped, and the same command goes on where this one ended; of {lines[0]}"
    if outcome.bad:
        lines += _bad(archive)
    lines.append(f"{outcome.parts} parts in {archive.rows}")
    if archive.work.waveforms:
        lines.append(f"twelve leads in {archive.waveforms}")
    return "\n".join([*lines, f'duckdb -c "{QUERY.format(rows=archive.rows)}"'])


def _bad(archive: Archive) -> list[str]:
    """Kinds of reasons, with an example each, and the file that has them all."""
    bad = list(archive.listed_bad())
    kinds: dict[str, tuple[str, str]] = {}
    counts: Counter[str] = Counter()
    for name, reason in bad:
        kind = re.sub(r"\d[\d.]*", "N", reason.replace(name, "NAME"))
        kinds.setdefault(kind, (name, reason))
        counts[kind] += 1
    lines = [f"  {count:6} as {': '.join(kinds[kind])}" for kind, count in counts.most_common(SHOWN_REASONS)]
    if len(kinds) > SHOWN_REASONS:
        lines.append(f"  and {len(kinds) - SHOWN_REASONS} kinds more")
    path = archive.tell(f"bad-{archive.work.identity}.txt", "".join(f"{name}: {reason}\n" for name, reason in bad))
    return [*lines, f"  all of them: {path}"]


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="edge-batch",
        description="Reconstructs and reads every recording of an archive, on all cores or a Dask cluster.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("source", metavar="SOURCE", type=Path, help="a folder, a RECORDS file, or a list (see below)")
    add = parser.add_argument
    add(
        "--out", metavar="DIR", type=Path, required=True, help="results, as partitioned Parquet; goes on where it ended"
    )
    add("--waveforms", action="store_true", help="the twelve leads too: microvolts, origin and standard deviation")
    add("--limit", metavar="N", help="only the first N recordings")
    add("--retry-bad", action="store_true", help="do parts with bad recordings again")
    add = parser.add_argument_group("where").add_argument
    add("--workers", metavar="N", help="processes on this machine (default: its cores; 0: in this one, without Dask)")
    add("--scheduler", metavar="tcp://HOST:PORT", help="of a Dask cluster, instead")
    add("--chunk", metavar="N", help=f"recordings a part (default {CHUNK})", default=str(CHUNK))
    add("--memory", metavar="MB", help="a worker that holds more is started anew (default 2048)")
    add = parser.add_argument_group("as edge-run has it").add_argument
    add("--channels", metavar="II,V1,V5", help="which leads to use: a 12-lead archive pretends to be of a patch")
    add("--mains", metavar="HZ", help="a notch at 50 or 60 Hz, or off (default)")
    add("--hop", metavar="S", help="seconds between windows of 2 s (default 1)")
    add("--bundle", metavar="DIR", help="the network to use (default: the one that comes with edge-ecg)")
    add("--engine", choices=ENGINES, help="what runs it (default: as edge-run decides)")
    add("--variant", metavar="NAME", help="which of the bundle's variants (default: likewise)")
    add("--no-classify", dest="classify", action="store_false", default=None, help="without the bundle's classifier")
    parser.add_argument("--version", action="version", version=f"edge-batch {__version__}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
