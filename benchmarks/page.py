"""python -m benchmarks page: what the live page costs a run, and whether a page that does not read costs it more.

    python -m benchmarks page --pages none,0,1,10 --duration 40

A virtual patch in a process of its own sends II, V1 and V5 at 500 Hz over a pseudo-terminal in real time; `edge-run`
runs as users run it, without `--serve` (none), and with it and so many pages, which are a third process. Of ten, one is
stuck: it opens the socket and never reads. Of edge-run alone: processor time and resident memory, from outside; its
latency, from a sample's arrival to its twelve leads, by its own account (a hop of 1 s is in it); what was sent, skipped
and dropped. Of the pages: how long after the run gave a stretch away each had it, on the same machine.

Exit code 1 where a page that reads missed a sample, or the stuck one was not dropped.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import result
from benchmarks.stream import LOOK_S, SETTLED_S, _usage, patch
from edge.bench.fresh import command, environment
from edge.errors import UsageError

Figures = dict[str, Any]
NONE = "none"
STUCK_OF = 10  # pages and more: one of them is
START_S = 30.0  # in which a run says where its page is
RATE = 500.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pages", default="none,0,1,10", help="that look on, joined by commas (%(default)s)")
    parser.add_argument("--duration", type=float, default=40.0, help="s of signal a run (%(default)g)")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "page.json", help="result file (%(default)s)")


def run(args: argparse.Namespace) -> int:
    if args.duration < 35:
        raise UsageError(f"--duration {args.duration:g}: at least 35 s, for a page that does not read to be found out")
    pages = [NONE if name == NONE else int(name) for name in args.pages.split(",")]
    figures: Figures = {"hz": RATE, "duration_s": args.duration, "pages": {}}
    for count in pages:
        figures["pages"][str(count)] = told = _run(count, args.duration)
        print(f"{count} pages: {json.dumps(told)}", flush=True)
    result.write(args.out, figures, ("numpy", "starlette", "uvicorn", "websockets"))
    return 0 if all(_good(of) for of in figures["pages"].values()) else 1


def _good(of: Figures) -> bool:
    return not of.get("read", {}).get("samples_missed") and of.get("sent", {}).get("dropped", 0) == of["stuck"]


def _run(pages: int | str, seconds: float) -> Figures:
    stuck = int(pages != NONE and int(pages) >= STUCK_OF)
    with patch(RATE, seconds) as port, tempfile.TemporaryDirectory() as folder:
        events = Path(folder) / "events.jsonl"
        how = () if pages == NONE else ("--serve", 0)
        call = command("edge.cli.run", "--port", port, "--view", "none", "--threads", 1, "--events", events, *how)
        host = subprocess.Popen(call, env=environment(), stderr=subprocess.PIPE, text=True)
        try:
            url = "" if pages == NONE else _url(host)
            looking = _looking(url, int(pages) - stuck, stuck) if url and int(pages) else None
            usage, sent = _watched(host, url)
            read = json.loads(looking.communicate(timeout=START_S)[0]) if looking else {}
        finally:
            host.kill()
            host.communicate()
        lines = [json.loads(line) for line in events.read_text().splitlines()]
    return _told(usage, lines, stuck) | ({"sent": sent} if sent else {}) | ({"read": read} if read else {})


def _url(host: subprocess.Popen[str]) -> str:
    assert host.stderr is not None
    line = host.stderr.readline()
    if "http://" not in line:
        raise RuntimeError(f"edge-run says {line!r}")
    return "http://" + line.partition("http://")[2].split()[0]


def _looking(url: str, reading: int, stuck: int) -> subprocess.Popen[str]:
    call = [sys.executable, "-m", "benchmarks.page_clients", url, str(reading), str(stuck)]
    return subprocess.Popen(call, stdout=subprocess.PIPE, text=True)


def _watched(host: subprocess.Popen[str], url: str) -> tuple[dict[float, tuple[float, float, float]], Figures]:
    """Until the run ends: what it used by the time since now, and what its page last said of itself."""
    usage: dict[float, tuple[float, float, float]] = {}
    sent: Figures = {}
    began, due = time.monotonic(), 2.0
    while host.poll() is None:
        at = time.monotonic() - began
        if now := _usage(host.pid):
            usage[at] = now
        if url and at >= due:
            due = at + 2.0
            try:
                with urllib.request.urlopen(url + "api/run", timeout=2) as answer:
                    sent = json.load(answer)["page"]
            except OSError:  # it has just ended
                pass
        time.sleep(LOOK_S)
    if host.returncode:
        raise RuntimeError(f"edge-run ended with {host.returncode}")
    return usage, sent


def _told(usage: dict[float, tuple[float, float, float]], lines: Sequence[Figures], stuck: int) -> Figures:
    at, until = min(t for t in usage if t > SETTLED_S), max(usage)
    summary = lines[-1]
    return {
        "stuck": stuck,
        "cpu_percent": round(100 * (usage[until][0] - usage[at][0]) / (until - at), 2),
        "rss_mb_at_end": round(usage[until][1], 1),
        "rss_mb_peak": round(usage[until][2], 1),
        "latency_ms": summary["latency_ms"],
        "lost": sum(summary["samples"]["lost"].values()),
    }
