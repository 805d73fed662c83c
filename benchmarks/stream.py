"""What a live run costs, how soon it starts, and how fast a recording is worked through.

    python -m benchmarks stream --rates 250,500,1000 --duration 60
    python -m benchmarks stream --variants litert-float32,onnx-float32 --rates 500

A virtual patch in a process of its own sends II, V1 and V5 over a pseudo-terminal; `edge-run --port` runs as users run
it, with events and a recording. Measured from outside: processor time and resident memory of edge-run alone; and by its
own account when its first samples came in and when the first reconstructed sample went out. The parts are timed alone,
on the same signal, in one process. A replay has no pace and no recording. What is imported is looked at in runs of
their own: the times by `python -X importtime`, the memory from inside.

Exit code 1 where a live run imports what it has no business with: another engine, or a library for files.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import result, stream_imports
from edge.bench.fresh import command, environment
from edge.bundle import RATE, Bundle, open_bundle
from edge.bundle_file import Variant
from edge.errors import UsageError
from edge.leads import LEAD
from edge.pipeline import MAX_RATE, MIN_RATE, Pipeline
from edge.recordings.writer import WfdbWriter
from edge.synthetic import synthesise
from edge.timeline import Chunk

LEADS = ("II", "V1", "V5")
MESSAGE_S = 0.02  # of signal a chunk, as a patch sends them
SETTLED_S = 5.0  # after the start: from here on the processor time counts
LOOK_S = 0.25
IMPORT_RUNS = 3
IMPORT_S = 3.0  # of signal: a window, and all that is imported late
AIMS = {"cpu_percent": 3.0, "rss_mb": 130.0, "first_input_s": 1.0}  # at 500 Hz


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rates", default="250,500,1000", help="Hz of the patch, joined by commas (%(default)s)")
    parser.add_argument("--duration", type=float, default=60.0, help="s of signal a live run (%(default)g)")
    parser.add_argument("--replay", type=float, default=600.0, help="s of signal of the recording (%(default)g)")
    parser.add_argument("--variants", help="of the bundle, joined by commas (its first)")
    parser.add_argument("--view", default="none", help="none (default), plain or live")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "stream.json", help="result file (%(default)s)")


def run(args: argparse.Namespace) -> int:
    bundle, rates = open_bundle(), _rates(args.rates)
    if args.duration <= SETTLED_S + 1:
        raise UsageError(f"--duration {args.duration:g}: what a run costs is told after {SETTLED_S + 1:g} s")
    names = args.variants.split(",") if args.variants else [bundle.variants[0].name]
    figures, unwanted = {}, []
    for variant in [bundle.choose(precision=name) for name in names]:
        figures[variant.name] = told = _measured(bundle, variant, rates, args)
        unwanted += told["imports"]["unwanted"]
    print(json.dumps(figures, indent=1))
    result.write(args.out, figures, ("numpy", "ai-edge-litert", "onnxruntime", "pyserial"))
    return 1 if unwanted else 0


def _rates(text: str) -> list[float]:
    try:
        rates = [float(rate) for rate in text.split(",")]
    except ValueError:
        rates = []
    if not rates or not all(MIN_RATE <= rate <= MAX_RATE for rate in rates):
        raise UsageError(f"--rates {text}: must be numbers from {MIN_RATE:g} to {MAX_RATE:g}, joined by commas")
    return rates


def _measured(bundle: Bundle, variant: Variant, rates: Sequence[float], args: argparse.Namespace) -> dict[str, Any]:
    told: dict[str, Any] = {"live": {}, "parts_percent_of_a_core": {}, "replay": {}}
    for rate in rates:
        print(f"{variant.name}, {rate:g} Hz", file=sys.stderr)
        told["live"][f"{rate:g} Hz"] = live(variant, rate, args.duration, args.view)
        told["parts_percent_of_a_core"][f"{rate:g} Hz"] = parts(bundle, variant, rate, args.duration)
        told["replay"][f"{rate:g} Hz"] = replay(variant, rate, args.replay)
    told["aims"] = {}
    if at_500 := told["live"].get(f"{RATE:g} Hz"):
        reached = {"cpu_percent": at_500["cpu_percent"], "rss_mb": at_500["rss_mb_peak"]}
        reached["first_input_s"] = at_500["first_input_s_after_start"]
        told["aims"] = {name: {"aim": aim, "is": reached[name]} for name, aim in AIMS.items()}
    told["imports"] = imports(variant)
    return told


@contextlib.contextmanager
def patch(rate: float, seconds: float) -> Iterator[str]:
    """The port of a patch that begins when a host greets it."""
    with tempfile.TemporaryDirectory() as folder:
        port = f"{folder}/patch"
        of = ("--synthetic", "sinus", "--rate", rate, "--duration", seconds, "--seed", 1)
        call = command("edge.cli.patch", "--pty", port, *of)
        process = subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())
        try:
            while not Path(port).exists():
                if process.poll() is not None:
                    raise RuntimeError(f"edge-patch ended with {process.returncode}: {' '.join(call)}")
                time.sleep(0.01)
            yield port
        finally:
            process.terminate()
            process.wait()


def network(variant: Variant) -> tuple[str, ...]:
    return ("--engine", variant.engine, "--variant", variant.name, "--threads", "1")


def live(variant: Variant, rate: float, seconds: float, view: str) -> dict[str, Any]:
    with patch(rate, seconds) as port, tempfile.TemporaryDirectory() as folder:
        events = Path(folder) / "events.jsonl"
        out = ("--events", events, "--record", folder, "--view", view)
        began = time.monotonic()
        host = subprocess.Popen(command("edge.cli.run", "--port", port, *network(variant), *out), env=environment())
        usage: dict[float, tuple[float, float, float]] = {}  # by time since the start
        try:
            while host.poll() is None:
                if now := _usage(host.pid):
                    usage[time.monotonic() - began] = now
                time.sleep(LOOK_S)
        finally:
            host.kill()  # where it has not ended, this has
        if host.returncode:
            raise RuntimeError(f"edge-run ended with {host.returncode} at {rate:g} Hz")
        summary = json.loads(events.read_text().splitlines()[-1])
    at, until = min(t for t in usage if t > SETTLED_S), max(usage)
    return {
        "seconds": seconds,
        "samples": summary["samples"],
        "cpu_percent": round(100 * (usage[until][0] - usage[at][0]) / (until - at), 2),
        "cpu_s_before_5_s": round(usage[at][0], 2),
        "rss_mb_at_5_s": round(usage[at][1], 1),
        "rss_mb_at_end": round(usage[until][1], 1),
        "rss_mb_peak": round(usage[until][2], 1),
        "first_input_s_after_start": summary["start_up"]["first_input_s"],
        "first_reconstructed_s_after_first_input": summary["start_up"]["first_reconstructed_s"],
        "latency_ms": summary["latency_ms"],
    }


def _usage(pid: int) -> tuple[float, float, float] | None:
    """Processor seconds, resident MB and their most of a process, or None when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        now_mb, peak_mb = (int(status[key].split()[0]) * 1024 / 1e6 for key in ("VmRSS", "VmHWM"))
    except (OSError, IndexError, KeyError):  # a process that has ended, and is not waited for, has no memory
        return None
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), now_mb, peak_mb


