"""What a run has to tell, as MQTT messages: each a JSON object with an id that no other message has."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np

from edge.blocks import TwelveLeads
from edge.events import Event
from edge.leads import LEADS
from edge.sinks.mqtt_journal import Message, Worth

WORTH = {  # of the events that are sent
    "start": Worth.COURSE,
    "alert": Worth.ALERT,
    "technical": Worth.ALERT,
    "beat": Worth.BEAT,
    "rhythm": Worth.COURSE,
    "gap": Worth.COURSE,
    "link": Worth.COURSE,
    "health": Worth.HEALTH,
    "summary": Worth.ALERT,
}
HERE = ("configuration", "strip")  # of an event: about this machine's files, of no use elsewhere
GONE = -32768  # in a block of leads: no sample
MOST_UV = 32767


def run_id(start_utc: datetime) -> str:
    """A name that no other run has, and that sorts by time."""
    return f"{start_utc:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


class Messages:
    """Numbers the messages of one run, from 1 on without a gap: what is missing was left out."""

    def __init__(self, base: str, run: str) -> None:
        """`base`: what every topic begins with, the device included."""
        self.base, self.run = base, run
        self._seq = 0

    def event(self, event: Event, more: Mapping[str, Any]) -> Message | None:
        """None for one that is not sent."""
        kind = event["type"]
        if kind not in WORTH:
            return None
        topic = f"alert/{event['id']}" if kind in ("alert", "technical") else kind
        told = {key: value for key, value in event.items() if key not in HERE}
        if kind in ("alert", "technical"):
            told["alert"] = told.pop("id")
        if kind == "start":
            told["device"] = {key: value for key, value in told["device"].items() if key != "source"}  # likewise
        return self._message(topic, kind, WORTH[kind], told | dict(more))

    def leads(self, block: TwelveLeads, at: Event) -> Message:
        """A second, or less, of twelve leads: 16-bit microvolts. `at`: the keys that every event has."""
        uv = np.where(np.isfinite(block.mv), np.clip(1000.0 * block.mv, -MOST_UV, MOST_UV), GONE)
        data = np.rint(uv).astype("<i2").tobytes()
        told = {
            "type": "leads",
            **at,
            "rate": block.rate,
            "samples": len(block.mv),
            "leads": list(LEADS),
            "origin": [str(origin) for origin in block.origin],
            "sd_uv": [round(float(sd), 1) for sd in _sd_uv(block)],
            "data": base64.b64encode(data).decode("ascii"),
        }
        return self._message("leads", "leads", Worth.LEADS, told)

    def state(self, fields: Mapping[str, Any]) -> bytes:
        """The payload of a retained state."""
        return packed({"run": self.run, **fields})

    def _message(self, topic: str, kind: str, worth: Worth, told: Mapping[str, Any]) -> Message:
        self._seq += 1
        who = {"id": f"{self.run}-{self._seq}", "run": self.run, "seq": self._seq}
        return Message(f"{self.base}/{topic}", packed(who | dict(told)), kind, worth)


def packed(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _sd_uv(block: TwelveLeads) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Each lead's mean standard deviation: 0 where it was measured."""
    sd = np.where(np.isfinite(block.sd), block.sd, 0.0)
    return 1000.0 * sd.mean(axis=0, dtype=np.float64) if len(sd) else np.zeros(len(LEADS))
