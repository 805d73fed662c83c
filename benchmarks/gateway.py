"""How many patches one board holds, what each of them costs, and what one that has it hard does to the others.

    python -m benchmarks gateway
    python -m benchmarks gateway --counts 1,8 --seconds 20 --no-faults

Patches at 500 Hz with three channels, on pseudo-terminals, served by one process that replays bytes encoded beforehand
(its own processor time is told). `edge-gateway` runs as users run it, on two cores, with a page, a recording and events
for each patch. After a few seconds at rest it is noted for each process: processor time, resident memory (RSS), and the
share of it that is its own (PSS: pages that several processes share count as parts). The same patches with as many
`edge-run`, each a process of its own, tell what sharing saves.

Then eight patches, of which one has its process killed, or garbage in its line as fast as it goes; one more is added
and taken away, and one that sends at 50 times its pace; at last the gateway itself is killed. Late: how much later than
the least late the other patches' twelve leads were.

Exit code 1 where a sample of another patch was lost, or one was lost and not counted.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import result
from benchmarks.gateway_faults import faults
from benchmarks.gateway_host import Host, Taken, patches, taken
from edge.bench.fresh import command, environment
from edge.errors import UsageError
from edge.gateway.table import MOST_PATCHES

CORES = 2
SETTLE_S = 6.0  # after all are live
FULL = 0.9  # of the cores: with more the machine has no room for what comes at once
ALONE = 4  # edge-run processes, to compare with
PATCHES = 8  # of the faults


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--counts", default="1,4,16,32,64", help="patches, joined by commas (%(default)s)")
    parser.add_argument("--seconds", type=float, default=20.0, help="s that each count is measured for (%(default)g)")
    parser.add_argument("--no-faults", dest="faults", action="store_false", help="the costs alone")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "gateway.json", help="result file (%(default)s)")


def run(args: argparse.Namespace) -> int:
    counts = _counts(args.counts)
    cores = _two_cores()
    figures: dict[str, Any] = {"cores": len(cores), "seconds": args.seconds, "counts": {}}
    for count in counts:
        print(f"{count} patches", file=sys.stderr)
        figures["counts"][count] = told = costs(count, args.seconds, cores)
        if told["full"]:
            break  # more would only tell how it is when it is too much
    figures["alone"] = alone(ALONE, args.seconds, cores)
    figures["full_at"] = full_at(figures["counts"], len(cores))
    lost = sum(told["lost"] + told["uncounted"] for told in figures["counts"].values() if not told["full"])
    if args.faults:
        print(f"faults, {PATCHES} patches", file=sys.stderr)
        figures["faults"] = found = faults(PATCHES, cores)
        lost += sum(row["uncounted"] for row in found["patches"])
        lost += sum(row["others"]["gaps"] for row in found["rows"].values() if "others" in row)
    print(json.dumps(figures, indent=1))
    result.write(args.out, figures, ("numpy", "ai-edge-litert", "starlette", "uvicorn", "websockets"))
    return 1 if lost else 0


def costs(count: int, seconds: float, cores: set[int]) -> dict[str, Any]:
    """Of a gateway with `count` patches, for `seconds` after it has settled."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as told:
        folder = Path(told)
        host = Host(folder)
        names = {f"p{k}": str(folder / f"p{k}") for k in range(count)}
        with patches(folder, count, 3 * seconds + 90) as feeding:
            host.write(names)
            host.start(cores)
            try:
                host.until_live(names)
                time.sleep(SETTLE_S)
                before, fed, began = _all(host.pids()), _cpu_s(feeding.pid), time.monotonic()
                time.sleep(seconds)
                after, fed = _all(host.pids()), _cpu_s(feeding.pid) - fed
                took_s = time.monotonic() - began
                stop_s = host.stop()
            finally:
                host.stop(signal.SIGKILL)
        backlog = json.loads((folder / "patches.json").read_text())["backlog_bytes"]
        ends = [host.events(name, "summary")[-1] for name in names]
    used = {name: 100 * (after[name].cpu_s - before[name].cpu_s) / took_s for name in before}
    return _told(used, after, [*names], ends, len(cores), backlog) | {
        "patches_cpu_percent": round(100 * fed / took_s, 1),
        "backlog_bytes": backlog,
        "stopped_s": round(stop_s, 2),
    }


