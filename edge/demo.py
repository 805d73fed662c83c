"""edge-run --demo: a real heart through a virtual patch, a real pty and the whole road; then how near it came.

Twice: blind, as it was live, and once more with what the first four seconds of its twelve leads teach.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from edge.blocks import Block, Origin, Signal, TwelveLeads
from edge.bundle import RATE, Bundle, open_bundle
from edge.choice import decide
from edge.config import RunSettings
from edge.dsp.baseline import remove_baseline
from edge.engines import Engine
from edge.enrolment import enrol
from edge.errors import EdgeError, InputError, Reason
from edge.events import Event
from edge.leads import LEAD, LEADS
from edge.metrics import Agreement, agreement
from edge.paper import draw
from edge.pipeline import PipelineSettings
from edge.recordings import open_recording
from edge.runner import Run
from edge.sinks.base import RunInfo, Sink
from edge.sinks.chosen import chosen_sinks
from edge.sinks.pty_server import PtyServer
from edge.sinks.state import ViewState
from edge.sinks.table import LeadScore, summary_table
from edge.sources.serial import SerialPatch
from edge.stopping import stopped_after
from edge.virtual import resampled, virtual_patch
from edge.whole import joined, reconstruct

SENT = ("II", "V1", "V5")
RECORDING = "waveform_ecg.dcm"  # 12 leads, 10 s, 1000 Hz: comes inside pydicom's wheel
PICTURE = Path("edge-demo.png")
ENROL_S = 4.0  # the patient file is made from so much of it, and neither column is scored there
SHORTEST_S = ENROL_S + 4.0  # of signal: of the rest the figures leave two seconds out


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


def demo(s: RunSettings, state: ViewState, more: Sequence[Sink] = ()) -> int:
    """Runs the demo with the settings' bundle, engine, view and sinks, and `more`; returns the exit code."""
    truth = _truth()
    bundle = open_bundle(s.bundle)
    decided = decide(s, bundle)
    s, variant = decided.settings, decided.variant
    if decided.ignored:
        print(f"edge-run: {decided.ignored}", file=sys.stderr)
    with stopped_after():
        engine = bundle.load(variant, s.threads)
    kept = _Keep()
    patch = virtual_patch(truth[:, [LEAD[name] for name in SENT]], RATE, SENT, name="demo patch")
    with PtyServer(patch) as server:
        source = SerialPatch(server.path, s.baud)
        run = Run(source, s, bundle, variant, engine, [kept, *chosen_sinks(s, state), *more], state)
        state.total_s = len(truth) / RATE
        summary = asyncio.run(run.go())
    if s.events == "-":
        return 0
    if summary["duration_s"] < SHORTEST_S:
        print(f"\nStopped after {summary['duration_s']:g} s: too little to compare.")
        return 0
    blind = joined(kept.blocks)
    _report(blind, _enrolled(truth[: len(blind.mv)], s, bundle, engine), truth, summary)
    return 0


def _enrolled(truth: Signal, s: RunSettings, bundle: Bundle, engine: Engine) -> TwelveLeads | None:
    """The same leads with the patient file that the recording's beginning gives; None where that is refused."""
    try:
        patient = enrol(truth[: round(ENROL_S * RATE)], RATE, LEADS, SENT, bundle=bundle, engine=engine, hop_s=s.hop)
    except InputError as error:
        print(f"\nNo patient file could be made: {error}", file=sys.stderr)
        return None
    sent = truth[:, [LEAD[name] for name in SENT]]
    how = PipelineSettings(hop_s=s.hop, mains_hz=s.mains)
    return reconstruct(sent, RATE, SENT, bundle=bundle, engine=engine, settings=how, patient=patient)


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


def _report(blind: TwelveLeads, enrolled: TwelveLeads | None, recorded: Signal, summary: Event) -> None:
    first = round(ENROL_S * RATE)
    truth = remove_baseline(recorded, RATE)[first : len(blind.mv)]
    ways = [_after(way, first) for way in (blind, enrolled) if way is not None]
    counts = summary["samples"]
    print(
        f"\nA real heart (the 12-lead recording in pydicom, 10 s), sent as {', '.join(SENT)} at 500 Hz; "
        f"{counts['in']} samples in, {counts['out']} out, {sum(counts['lost'].values())} lost."
    )
    print(
        "Blind: what the network makes of the three leads of a heart it has never seen. Enrolled: the same with what\n"
        f"edge-enrol learns from all twelve leads of the first {ENROL_S:g} s. Each lead against the truth, both on the "
        f"rest of the\nrecording, 0.5 to 40 Hz, the first and last second of the rest left out:\n"
    )
    figures = [agreement(truth, np.nan_to_num(way.mv), RATE) for way in ways]
    summary_table([_row(k, blind, figures) for k in range(len(LEADS))])
    missing = [k for k, origin in enumerate(blind.origin) if origin is not Origin.MEASURED]
    means = [
        f"{np.nanmean(of.pcc[missing]):.3f} {words}" for of, words in zip(figures, ("blind", "enrolled"), strict=False)
    ]
    print(f"\n  mean PCC of the {len(missing)} leads that were not measured: {', '.join(means)}")
    _draw(ways, truth)
    print("\nNot a medical device.")


def _after(twelve: TwelveLeads, first: int) -> TwelveLeads:
    return replace(twelve, start=twelve.start + first, mv=twelve.mv[first:], sd=twelve.sd[first:])


def _row(k: int, blind: TwelveLeads, figures: list[Agreement]) -> LeadScore:
    of = [(float(f.pcc[k]), float(f.rmse_uv[k])) for f in figures]
    enrolled = of[1] if len(of) > 1 else (None, None)
    return LeadScore(LEADS[k], blind.origin[k], *of[0], *enrolled)


def _draw(ways: list[TwelveLeads], truth: Signal) -> None:
    enrolled = len(ways) > 1
    title = f"edge-run --demo: {', '.join(SENT)} measured" + (
        f", enrolled on the {ENROL_S:g} s before" if enrolled else ""
    )
    try:
        draw(PICTURE, ways[-1], truth=truth, blind=ways[0].mv if enrolled else None, title=title)
    except EdgeError as error:
        print(f"  no picture: {error}", file=sys.stderr)
    else:
        print(f"  on ECG paper, truth in grey: {PICTURE.resolve()}")