class _Timed:
    """A stage, and the processor time it took."""

    def __init__(self, stage: Any) -> None:
        self._stage, self.seconds = stage, 0.0

    def push(self, *items: Any) -> Any:
        began = time.process_time()
        out = self._stage.push(*items)
        self.seconds += time.process_time() - began
        return out

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stage, name)


def parts(bundle: Bundle, variant: Variant, rate: float, seconds: float) -> dict[str, float]:
    signal = synthesise("sinus", seconds, rate, seed=1).mv[:, [LEAD[name] for name in LEADS]]
    engine = bundle.load(variant)
    pipeline = Pipeline(LEADS, rate, bundle=bundle, engine=engine)
    stages: dict[str, _Timed] = {}
    monitor = pipeline.monitor
    owners = {"timeline": pipeline, "quality": monitor, "beats": monitor, "interpreter": monitor, "twelve": pipeline}
    for name, owner in owners.items():
        stages[name] = _Timed(getattr(owner, name))
        setattr(owner, name, stages[name])
    for k, stage in enumerate(pipeline._front):
        stages[type(stage).__name__.lower()] = pipeline._front[k] = _Timed(stage)  # type: ignore[call-overload]
    message = round(MESSAGE_S * rate)
    began = time.process_time()
    for at in range(0, len(signal), message):
        pipeline.push(Chunk(at, signal[at : at + message]))
    whole = time.process_time() - began
    share = {name: round(100 * stage.seconds / seconds, 3) for name, stage in stages.items()}
    x = np.zeros((24, bundle.window), np.float32)
    began = time.process_time()
    for _ in range(100):
        engine.infer(x)
    share["of twelve: network"] = round(100 * (time.process_time() - began) / 100, 3)  # one window a second
    return share | {"pipeline in all": round(100 * whole / seconds, 3)}


