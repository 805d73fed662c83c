"""edge-run --demo: a real heart through a virtual patch, a real pty and the whole road; then how near it came."""

from __future__ import annotations

import asyncio
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np

from edge.blocks import Block, Origin, Signal, TwelveLeads
from edge.bundle import RATE, open_bundle
from edge.config import RunSettings
from edge.dsp.baseline import remove_baseline
from edge.errors import EdgeError, InputError, Reason
from edge.events import Event
from edge.leads import LEAD, LEADS
from edge.metrics import agreement
from edge.paper import draw
from edge.recordings import open_recording
from edge.runner import Run
from edge.sinks.base import RunInfo
from edge.sinks.chosen import chosen_sinks
from edge.sinks.pty_server import PtyServer
from edge.sinks.state import ViewState
from edge.sinks.table import LeadScore, summary_table
from edge.sources.serial import SerialPatch
from edge.virtual import resampled, virtual_patch
from edge.whole import joined

SENT = ("II", "V1", "V5")
RECORDING = "waveform_ecg.dcm"  # 12 leads, 10 s, 1000 Hz: comes inside pydicom's wheel
PICTURE = Path("edge-demo.png")
SHORTEST_S = 4.0  # of signal, of which the figures leave two seconds out


class _Keep:
    """Sink: keeps the twelve leads."""

    def __init__(self) -> None:
        self.blocks: list[TwelveLeads] = []

    def start(self, info: RunInfo) -> None:
        pass

    def raw(self, block: Block) -> None:
        pass

    def twelve(self, block: TwelveLeads) -> None:
        self.blocks.append(block)

    def event(self, event: Event) -> None:
        pass

    def close(self, summary: dict[str, Any]) -> None:
        pass


def demo(s: RunSettings) -> int:
    """Runs the demo with the settings' bundle, engine, view and sinks; returns the exit code."""
    truth = _truth()
    bundle = open_bundle(s.bundle)
    variant = bundle.choose(s.engine, s.variant)
    engine = bundle.load(variant, s.threads)
    kept, state = _Keep(), ViewState()
    patch = virtual_patch(truth[:, [LEAD[name] for name in SENT]], RATE, SENT, name="demo patch")
    with PtyServer(patch) as server:
        source = SerialPatch(server.path, s.baud)
        run = Run(source, s, bundle, variant, engine, [kept, *chosen_sinks(s, state)], state)
        state.total_s = len(truth) / RATE
        summary = asyncio.run(run.go())
    if s.events == "-":
        return 0
    if summary["duration_s"] < SHORTEST_S:
        print(f"\nStopped after {summary['duration_s']:g} s: too little to compare.")
        return 0
    twelve = joined(kept.blocks)
    _report(twelve, remove_baseline(truth, RATE)[: len(twelve.mv)], summary)
    return 0


def _truth() -> Signal:
    """The recording's twelve leads at 500 Hz (n x 12, mV)."""
    try:
        from pydicom.data import get_testdata_file
    except ImportError as error:
        raise InputError("the demo needs pydicom: pip install 'edge-ecg[demo]'", Reason.UNREADABLE) from error
    path = get_testdata_file(RECORDING, download=False)
    if path is None:
        raise InputError(f"this pydicom brings no {RECORDING}: pip install 'pydicom>=3.0'", Reason.UNREADABLE)
    recording = open_recording(str(path))
    mv = recording.mv[:, [recording.leads.index(name) for name in LEADS]]
    return np.ascontiguousarray(resampled(mv, recording.rate, RATE))


def _report(twelve: TwelveLeads, truth: Signal, summary: Event) -> None:
    figures = agreement(truth, np.nan_to_num(twelve.mv), RATE)
    rows = [
        LeadScore(lead, origin, float(pcc), float(rmse))
        for lead, origin, pcc, rmse in zip(LEADS, twelve.origin, figures.pcc, figures.rmse_uv, strict=True)
    ]
    counts = summary["samples"]
    print(
        f"\nA real heart (the 12-lead recording in pydicom, 10 s), sent as {', '.join(SENT)} at 500 Hz; "
        f"{counts['in']} samples in, {counts['out']} out, {sum(counts['lost'].values())} lost."
    )
    print("Each lead against the truth, 0.5 to 40 Hz, the first and last second left out:\n")
    summary_table(rows)
    missing = [row.pcc for row in rows if row.origin is not Origin.MEASURED and math.isfinite(row.pcc)]
    print(f"\n  mean PCC of the {len(missing)} leads that were not measured: {np.mean(missing):.3f}")
    try:
        draw(PICTURE, twelve, truth=truth, title="edge-run --demo: II, V1 and V5 measured, the others reconstructed")
    except EdgeError as error:
        print(f"  no picture: {error}", file=sys.stderr)
    else:
        print(f"  on ECG paper, truth in grey: {PICTURE.resolve()}")
    print("\nNot a medical device.")
