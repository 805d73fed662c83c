"""The recording: twelve leads, beats and alerts as WFDB, and the raw samples beside them."""

from __future__ import annotations

import contextlib
import re
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from edge.blocks import Block, Origin, TwelveLeads
from edge.bundle import RATE
from edge.events import Event
from edge.grid import Grid
from edge.leads import LEADS
from edge.recordings.annotations import AnnotationWriter
from edge.recordings.writer import WfdbWriter
from edge.rhythm.rhythm import WFDB, Label
from edge.sinks.base import RunInfo
from edge.sinks.st_lines import StLines

FLUSH_S = 0.5
DESCRIBE_S = 10.0  # between two states of the sidecar: it sums up, and is whole at the end
RAW_PIECE_S = 0.25  # with FLUSH_S and the way from the patch, less than the second that a crash may cost
RAW_UV_PER_COUNT = 0.05  # where the source does not say: 24 bits of it reach +-419 mV
BEATS, RHYTHMS, ALERTS = "qrs", "rhy", "alm"


class Recorder:
    """Sink: DIRECTORY/NAME, named after the device, continued where it is already there."""

    def __init__(self, directory: Path, raw: bool) -> None:
        self._directory, self._keep_raw = directory, raw
        self._leads: WfdbWriter | None = None
        self._raw: WfdbWriter | None = None
        self._pieces: Grid | None = None  # raw samples, gathered: they come a few at a time
        self._raw_end = 0
        self._marks: dict[str, AnnotationWriter] = {}
        self._st: StLines | None = None
        self._sd_sum, self._sd_count = np.zeros(12), np.zeros(12)
        self._origins: dict[str, Counter[Origin]] = {lead: Counter() for lead in LEADS}  # samples
        self._flushed = self._raw_flushed = time.monotonic()
        self._described_s = -DESCRIBE_S

    def start(self, info: RunInfo) -> None:
        name = record_name(info.device.name)
        device = info.device
        about = {"device": device.name, "device_id": device.device_id, "bundle": info.bundle, "engine": info.engine}
        about["montage"] = ",".join(device.montage.names)
        if info.patient:
            about["patient_file_of"] = info.patient
        self._leads = WfdbWriter(self._directory, name, RATE, LEADS, start_utc=info.start_utc, sidecar=about)
        for mark in (BEATS, RHYTHMS, ALERTS):
            self._marks[mark] = AnnotationWriter(self._directory / f"{name}.{mark}")
        self._st = StLines(self._directory / f"{name}_st.jsonl")
        if self._keep_raw:
            scale = info.device.uv_per_count or RAW_UV_PER_COUNT
            names, rate = info.device.montage.names, info.device.rate
            self._pieces = Grid(rate, RAW_PIECE_S)
            self._raw = WfdbWriter(
                self._directory, f"{name}_raw", rate, names, uv_per_count=scale, start_utc=info.start_utc, fmt=24
            )

    def raw(self, block: Block) -> None:
        if self._pieces is None:
            return
        if block.start != self._raw_end:  # what comes between was not written for want of room, or of time
            self._write_raw(self._pieces.flush())
        self._raw_end = block.end
        whole = self._pieces.push(block)
        self._write_raw(whole)
        if whole and self._raw is not None and time.monotonic() - self._raw_flushed > FLUSH_S - RAW_PIECE_S / 2:
            self._raw_flushed = time.monotonic()
            self._raw.flush()

    def twelve(self, block: TwelveLeads) -> None:
        assert self._leads is not None
        self._leads.write(block.start, block.mv)
        estimated = [origin is Origin.RECONSTRUCTED for origin in block.origin]
        self._sd_sum[estimated] += block.sd[:, estimated].sum(axis=0)
        self._sd_count[estimated] += len(block.sd)
        for lead, origin in zip(LEADS, block.origin, strict=True):
            self._origins[lead][origin] += len(block.mv)
        if time.monotonic() - self._flushed > FLUSH_S:
            self._flush()

    def event(self, event: Event) -> None:
        if event["type"] == "beat":
            self._mark(BEATS, event["sample"], event["class"])
        elif event["type"] == "rhythm":
            self._mark(RHYTHMS, event["sample"], "+", WFDB[Label(event["label"])])
        elif event["type"] in ("alert", "technical"):
            self._mark(ALERTS, event["sample"], '"', f"{event['kind']} {event['state']} {event['id']}")
            self._marks[ALERTS].flush()  # it may be the last for long: that the link is down, say
        elif event["type"] == "st" and self._st is not None and self._leads is not None:
            self._st.append(self._leads.offset_samples + event["sample"], event)
        elif event["type"] == "time":
            self._take_time(event)

    def _take_time(self, told: Event) -> None:
        """When the samples were taken, as is known by now."""
        for file in (self._leads, self._raw):
            if file is not None:
                file.began(datetime.fromisoformat(told["start_utc"]))
                file.sidecar.update({"drift_ppm": told["drift_ppm"]})
        if self._leads is not None and "sample" in told:
            self._leads.sidecar.add_time(self._leads.offset_samples + told["sample"], told["utc"])

    def close(self, summary: dict[str, Any]) -> None:
        if summary.get("time"):
            self._take_time(summary["time"])
        with contextlib.ExitStack() as closing:  # each of them, whichever fails
            for file in (*self._marks.values(), self._st, self._raw, self._leads):
                if file is not None:
                    closing.callback(file.close)
            if self._pieces is not None:  # the last registered is the first called
                closing.callback(lambda pieces: self._write_raw(pieces.flush()), self._pieces)
            if self._leads is not None:
                self._leads.sidecar.update(self._about_leads())

    def _write_raw(self, blocks: list[Block]) -> None:
        for block in blocks:
            if self._raw is not None:
                self._raw.write(block.start, np.where(block.valid, block.mv, np.nan))

    def _mark(self, kind: str, sample: int, symbol: str, aux: str = "") -> None:
        assert self._leads is not None
        self._marks[kind].add(self._leads.offset_samples + sample, symbol, aux)

    def _flush(self) -> None:
        assert self._leads is not None
        self._flushed = time.monotonic()
        if self._flushed >= self._described_s + DESCRIBE_S:
            self._described_s = self._flushed
            self._leads.sidecar.update(self._about_leads())
        self._leads.flush()
        for mark in self._marks.values():
            mark.flush()
        if self._raw is not None:
            self._raw.flush()

    def _about_leads(self) -> dict[str, Any]:
        """Each lead's origin (of several, the one it had for longest) and mean sd where it was reconstructed."""
        mean_sd = np.divide(self._sd_sum, self._sd_count, out=np.zeros(12), where=self._sd_count > 0)
        return {
            "origin": {lead: str(had.most_common(1)[0][0]) for lead, had in self._origins.items() if had},
            "mean_sd_uv": {lead: round(1000 * float(v), 1) for lead, v in zip(LEADS, mean_sd, strict=True)},
        }


def record_name(device: str) -> str:
    """A name that WFDB and every file system take, made of a device's."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", device).strip("_")[:40] or "recording"
