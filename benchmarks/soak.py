"""Hours of signal in minutes, through the whole device road without a clock: does anything grow?

    python -m benchmarks soak --hours 4

A patch in software (II, V1, V5 at 500 Hz) sends its bytes with frames lost and corrupted, an electrode off, a link
that goes and returns, reboots, garbage; they go through decoder, timeline, all stages and the network into the sinks
of a live run: events as JSON lines, twelve leads and raw samples as WFDB, the alerts' log and strips. Every minute of
signal it is noted:

memory     resident MB
queue      the most samples (of 500 Hz) inside the pipeline: come, or counted as lost, and not out yet
stages     processor time of pipeline and sinks, ms a second of signal
road       the same with the decoder, and with the patch itself
yardstick  the same of a pipeline that is always young, on the same signal again and again, in the midst of it all:
           stages and road are judged as multiples of it, for what else a machine does slows down all three
files      open ones

After a tenth as warm-up each may grow no faster than its limit. One is broken where the whole 95 % interval of its
growth lies beyond; where the interval is too wide to tell, that is said. At the end all samples must be accounted for:
by the patch, on the timeline, in twelve leads, in the recording, in the events. Exit code 1 where anything is broken.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import result
from benchmarks.fault_check import HELD
from benchmarks.growth import Growth, Limit, growth
from benchmarks.soak_account import Accounts, wrong
from benchmarks.soak_inside import Course
from edge.bench.fresh import command, environment
from edge.bundle import RATE, open_bundle
from edge.errors import UsageError

ALWAYS = ("drop:p=0.01", "corrupt:p=0.005", "duplicate:p=0.005")
PERIOD_S = 600.0  # in which each of these strikes once
NOW_AND_THEN = (  # kind, at (s of the period), settings
    ("unplug", 95, "for=5"),
    ("off", 210, "for=30,electrode=V5"),
    ("off", 330, "for=10,electrode=LL,reads=noise"),
    ("reboot", 425, "for=2"),
    ("garbage", 505, "bytes=512"),
)
POINTS = 25  # of the course, in the result
WHOLE = 0.99  # of the samples asked for: with fewer the soak was stopped (SIGTERM), and tells how long it was

BROKEN = "broken"
LIMITS = {
    "memory": Limit("MB", 1.0, 0.5),
    "queue": Limit("samples", 0.0, 100.0),
    "stages": Limit("%", 5.0, 5.0, relative=True),
    "road": Limit("%", 5.0, 5.0, relative=True),
    "files": Limit("files", 0.0, 0.5),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--hours", type=float, default=4.0, help="h of signal (%(default)g)")
    parser.add_argument("--every", type=float, default=60.0, help="s of signal between two notes (%(default)g)")
    parser.add_argument("--rate", type=float, default=RATE, help="Hz of the patch (%(default)g)")
    parser.add_argument("--variant", help="of the bundle (its first)")
    parser.add_argument("--seed", type=int, default=0, help="of signal and faults (%(default)s)")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "soak.json", help="result file (%(default)s)")


def run(args: argparse.Namespace) -> int:
    if not (args.hours > 0 and args.every > 0):
        raise UsageError("--hours and --every must be more than 0")
    variant = open_bundle().choose(precision=args.variant).name
    accounts, course = _soaked(args, variant)
    stopped = accounts.sampled < 3600 * args.hours * args.rate * WHOLE
    broken = wrong(accounts) | ({} if course.held <= HELD else {"bounded": f"{course.held} samples held"})
    judged = course.of | {name: in_yardsticks(course, name) for name in ("stages", "road")}
    grown = {name: growth(course.hours, judged[name], relative=limit.relative) for name, limit in LIMITS.items()}
    verdicts = {name: verdict(LIMITS[name], found) for name, found in grown.items()}
    print(table(course, grown, verdicts))
    for name, reason in broken.items():
        print(f"{name}: {reason}", file=sys.stderr)
    figures = {
        "hours": args.hours if not stopped else round(course.hours[-1], 2),
        "stopped": stopped,
        "variant": variant,
        "accounts": asdict(accounts),
        "broken": broken,
        "held_longest_samples": course.held,
        "growth_an_hour": {name: _told(name, grown[name], verdicts[name]) for name in LIMITS},
        "course": {"hours": _thinned(course.hours), **{name: _thinned(of) for name, of in course.of.items()}},
    }
    result.write(args.out, figures, ("numpy", "ai-edge-litert", "onnxruntime"))
    return 1 if broken or BROKEN in verdicts.values() else 0


def _soaked(args: argparse.Namespace, variant: str) -> tuple[Accounts, Course]:
    seconds = 3600 * args.hours
    how = {"seconds": seconds, "faults": faults(seconds), "every_s": args.every, "rate": args.rate}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "soak.json"
        call = command("benchmarks.soak_inside", out, json.dumps(how | {"variant": variant, "seed": args.seed}))
        code = subprocess.run(call, env=environment()).returncode
        if code:
            raise RuntimeError(f"the soak ended with {code}")
        told = json.loads(out.read_text(encoding="utf-8"))
    return Accounts(**told["accounts"]), Course(**told["course"])


def faults(seconds: float) -> tuple[str, ...]:
    """Those that strike at all times, and those that strike once a period, in `seconds` of signal."""
    starts = np.arange(0, seconds, PERIOD_S).tolist()
    once = [f"{kind}:at={start + at:g},{how}" for start in starts for kind, at, how in NOW_AND_THEN]
    return (*ALWAYS, *once)


def in_yardsticks(course: Course, name: str) -> list[float]:
    return [value / yardstick for value, yardstick in zip(course.of[name], course.of["yardstick"], strict=True)]


def verdict(limit: Limit, found: Growth | None) -> str:
    if found is None:
        return "too short to tell"
    if not limit.kept(found):
        return BROKEN
    return "kept" if limit.told(found) else "too noisy to tell"


def table(course: Course, grown: Mapping[str, Growth | None], verdicts: Mapping[str, str]) -> str:
    lines = [f"{'':8}{'first':>10}{'last':>10}{'an hour':>12}  {'95 % interval':22}{'limit':>14}"]
    for name, limit in LIMITS.items():
        of, found = course.of[name], grown[name]
        ends = f"{of[0]:10.1f}{of[-1]:10.1f}" if of else f"{'-':>10}{'-':>10}"
        slope = f"{found.slope:+12.3f}  {found.low:+.3f} to {found.high:+.3f}" if found else f"{'-':>12}  -"
        lines.append(f"{name:8}{ends}{slope:36}{limit.per_hour:8g} {limit.unit:8}{verdicts[name]}")
    return "\n".join(lines)


def _told(name: str, found: Growth | None, verdict: str) -> dict[str, Any]:
    limit = LIMITS[name]
    rounded = {key: round(value, 4) for key, value in asdict(found).items()} if found else {}
    return {"unit": limit.unit, "limit": limit.per_hour, **rounded, "verdict": verdict}


def _thinned(values: Sequence[float]) -> list[float]:
    at = {round(k) for k in np.linspace(0, len(values) - 1, POINTS)} if values else set()
    return [round(values[k], 3) for k in sorted(at)]
