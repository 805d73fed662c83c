"""What faults cost, and that they cost no more: every one alone and in pairs, through the real bytes and all stages.

    python -m benchmarks faults
    python -m benchmarks faults --pairs 40 --seconds 60

A patch in software (II, V1, V5) sends synthetic rhythms; its own account of what it sampled and lost is held against
what comes out. Most runs have a network that says zero, marked ones the bundle's; `pty` rows go over a real
pseudo-terminal; in `ring` rows the patch sends again what got lost, when it is asked. Every run must keep to (broken
ones are named):

counted   samples in + counted losses = samples out; all that arrived went in
ended     the timeline reaches from the first sample announced to the last
placed    every sample is the one worn there, to half a count; holes are where the patch lost, and nowhere else
caused    one fault alone: losses by cause are the patch's by kind
twelve    twelve leads for every sample, in order
inferred  nothing is reconstructed within two seconds of which a sample is missing; all else is
measured  measured leads are what came, bit for bit
alerted   no asystole or pause from where there was no signal
bounded   no stage ever holds more than a minute of signal, however long the recording
same      (every first seed) the same seed gives the same bytes
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks import result
from benchmarks.fault_check import CHECKS, broken
from benchmarks.fault_run import Outcome, Setup
from benchmarks.fault_run import run as run_one
from benchmarks.fault_truth import Truth, time_error, tolerance

ALONE = {
    "none": [""],
    "drop": ["drop:p=0.01", "drop:p=0.05", "drop:p=0.3"],
    "corrupt": ["corrupt:p=0.01", "corrupt:p=0.1"],
    "duplicate": ["duplicate:p=0.1", "duplicate:p=0.5"],
    "reorder": ["reorder:p=0.02", "reorder:p=0.1,depth=2"],
    "burst": ["burst:s=0.3,every=1", "burst:s=3,every=7"],
    "unplug": ["unplug:at=10,for=5", "unplug:at=10.3,for=0.05", "unplug:at=6,for=20"],
    "reboot": ["reboot:at=10,for=2", "reboot:at=15.013,for=0.3", "reboot:at=25,for=99"],
    "drift": ["drift:ppm=50", "drift:ppm=-20000"],
    "off": ["off:electrode=V5", "off:electrode=RL,at=12,for=9", "off:electrode=LL,reads=noise"],
    "saturate": ["saturate:channel=V1"],
    "mains": ["mains:uv=200,hz=50"],
    "garbage": ["garbage:at=10,bytes=256", "garbage:at=10,bytes=20000"],
}
RHYTHMS = ("sinus", "asystole", "af", "pause")
SLOW_RATE = 250.0  # Hz: resampled inside
WITH_RING = ("none", "drop", "corrupt", "reorder", "unplug", "reboot")
WITH_NETWORK = ("none", "drop", "unplug", "reboot")
PAIRS_SEED = 2026
PTY_SECONDS = 20.0
RING_S = 8.0  # of the patch's samples, held
PTY_REBOOT = Setup(("reboot:at=3,for=2",), seconds=8.0, pty=True, speed=1.0)  # its length is told by a real clock
PTY_RING = Setup(("unplug:at=6,for=4",), seconds=20.0, pty=True, speed=4.0, ring_s=RING_S)  # a pace that leaves room


@dataclass(slots=True)
class Row:
    """Runs of one kind of fault."""

    runs: int = 0
    sampled: int = 0
    received: int = 0
    emitted: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    time_error: int = 0  # samples, the worst
    time_tolerance: int = 0
    checked: int = 0
    failures: list[dict[str, Any]] = field(default_factory=list)

    def add(self, outcome: Outcome, failed: dict[str, str], checked: int) -> None:
        line, setup = outcome.pipeline.timeline, outcome.setup
        self.runs += 1
        self.sampled += outcome.log.sampled
        self.received += line.received
        self.emitted += line.emitted
        self.lost.update({str(cause): n for cause, n in line.lost.items()})
        self.duplicates += line.duplicates
        self.time_error = max(self.time_error, abs(time_error(Truth(outcome))))
        self.time_tolerance = max(self.time_tolerance, tolerance(setup))
        self.checked += checked
        if failed:
            where = {"faults": setup.faults, "seed": setup.seed, "rhythm": setup.rhythm, "pty": setup.pty}
            self.failures.append(where | {"ring_s": setup.ring_s, "broken": failed})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pairs", type=int, default=20, help="random pairs of faults (%(default)s)")
    parser.add_argument("--seeds", type=int, default=2, help="runs of each fault's setting (%(default)s)")
    parser.add_argument("--seconds", type=float, default=30.0, help="s of signal a run (%(default)g)")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "faults.json", help="result file (%(default)s)")


def run(args: argparse.Namespace) -> int:
    began_s = time.process_time()
    rows: dict[str, Row] = {}
    print(HEAD)
    for name, setups in itertools.groupby(campaign(args.seeds, args.pairs, args.seconds), key=lambda named: named[0]):
        row = rows.setdefault(name, Row())
        for _, setup in setups:
            outcome = run_one(setup)
            failed, checked = broken(outcome), len(CHECKS)
            if setup.seed == 0 and not setup.pty:
                checked += 1
                if run_one(setup).digest != outcome.digest:
                    failed["same"] = "another digest"
            row.add(outcome, failed, checked)
        print(line_of(name, row), flush=True)
    failures = [failure for row in rows.values() for failure in row.failures]
    for failure in failures:
        print(failure, file=sys.stderr)
    figures = {
        "seconds_a_run": args.seconds,
        "cpu_s": round(time.process_time() - began_s, 1),
        "runs": sum(row.runs for row in rows.values()),
        "checks": sum(row.checked for row in rows.values()),
        "broken": sum(len(failure["broken"]) for failure in failures),
        "rows": {name: figures_of(row) for name, row in rows.items()},
    }
    result.write(args.out, figures, ("numpy", "scipy", "ai-edge-litert"))
    return 1 if failures else 0


def campaign(seeds: int, pairs: int, seconds: float) -> Iterator[tuple[str, Setup]]:
    """Every run, under the name of its row."""
    for kind, settings in ALONE.items():
        for number, (setting, seed) in enumerate(itertools.product(settings, range(seeds))):
            yield kind, Setup(_only(setting), seed, RHYTHMS[number % len(RHYTHMS)], seconds)
    for settings in ALONE.values():
        yield "each at 250 Hz", Setup(_only(settings[0]), seeds, "sinus", seconds, rate=SLOW_RATE)
    for kind in WITH_NETWORK:
        yield "with the network", Setup(_only(ALONE[kind][0]), 0, "sinus", seconds, network=True)
    for kind in WITH_RING:
        for setting, seed in itertools.product(ALONE[kind], range(seeds)):
            yield f"ring {kind}", Setup(_only(setting), seed, "sinus", seconds, ring_s=RING_S)
    at_once = list(_pairs(seeds, pairs, seconds))
    yield from (("pairs", setup) for setup in at_once)
    yield from (("ring pairs", replace(setup, ring_s=RING_S)) for setup in at_once[1::2])
    for kind, settings in ALONE.items():
        setup = Setup(_only(settings[0]), 1, "sinus", PTY_SECONDS, pty=True)
        yield f"pty {kind}", PTY_REBOOT if kind == "reboot" else setup
    yield "pty ring unplug", PTY_RING


def _pairs(seeds: int, pairs: int, seconds: float) -> Iterator[Setup]:
    rng = random.Random(PAIRS_SEED)
    for number in range(pairs):
        kinds = rng.sample([kind for kind in ALONE if kind != "none"], 2)
        faults = tuple(rng.choice(ALONE[kind]) for kind in kinds)
        yield Setup(faults, seeds + number, rng.choice(RHYTHMS), seconds)


def _only(setting: str) -> tuple[str, ...]:
    return (setting,) if setting else ()


HEAD = f"{'fault':20}{'runs':>5}{'sampled':>9}{'in':>9}{'out':>9}  {'lost':34}{'twice':>7}{'time':>6}  checks held"


def line_of(name: str, row: Row) -> str:
    lost = " ".join(f"{cause} {n}" for cause, n in row.lost.items() if n) or "-"
    held = row.checked - sum(len(failure["broken"]) for failure in row.failures)
    counts = f"{row.runs:5}{row.sampled:9}{row.received:9}{row.emitted:9}"
    return f"{name:20}{counts}  {lost:34}{row.duplicates:7}{row.time_error:6}  {held}/{row.checked}"


def figures_of(row: Row) -> dict[str, Any]:
    return {
        "runs": row.runs,
        "samples_sampled": row.sampled,
        "samples_in": row.received,
        "samples_out": row.emitted,
        "samples_lost": dict(row.lost),
        "samples_duplicate": row.duplicates,
        "worst_time_error_samples": row.time_error,
        "time_tolerance_samples": row.time_tolerance,
        "checks": row.checked,
        "failures": row.failures,
    }
