"""python -m benchmarks lsl: when samples were taken, as Lab Streaming Layer is told, held against when they were.

    python -m benchmarks lsl --seconds 90 --ppm -200,0,200

A virtual patch on a pseudo-terminal, whose clock and converter are off by so much, sends a signal in which each stretch
is unlike any other; `edge-run --lsl` puts it into a lab of this machine, and a real inlet takes it out. So each sample
is known by its looks, and with it the instant at which the patch took it, by the same clock that LSL reads. The error
contains what nobody can see: a message leaves when its last sample has been taken. Needs the extra lsl.

Exit code 1 where, once the clock is fitted (from 20 s on), a sample is more than 20 ms off.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import result

LEADS = ("II", "V1", "V5")
RATE = 500
SETTLED_S = 20.0  # of signal, from where on drift is known
MOST_MS = 20.0
PIECE = 500  # samples by which a place is found
PATIENCE_S = 20.0

Array = npt.NDArray[np.float64]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=90.0, help="of signal a run (%(default)g)")
    parser.add_argument("--ppm", default="-200,0,200", help="of the patch's clock, one run each (%(default)s)")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "lsl.json", help="result file (%(default)s)")


def run(args: argparse.Namespace) -> int:
    figures: dict[str, Any] = {"seconds": args.seconds, "settled_s": SETTLED_S, "ppm": {}}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LSLAPICFG"] = str(_lab(Path(folder)))
        for ppm in args.ppm.split(","):
            figures["ppm"][ppm] = told = _one(float(ppm), args.seconds)
            print(f"{ppm} ppm: {told}", flush=True)
    result.write(args.out, figures, ("pylsl", "numpy"))
    return 1 if any(f["error_ms"]["most"] > MOST_MS for f in figures["ppm"].values()) else 0


def _lab(folder: Path) -> Path:
    """Settings of a lab of this machine alone, in which nothing but this takes part."""
    path = folder / "lsl_api.cfg"
    peers = f"[lab]\nKnownPeers = {{127.0.0.1}}\nSessionID = benchmark-{os.getpid()}\n"
    path.write_text(f"[log]\nlevel = -3\n[ports]\nIPv6 = disable\n[multicast]\nResolveScope = machine\n{peers}")
    return path


def _signal(seconds: float) -> npt.NDArray[np.float32]:
    """Three leads of a heart, with a tremor by which every second is known from any other."""
    from edge.leads import LEAD
    from edge.synthetic import synthesise

    mv = synthesise("sinus", seconds, RATE, seed=3).mv[:, [LEAD[lead] for lead in LEADS]]
    noise = np.random.default_rng(5).normal(0, 0.3, (len(mv) + 20, len(LEADS)))
    smooth = np.stack([np.convolve(n, np.ones(21) / 21, "valid") for n in noise.T], axis=1)
    return (mv + smooth).astype(np.float32)


def _one(ppm: float, seconds: float) -> dict[str, Any]:
    from edge.sinks.pty_server import PtyServer
    from edge.virtual import virtual_patch
    from firmware_bridge.faults import parse_fault

    sent = _signal(seconds + 30.0)
    faults = [parse_fault(f"drift:ppm={ppm:g}")] if ppm else []
    with PtyServer(virtual_patch(sent, RATE, LEADS, name="bench"), faults) as server:
        command = [sys.executable, "-m", "edge.cli.run", "--port", server.path, "--view", "none", "--lsl", "bench"]
        with subprocess.Popen([*command, "--duration", str(seconds)]) as running:
            got, at_s = _pulled(running)
            began_s = server._began_s
            pace = server._pace
    assert began_s is not None
    index = _places(got, sent)
    known = index >= 0
    true_s = began_s + index / RATE / pace  # the same clock as LSL's
    error_ms = 1000.0 * (at_s - true_s)[known]
    late = error_ms[index[known] >= SETTLED_S * RATE]
    steps_ms = 1000.0 * np.diff(at_s)
    drift = np.polyfit(index[known][index[known] >= SETTLED_S * RATE] / RATE, late, 1)[0]
    return {
        "samples": len(at_s),
        "placed": int(known.sum()),
        "error_ms": {
            "median": round(float(np.median(late)), 2),
            "p1": round(float(np.percentile(late, 1)), 2),
            "p99": round(float(np.percentile(late, 99)), 2),
            "most": round(float(np.abs(late).max()), 2),
        },
        "most_before_settled_ms": round(float(np.abs(error_ms[index[known] < SETTLED_S * RATE]).max(initial=0)), 2),
        "left_of_the_drift_ppm": round(1000.0 * float(drift), 1),
        "step_ms": {"least": round(float(steps_ms.min()), 3), "most": round(float(steps_ms.max()), 3)},
    }


def _pulled(running: subprocess.Popen[bytes]) -> tuple[Array, Array]:
    """Lead V1 and its times, from the first sample that comes to the run's end."""
    import pylsl

    from edge.leads import LEAD

    (found,) = pylsl.resolve_byprop("name", "bench", 1, PATIENCE_S)
    inlet = pylsl.StreamInlet(found, max_buflen=360, recover=False)
    inlet.open_stream(PATIENCE_S)
    values: list[float] = []
    times: list[float] = []
    ended_s: float | None = None
    while ended_s is None or time.monotonic() < ended_s + 1.0:
        if ended_s is None and running.poll() is not None:
            ended_s = time.monotonic()
        try:
            rows, at = inlet.pull_chunk(0.2, 5000)
        except pylsl.util.LostError:
            break
        values += [row[LEAD["V1"]] for row in rows]
        times += list(at)
    inlet.close_stream()
    return np.array(values), np.array(times)


def _places(got: Array, sent: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Which sample of what was sent each one is, by its looks; -1 where it is like none."""
    index = np.full(len(got), -1, np.int64)
    reference = sent[:, LEADS.index("V1")].astype(np.float64)
    expected = 0
    for start in range(0, len(got) - PIECE + 1, PIECE):
        piece = got[start : start + PIECE]
        first, last = (0, 10 * RATE) if not expected else (expected - RATE, expected + 2 * RATE)
        first, last = max(0, first), min(len(reference) - PIECE, last)
        fits = [np.corrcoef(piece, reference[lag : lag + PIECE])[0, 1] for lag in range(first, last)]
        best = int(np.argmax(fits))
        if fits[best] > 0.98:
            place = first + best
            index[start : start + PIECE] = np.arange(place, place + PIECE)
            expected = place + PIECE
    return index