def _told(
    used: Mapping[str, float],
    after: Mapping[str, Taken],
    names: Sequence[str],
    ends: Sequence[Any],
    cores: int,
    backlog_bytes: int,
) -> dict[str, Any]:
    """Full: the cores are, or a patch's bytes had to wait for their process, which a real line would have lost."""
    samples = [end["samples"] for end in ends]
    whole = sum(used.values())
    mean = {
        what: round(sum(getattr(after[name], what) for name in names) / len(names), 1)
        for what in ("rss_mb", "pss_mb", "own_mb")
    }
    return {
        "cpu_percent": {
            "a_patch": round(sum(used[name] for name in names) / len(names), 2),
            "supervisor": round(used["gateway"], 2),
            "all": round(whole, 1),
        },
        "a_patch_mb": mean,
        "supervisor_mb": {"pss": after["gateway"].pss_mb, "nursery_pss": after["nursery"].pss_mb},
        "all_pss_mb": round(sum(one.pss_mb for one in after.values()), 1),
        "latency_ms": {
            "p50": sorted(end["latency_ms"]["p50"] for end in ends)[len(ends) // 2],
            "p99_worst": max(end["latency_ms"]["p99"] for end in ends),
        },
        "lost": sum(sum(one["lost"].values()) for one in samples),
        "uncounted": sum(one["out"] - one["in"] - sum(one["lost"].values()) for one in samples),
        "full": whole > 100 * FULL * cores or backlog_bytes > 0,
    }


def alone(count: int, seconds: float, cores: set[int]) -> dict[str, Any]:
    """As many `edge-run`, with recording, events and a page each."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as told:
        folder = Path(told)
        with patches(folder, count, 3 * seconds + 90):
            runs = []
            for k in range(count):
                out = ("--record", folder / f"rec{k}", "--events", folder / f"p{k}.jsonl", "--serve", 0)
                call = command("edge.cli.run", "--port", folder / f"p{k}", *out, "--view", "none")
                runs.append(subprocess.Popen(call, env=environment(), stderr=subprocess.DEVNULL))
                os.sched_setaffinity(runs[-1].pid, cores)
            try:
                time.sleep(SETTLE_S + 4.0)
                before, began = [taken(run.pid) for run in runs], time.monotonic()
                time.sleep(seconds)
                after = [taken(run.pid) for run in runs]
                took_s = time.monotonic() - began
            finally:
                for run in runs:
                    run.terminate()
                for run in runs:
                    run.wait()
    used = [100 * (b.cpu_s - a.cpu_s) / took_s for a, b in zip(before, after, strict=True)]
    mean = {what: round(sum(getattr(one, what) for one in after) / count, 1) for what in ("rss_mb", "pss_mb", "own_mb")}
    return {"runs": count, "cpu_percent": round(sum(used) / count, 2), "a_patch_mb": mean}


def full_at(counts: Mapping[int, Any], cores: int) -> dict[str, Any]:
    """Where FULL of the cores are taken: between two counts, and by what each costs of the most that were held."""
    most = 100 * FULL * cores
    fits = [count for count, told in counts.items() if not told["full"]]
    largest = max(fits, default=min(counts))
    each = counts[largest]["cpu_percent"]["all"] / largest
    return {
        "of_cores": FULL * cores,
        "held": max(fits, default=0),
        "not_held": min((count for count, told in counts.items() if told["full"]), default=None),
        "by_cost": int(most / each),
        "most_in_a_table": MOST_PATCHES,
    }


def _all(pids: Mapping[str, int]) -> dict[str, Taken]:
    return {name: taken(pid) for name, pid in pids.items()}


def _cpu_s(pid: int) -> float:
    return taken(pid).cpu_s


def _two_cores() -> set[int]:
    return {*sorted(os.sched_getaffinity(0))[:CORES]}


def _counts(text: str) -> list[int]:
    try:
        counts = [int(count) for count in text.split(",")]
    except ValueError:
        counts = []
    if not counts or not all(1 <= count <= MOST_PATCHES for count in counts):
        raise UsageError(f"--counts {text}: whole numbers from 1 to {MOST_PATCHES}, joined by commas")
    return sorted(counts)
