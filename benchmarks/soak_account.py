"""Where every sample of a soak went: the patch's account, the pipeline's, and what is found on the disk."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.fault_truth import MESSAGE_S
from edge.bundle import RATE
from edge.pipeline import Pipeline
from edge.recordings.wfdb_header import parse_header
from firmware_bridge.losses import Log

REBOOT_TOLERANCE_S = 2 * MESSAGE_S  # a frame may be lost on either side of it, and the host's clock is all there is


@dataclass(frozen=True, slots=True)
class Accounts:
    """Samples at the patch's rate where not said otherwise."""

    rate: float  # Hz
    sampled: int  # by the patch
    delivered: int
    patch_lost: dict[str, int]  # by fault
    happened: dict[str, int]  # how often each fault struck
    received: int
    lost: dict[str, int]  # by cause
    duplicates: int
    emitted: int
    twelve_leads: int  # at 500 Hz
    recorded: int  # at 500 Hz
    recorded_raw: int
    events: dict[str, int]  # lines by type
    summary_in: int
    summary_out: int
    summary_beats: int
    files_left_open: int

    @classmethod
    def of(cls, log: Log, pipeline: Pipeline, events: Path, record: Path, files_left_open: int) -> Accounts:
        """events: the file of JSON lines; record: the path of the recording, without an ending."""
        line = pipeline.timeline
        kinds, summary = _events(events)
        return cls(
            rate=pipeline.rate,
            sampled=log.sampled,
            delivered=log.delivered,
            patch_lost=dict(log.lost),
            happened={kind: n for kind, n in log.happened.items() if n},
            received=line.received,
            lost={str(cause): n for cause, n in line.lost.items()},
            duplicates=line.duplicates,
            emitted=line.emitted,
            twelve_leads=pipeline.samples_out,
            recorded=_frames(record.with_suffix(".hea")),
            recorded_raw=_frames(record.with_name(f"{record.name}_raw.hea")),
            events=kinds,
            summary_in=summary["samples"]["in"],
            summary_out=summary["samples"]["out"],
            summary_beats=summary["beats"],
            files_left_open=files_left_open,
        )


def wrong(a: Accounts) -> dict[str, str]:
    """The accounts that do not come out even, and how."""
    patch_lost, lost, beats = sum(a.patch_lost.values()), sum(a.lost.values()), a.events.get("beat", 0)
    reboots, expected = a.happened.get("reboot", 0), a.emitted * RATE / a.rate
    even = {
        "patch": a.sampled == a.delivered + patch_lost,
        "received": a.received == a.delivered,
        "counted": a.emitted == a.received + lost,
        "ended": abs(a.emitted - a.sampled) <= reboots * REBOOT_TOLERANCE_S * a.rate,
        "twelve": 0 <= expected - a.twelve_leads < RATE / a.rate,
        "recorded": a.recorded == a.twelve_leads,
        "raw": a.recorded_raw == a.emitted,
        "beats": beats == a.summary_beats,
        "summary": (a.summary_in, a.summary_out, a.events.get("summary")) == (a.received, a.emitted, 1),
        "files": a.files_left_open == 0,
    }
    told = {
        "patch": f"{a.sampled} sampled, {a.delivered} sent whole and {patch_lost} lost",
        "received": f"{a.delivered} sent whole, {a.received} in",
        "counted": f"{a.received} in and {lost} lost, but {a.emitted} out",
        "ended": f"{a.sampled} sampled, {a.emitted} out after {reboots} reboots",
        "twelve": f"{a.twelve_leads} samples of twelve leads for {expected:g}",
        "recorded": f"{a.recorded} of {a.twelve_leads} samples of twelve leads recorded",
        "raw": f"{a.recorded_raw} of {a.emitted} samples recorded as they came",
        "beats": f"{a.summary_beats} beats, {beats} lines of them",
        "summary": f"the summary has {a.summary_in} in and {a.summary_out} out for {a.received} and {a.emitted}",
        "files": f"{a.files_left_open} files left open",
    }
    return {name: told[name] for name, is_even in even.items() if not is_even}


def _events(path: Path) -> tuple[dict[str, int], dict[str, Any]]:
    """Lines by type, and the last one. Raises ValueError for one that is no JSON."""
    kinds: Counter[str] = Counter()
    event: dict[str, Any] = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            kinds[event["type"]] += 1
    return dict(kinds), event


def _frames(header: Path) -> int:
    """Of a record, as its master header counts them, absent ones included."""
    return parse_header(header.read_text(encoding="ascii")).frames or 0
