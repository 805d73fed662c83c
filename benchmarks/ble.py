"""python -m benchmarks ble: what it costs to listen to a patch by Bluetooth LE, and whether anything gets lost.

    python -m benchmarks ble --mtus 247,64 --duration 60

No radio: a bluetoothd of our own on a private D-Bus, with a virtual patch (500 Hz, 3 channels, 24 bit), in a process;
bleak and its BlueZ backend as they are in the client's. So the figures are the host's, of a link that loses nothing.
Beside our source, in turn and on the same patch, runs bleak alone; `edge-run` is the whole run, as its own health
events have it. Needs dbus-daemon (sudo apt install dbus) and the extra ble.

Exit code 1 where a sample is neither here nor counted, or the source takes 5 % of a core or more.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import result
from edge.errors import Reason, UsageError

MOST_PERCENT = 5.0  # of a core, for the source
PATIENCE_S = 60.0  # beyond the signal's length
NAME = "ECG patch"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--mtus", default="247,64", help="of ATT, bytes, joined by commas (%(default)s)")
    parser.add_argument("--duration", type=float, default=60.0, help="s of signal a run (%(default)g)")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "ble.json", help="result file (%(default)s)")


def run(args: argparse.Namespace) -> int:
    from benchmarks.bluez.bus import PrivateBus, available

    if not available():
        raise UsageError("ble needs dbus-daemon (sudo apt install dbus) and the extra ble", Reason.NOT_FOUND)
    figures: dict[str, Any] = {"hz": 500, "channels": 3, "bits": 24, "duration_s": args.duration, "mtu": {}}
    good = True
    for mtu in args.mtus.split(","):
        of: dict[str, Any] = {}
        for client in ("bare", "source", "edge-run"):
            with PrivateBus(), _patch(int(mtu), args.duration) as account:
                told = _edge_run(args.duration) if client == "edge-run" else _client(client, args.duration)
            of[client] = told | {"uncounted": account["sampled"] - told["samples"] - told["lost"]}
            print(f"MTU {mtu:>3} {client:8s} {of[client]}", flush=True)
        figures["mtu"][mtu] = of
        good &= not any(f["uncounted"] for f in of.values()) and of["source"]["cpu_percent"] < MOST_PERCENT
    result.write(args.out, figures, ("bleak", "dbus-fast", "numpy"))
    return 0 if good else 1


@contextlib.contextmanager
def _patch(mtu: int, seconds: float) -> Iterator[dict[str, Any]]:
    """A patch, and after it its account."""
    account: dict[str, Any] = {}
    command = [sys.executable, "-m", "benchmarks.bluez", "--mtu", str(mtu), "--seconds", str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise RuntimeError("the virtual patch did not start")
        yield account
        account |= json.loads(process.communicate(timeout=PATIENCE_S)[0])


def _client(kind: str, seconds: float) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.ble_client", kind]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=seconds + PATIENCE_S)
    count = json.loads(done.stdout)
    return {
        "cpu_percent": round(100 * count["cpu_s"] / count["wall_s"], 2),
        "notifications_per_s": round(count["notifications"] / count["wall_s"], 1),
        "samples": count["samples"],
        "lost": count["lost"],
    }


def _edge_run(seconds: float) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        events = Path(folder) / "events.jsonl"
        command = [sys.executable, "-m", "edge.cli.run", "--ble", NAME, "--view", "none", "--events", str(events)]
        subprocess.run(command, check=True, timeout=seconds + PATIENCE_S)
        told = [json.loads(line) for line in events.read_text().splitlines()]
    costs = [event["cpu_percent"] for event in told if event["type"] == "health"][1:]  # the first has the start in it
    samples = told[-1]["samples"]
    cpu = round(statistics.median(costs), 2) if costs else None
    return {"cpu_percent": cpu, "samples": samples["in"], "lost": sum(samples["lost"].values())}
