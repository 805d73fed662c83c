"""What an archive costs: recordings a second in one process, on one and two workers, and as it grows tenfold.

    python -m benchmarks batch
    python -m benchmarks batch --recordings 500 --overhead 100000

The archive is synthetic, by repetition (`benchmarks/batch_archive.py`). `throughput` and `growth` are the user's
command with all it does, start included: `--recordings` in one process, on one worker and on two; ten times as many on
two. `overhead` is everything but the signal's own road (the listing, the tasks, the parts, the index), with a work that
only reads headers, over a tenth of `--overhead` recordings and over all of them; memory is looked at from outside,
four times a second. Writes batch.json, and the page batch.md with a plan for MIMIC-IV-ECG.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import batch_page, result
from benchmarks.batch_archive import make
from benchmarks.batch_run import LOOK_S, Memory, timed
from edge.bench.fresh import command, environment
from edge.errors import UsageError

LEADS = "II,V1,V5"
TENFOLD = 10
PACKAGES = ("numpy", "ai-edge-litert", "dask", "distributed", "pyarrow")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recordings", type=int, default=150, help="of 10 s, in each small run (%(default)s)")
    parser.add_argument(
        "--overhead", type=int, default=100_000, help="recordings of the run without signal (%(default)s)"
    )
    parser.add_argument("--work", type=Path, help="where the archive is made and removed (default: a temporary folder)")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "batch.json", help="result file (%(default)s)")


def run(args: argparse.Namespace) -> int:
    if args.recordings < TENFOLD or args.overhead < TENFOLD * args.recordings:
        raise UsageError("--recordings from 10 on, and --overhead at least ten times as many")
    with tempfile.TemporaryDirectory(dir=args.work) as folder:
        figures = measured(Path(folder), args.recordings, args.overhead)
    print(json.dumps(figures, indent=1))
    result.write(args.out, figures, PACKAGES)
    batch_page.write(args.out.parent)
    return 0


def measured(folder: Path, recordings: int, overhead: int) -> dict[str, Any]:
    began = time.monotonic()
    index = make(folder / "archive", overhead)
    print(f"made {overhead} recordings in {time.monotonic() - began:.0f} s", file=sys.stderr)
    few, many = (str(n) for n in (recordings, TENFOLD * recordings))
    figures: dict[str, Any] = {"throughput": {}, "leads": LEADS, "seconds_a_recording": 10}
    common = ("--channels", LEADS)
    for workers in (0, 1, 2):
        print(f"{few} recordings, workers: {workers}", file=sys.stderr)
        out = folder / f"out{workers}"
        figures["throughput"][str(workers)] = timed(
            index, out, "--workers", workers, "--limit", few, *common, *chunk(few)
        )
    print(f"{many} recordings, workers: 2", file=sys.stderr)
    grown = folder / "grown"
    figures["growth"] = timed(index, grown, "--workers", 2, "--limit", many, *common, "--waveforms")
    figures["bytes_a_recording"] = {
        kind: round(_bytes(grown / kind) / figures["growth"]["recordings"]) for kind in ("rows", "waveforms")
    }
    figures["efficiency"] = efficiency(figures)
    figures["overhead"] = [_overhead(folder, index, n) for n in (overhead // TENFOLD, overhead)]
    return figures


def chunk(recordings: str) -> tuple[str, str]:
    """Parts small enough that two workers end together."""
    return "--chunk", str(max(1, int(recordings) // 10))


def efficiency(figures: dict[str, Any]) -> dict[str, float]:
    """Of workers, beside as many single processes: whole commands, start included, and without the start.

    Without: one process by its own account, which leaves its imports out; two workers by the difference of the two
    sizes, which the start is in twice.
    """
    small, grown = figures["throughput"], figures["growth"]
    one, alone = small["0"]["recordings_a_s"], small["0"]["recordings"] / small["0"]["work_s"]
    more = (grown["recordings"] - small["2"]["recordings"]) / (grown["seconds"] - small["2"]["seconds"])
    return {
        "one_worker": round(small["1"]["recordings_a_s"] / one, 3),
        "two_workers": round(small["2"]["recordings_a_s"] / one / 2, 3),
        "two_workers_without_start": round(more / alone / 2, 3),
        "recordings_a_s_without_start": round(more, 3),
    }


def _overhead(folder: Path, index: Path, recordings: int) -> dict[str, Any]:
    print(f"{recordings} recordings, headers only", file=sys.stderr)
    source = index.with_name(f"RECORDS-{recordings}")
    with index.open() as names:
        source.write_text("".join(name for name, _ in zip(names, range(recordings), strict=False)))
    memory = Memory()
    call = command("benchmarks.batch_inside", source, folder / f"over{recordings}", 2)
    with subprocess.Popen(call, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            memory.look(process.pid)
            time.sleep(LOOK_S)
        told = process.communicate()[0]
    if process.returncode:
        raise RuntimeError(f"benchmarks.batch_inside ended with {process.returncode}")
    figures: dict[str, Any] = json.loads(told.splitlines()[-1])
    return figures | memory.told()


def _bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.parquet"))
