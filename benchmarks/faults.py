"""What faults cost, and that they cost no more: every one alone and in pairs, through the real bytes and all stages.

    python -m benchmarks faults
    python -m benchmarks faults --pairs 40 --seconds 60 --roads software

A patch in software (II, V1, V5) sends synthetic rhythms; its own account of what it sampled and lost is held against
what comes out. Most runs have a network that says zero, marked ones the bundle's; `pty` rows go over a real
pseudo-terminal, `ble` rows through bleak and BlueZ's interfaces to a bluetoothd of our own, without a radio (they need
dbus-daemon); in `ring` rows the patch sends again what got lost, when it is asked. Every run must keep to (broken ones
are named):

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

Where a fault lasts, it is told how long after its end, at worst, the first sample is there in every channel, and until
twelve leads are told again; s of signal, in software and at the patch's own pace. The figures are renewed in faults.md
beside the result file.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import fault_page, result
from benchmarks.fault_campaign import campaign
from benchmarks.fault_row import HEAD, Row, figures_of, line_of
from benchmarks.fault_run import Road
from edge.errors import UsageError

ROADS: dict[str, Road] = {"software": "software", "pty": "pty", "ble": "ble"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pairs", type=int, default=20, help="random pairs of faults on each road (%(default)s)")
    parser.add_argument("--seeds", type=int, default=2, help="runs of each fault's setting (%(default)s)")
    parser.add_argument("--seconds", type=float, default=30.0, help="s of signal a run in software (%(default)g)")
    parser.add_argument("--roads", default=",".join(ROADS), help="joined by commas (%(default)s)")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "faults.json", help="result file (%(default)s)")


def run(args: argparse.Namespace) -> int:
    began_s, began_wall_s = time.process_time(), time.monotonic()
    roads, left_out = _roads(args.roads)
    rows: dict[str, Row] = {}
    print(HEAD)
    runs = campaign(args.seeds, args.pairs, args.seconds, roads)
    for name, setups in itertools.groupby(runs, key=lambda named: named[0]):
        row = rows.setdefault(name, Row())
        for _, setup in setups:
            row.run(setup)
        print(line_of(name, row), flush=True)
    failures = [failure for row in rows.values() for failure in row.failures]
    for failure in failures:
        print(failure, file=sys.stderr)
    figures = {
        "seconds_a_run": args.seconds,
        "cpu_s": round(time.process_time() - began_s, 1),
        "wall_s": round(time.monotonic() - began_wall_s, 1),
        "left_out": left_out,
        "runs": sum(row.runs for row in rows.values()),
        "checks": sum(row.checked for row in rows.values()),
        "broken": sum(row.broken for row in rows.values()),
        "rows": {name: figures_of(row) for name, row in rows.items()},
    }
    result.write(args.out, figures, ("numpy", "scipy", "ai-edge-litert", "pyserial", "bleak", "dbus-fast"))
    fault_page.write(args.out.parent)
    return 1 if failures else 0


def _roads(text: str) -> tuple[list[Road], dict[str, str]]:
    """Those asked for that are to be had here, and why others are not. Raises UsageError for one there is none of."""
    from benchmarks.bluez.bus import available

    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in ROADS:
            raise UsageError(f"--roads: no road {name!r}: choose from {', '.join(ROADS)}")
    left_out: dict[str, Any] = {}
    if "ble" in names and not available():
        left_out["ble"] = "no dbus-daemon here (sudo apt install dbus), or not the extra ble"
        print(f"ble is left out: {left_out['ble']}", file=sys.stderr)
    return [ROADS[name] for name in names if name not in left_out], left_out
