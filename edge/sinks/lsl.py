"""Twelve leads and alerts as outlets of Lab Streaming Layer, each sample with the time at which it was taken."""

from __future__ import annotations

import json
from collections import deque
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from edge.blocks import Block, Origin, TwelveLeads
from edge.bundle import RATE
from edge.errors import OutputError, Reason
from edge.events import Event
from edge.leads import LEADS
from edge.sinks.base import RunInfo
from edge.sinks.lsl_clock import LslClock
from edge.sinks.lsl_library import liblsl

TOLD = ("alert", "technical")
BUFFERED_S = 60  # for a reader that is slow; LSL leaves out the oldest beyond
MAX_HELD = 60  # blocks until the patch's clock is known, which takes a second: more than that there are not
UNKNOWN = "derived or reconstructed, by what the patch measures"  # of a lead that no block has come of yet

Times = npt.NDArray[np.float64]


class Outlet(Protocol):
    """What is used of a StreamOutlet."""

    def push_chunk(self, x: object, timestamp: object = ...) -> None: ...

    def push_sample(self, x: object, timestamp: float = ...) -> None: ...


class Lsl:
    """Sink: NAME (twelve channels of float32, uV, NaN where a lead is unavailable) and NAME alerts (JSON, as events).

    Timestamps are those of the patch's fitted clock, in LSL's; of a recording that is replayed, those at which it would
    have come by its rate. A lead's origin stands in the description as it was in the first block. Raises UsageError
    where liblsl is missing.
    """

    def __init__(self, name: str) -> None:
        """`name`: of the streams; empty: the device's."""
        self._lsl = liblsl()
        self._name = name
        self._info: RunInfo | None = None
        self._clock = LslClock(self._lsl.local_clock)
        self._began_s = 0.0  # LSL's time at sample 0 of a source without a clock
        self._leads: Outlet | None = None
        self._alerts: Outlet | None = None
        self._held: deque[TwelveLeads | Event] = deque(maxlen=MAX_HELD)

    def start(self, info: RunInfo) -> None:
        self._info, self._began_s = info, self._lsl.local_clock()
        self._name = self._name or info.device.name
        about = self._lsl.StreamInfo(
            f"{self._name} alerts", "Markers", 1, 0, self._lsl.cf_string, self._source("alerts")
        )
        self._alerts = self._outlet(about)

    def raw(self, block: Block) -> None:
        pass

    def twelve(self, block: TwelveLeads) -> None:
        if self._leads is None:
            self._leads = self._outlet(self._described(block))
        self._held.append(block)
        self._send()

    def event(self, event: Event) -> None:
        if event["type"] in TOLD:
            self._held.append(event)
            self._send()

    def close(self, summary: dict[str, Any]) -> None:
        self._leads = self._alerts = None  # the outlets close with their last name
        self._held.clear()

    def _send(self) -> None:
        """What is held, as soon as its time is known."""
        while self._held:
            item = self._held[0]
            if isinstance(item, TwelveLeads):
                first, last = self._at(item.start), self._at(item.end - 1)
                if first is None or last is None:
                    return
                self._push(item, np.linspace(first, last, len(item.mv)))
            else:
                at = self._at(item["sample"])
                if at is None:
                    return
                assert self._alerts is not None
                self._alerts.push_sample([json.dumps(item, ensure_ascii=False, allow_nan=False)], at)
            self._held.popleft()

    def _push(self, block: TwelveLeads, times: Times) -> None:
        assert self._leads is not None
        if len(block.mv):
            uv = np.ascontiguousarray(1000.0 * block.mv, np.float32)
            self._leads.push_chunk(uv, times.tolist())

    def _at(self, sample: int) -> float | None:
        """LSL's time when `sample` was taken; None where it is not known yet."""
        assert self._info is not None
        if self._info.taken_s is None:
            return self._began_s + sample / RATE
        host_s = self._info.taken_s(sample)
        return None if host_s is None else self._clock.local_s(host_s)

    def _outlet(self, about: object) -> Outlet:
        try:
            made: Outlet = self._lsl.StreamOutlet(about, max_buffered=BUFFERED_S)
        except RuntimeError as error:
            text = f"Lab Streaming Layer makes no outlet ({error}): see that its ports (16572 to 16604) are free"
            raise OutputError(text, Reason.BUSY) from None
        return made

    def _source(self, what: str) -> str:
        """By which a reader finds the same device again."""
        assert self._info is not None
        return f"edge-ecg {self._info.device.device_id or self._info.device.name} {what}"

    def _described(self, block: TwelveLeads) -> object:
        """The stream's description: a channel a lead, after XDF's for ECG (https://github.com/sccn/xdf/wiki)."""
        assert self._info is not None
        about = self._lsl.StreamInfo(self._name, "ECG", len(LEADS), RATE, self._lsl.cf_float32, self._source("leads"))
        channels = about.desc().append_child("channels")
        for lead, origin in zip(LEADS, block.origin, strict=True):
            channel = channels.append_child("channel")
            channel.append_child_value("label", lead)
            channel.append_child_value("type", "ECG")
            channel.append_child_value("unit", "microvolts")
            channel.append_child_value("origin", str(self._origin(lead, origin)))
        about.desc().append_child_value("manufacturer", "edge-ecg")
        device = about.desc().append_child("device")
        for key, value in self._info.device.about().items():
            device.append_child_value(key, value)
        device.append_child_value("montage", ",".join(self._info.device.montage.names))
        made = about.desc().append_child("edge_ecg")
        for key, value in (("version", self._info.version), ("bundle", self._info.bundle)):
            made.append_child_value(key, value)
        made.append_child_value("not_a_medical_device", "for research and development")
        return about

    def _origin(self, lead: str, origin: Origin) -> str:
        """A lead that was measured may be unavailable in the first block: its electrode was off, or the signal lost."""
        assert self._info is not None
        if origin is Origin.UNAVAILABLE:
            return "measured" if lead in self._info.device.montage.names else UNKNOWN
        return str(origin)
