"""python -m benchmarks stream: what a live run costs, and how soon it starts.

    python -m benchmarks stream --seconds 60

A virtual patch in a process of its own sends 3 leads at 500 Hz over a pseudo-terminal; `edge-run --port` runs as users
run it, with events and a recording. Measured from outside: processor time and resident memory of edge-run alone, when
its first samples came in and when the first reconstructed sample went out. The parts are timed alone, on the same
signal, in one process.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import result
from edge.bundle import RATE, open_bundle
from edge.pipeline import Pipeline
from edge.synthetic import synthesise
from edge.timeline import Chunk

LEADS = ("II", "V1", "V5")
COLUMNS = [1, 6, 10]
FRAME = 10  # samples a chunk, as a patch sends them


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--view", default="none", help="none (default), plain or live")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "stream.json")


def run(args: argparse.Namespace) -> int:
    figures = {
        "live": _live(args.seconds, args.view),
        "parts_percent_of_a_core": _parts(args.seconds),
        "imports": _imports(),
    }
    print(json.dumps(figures, indent=1))
    result.write(
        args.out,
        figures,
        ("numpy", "scipy", "ai-edge-litert"),
    )
    return 0


def _live(seconds: float, view: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        port, events = f"{folder}/patch", Path(folder) / "events.jsonl"
        command = [
            sys.executable,
            "-m",
            "edge.cli.patch",
            "--pty",
            port,
            "--synthetic",
            "sinus",
            "--duration",
            str(seconds),
        ]
        patch = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not Path(port).exists():
            if patch.poll() is not None:
                raise RuntimeError(f"edge-patch ended with {patch.returncode}: {' '.join(command)}")
            time.sleep(0.01)
        command = [
            sys.executable,
            "-m",
            "edge.cli.run",
            "--port",
            port,
            "--events",
            str(events),
            "--record",
            folder,
            "--view",
            view,
        ]
        began = time.monotonic()
        host = subprocess.Popen(command)
        usage: dict[float, tuple[float, float]] = {}
        while host.poll() is None:
            usage[time.monotonic() - began] = _usage(host.pid) or (0.0, 0.0)
            time.sleep(0.25)
        patch.wait()
        lines = [json.loads(line) for line in events.read_text().splitlines()]
    alive = {t: u for t, u in usage.items() if u[1]}
    at, until = min(t for t in alive if t > 5), max(alive)
    summary = lines[-1]
    return {
        "seconds": seconds,
        "samples": summary["samples"],
        "cpu_percent": round(100 * (alive[until][0] - alive[at][0]) / (until - at), 2),
        "cpu_s_before_5_s": round(alive[at][0], 2),
        "rss_mb_at_5_s": alive[at][1],
        "rss_mb_at_end": alive[until][1],
        "first_input_s_after_start": summary["start_up"]["first_input_s"],
        "first_reconstructed_s_after_first_input": summary["start_up"]["first_reconstructed_s"],
        "latency_ms": summary["latency_ms"],
    }


def _usage(pid: int) -> tuple[float, float] | None:
    """Processor seconds and resident MB of a process, or None when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return None
    ticks = os.sysconf("SC_CLK_TCK")
    return (int(fields[11]) + int(fields[12])) / ticks, round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


class _Timed:
    """A stage, and the processor time it took."""

    def __init__(self, stage: Any) -> None:
        self._stage, self.seconds = stage, 0.0

    def push(self, item: Any) -> Any:
        began = time.process_time()
        out = self._stage.push(item)
        self.seconds += time.process_time() - began
        return out

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stage, name)


def _parts(seconds: float) -> dict[str, float]:
    signal = synthesise("sinus", seconds, RATE, seed=1).mv[:, COLUMNS]
    bundle = open_bundle()
    pipeline = Pipeline(LEADS, RATE, bundle=bundle, engine=bundle.load(bundle.choose()))
    stages: dict[str, _Timed] = {}
    for k, stage in enumerate(pipeline._front):
        stages[type(stage).__name__.lower()] = pipeline._front[k] = _Timed(stage)  # type: ignore[call-overload]
    for name in ("timeline", "quality", "beats", "twelve"):
        timed = _Timed(getattr(pipeline, name))
        stages[name] = timed
        setattr(pipeline, name, timed)
    began = time.process_time()
    for at in range(0, len(signal), FRAME):
        pipeline.push(Chunk(at, signal[at : at + FRAME]))
    whole = time.process_time() - began
    share = {name: round(100 * stage.seconds / seconds, 3) for name, stage in stages.items()}
    engine, x = bundle.load(bundle.choose()), np.zeros((24, bundle.window), np.float32)
    began = time.process_time()
    for _ in range(100):
        engine.infer(x)
    share["of twelve: network"] = round(100 * (time.process_time() - began) / 100, 3)  # one window a second
    return share | {"pipeline in all": round(100 * whole / seconds, 3)}


def _imports() -> dict[str, float]:
    """Seconds of a fresh interpreter until each of these is imported; the medians of five."""
    out = {}
    for module in ("sys", "numpy", "scipy.signal", "edge.pipeline", "edge.cli.run"):
        took = []
        for _ in range(5):
            began = time.monotonic()
            subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
            took.append(time.monotonic() - began)
        out[module] = round(float(np.median(took)), 3)
    return out