def replay(variant: Variant, rate: float, seconds: float) -> dict[str, float]:
    """Of a recording of `seconds`: how many times as fast as it was made, by the clock from its first sample on."""
    with tempfile.TemporaryDirectory() as folder:
        mv = synthesise("sinus", seconds, rate, seed=1).mv[:, [LEAD[name] for name in LEADS]]
        with WfdbWriter(Path(folder), "rec", rate, LEADS) as writer:
            writer.write(0, mv)
        summary = Path(folder) / "summary.json"
        out = ("--speed", "max", "--summary", summary, "--events", Path(folder) / "events.jsonl", "--view", "none")
        call = command("edge.cli.run", "--replay", f"{folder}/rec.hea", *network(variant), *out)
        cpu_s, began = _children_s(), time.monotonic()
        _ran(call)
        took_s, cpu_s = time.monotonic() - began, _children_s() - cpu_s
        first_s = json.loads(summary.read_text())["start_up"]["first_input_s"]
    return {
        "seconds": seconds,
        "took_s": round(took_s, 2),
        "cpu_s": round(cpu_s, 2),
        "first_input_s_after_start": first_s,
        "times_real_time": round(seconds / (took_s - first_s)),
        "times_real_time_by_processor_time": round(seconds / cpu_s),  # the start's included,
    }


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def imports(variant: Variant) -> dict[str, Any]:
    """Of a live run at 500 Hz with events and a recording."""
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "notes.json"
        times = [
            stream_imports.self_ms(_short(variant, [sys.executable, "-P", "-X", "importtime", "-m", "edge.cli.run"]))
            for _ in range(IMPORT_RUNS)
        ]
        _short(variant, command("benchmarks.stream_inside", notes))
        inside = json.loads(notes.read_text())
    ms = stream_imports.middle(times)
    costs = (ms, inside["import_mb"], inside["asked_by"])
    return {
        "self_ms_in_all": round(sum(ms.values()), 1),
        "resident_mb": {when: round(mb, 1) for when, mb in inside["resident_mb"].items()},
        "packages": stream_imports.by_package(*costs),
        "lines": stream_imports.by_line(*costs),
        "engines": stream_imports.engines_in(inside["modules"]),
        "unwanted": stream_imports.unwanted(inside["modules"], variant.engine),
    }


def _short(variant: Variant, start: Sequence[str]) -> str:
    """What a short live run says on standard error."""
    with patch(RATE, IMPORT_S) as port, tempfile.TemporaryDirectory() as folder:
        out = ("--events", f"{folder}/events.jsonl", "--record", folder, "--view", "none")
        call = [*start, "--port", port, *network(variant), *out]
        return _ran(call)


def _ran(call: Sequence[str]) -> str:
    """What edge-run says on standard error. Raises RuntimeError where it fails."""
    done = subprocess.run(call, capture_output=True, text=True, env=environment())
    if done.returncode:
        last = (done.stderr.splitlines() or ["it says no more"])[-1]
        raise RuntimeError(f"edge-run ended with {done.returncode}: {last}")
    return done.stderr
