"""The run by MQTT: alerts, beats, rhythm, health, and the leads where they are asked for. MQTT.md says it in full."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge.blocks import Block, TwelveLeads
from edge.errors import OutputError, Reason
from edge.events import Event, Stamp
from edge.mqtt_settings import MqttSettings
from edge.sinks.base import News, RunInfo
from edge.sinks.mqtt_access import access
from edge.sinks.mqtt_active import Active
from edge.sinks.mqtt_connection import Retained
from edge.sinks.mqtt_homeassistant import discovery
from edge.sinks.mqtt_messages import Messages, run_id
from edge.sinks.mqtt_outbox import Outbox
from edge.sinks.mqtt_pieces import Pieces
from edge.sinks.mqtt_publisher import MqttPublisher
from edge.sinks.recorder import record_name
from edge.sinks.state import ViewState

FOLDER = Path("edge-ecg") / "mqtt"  # in the user's state folder
STATE_S = 2.0  # between two states, where nothing but the heart rate has changed
FULL = 0.5  # of the queue, from where on a recording waits for its broker


class Mqtt:
    """Sink: what a run tells, to a broker. It waits for nothing but the disk, unless it `waits`, as a recording may.

    Raises UsageError where the access does not stand, OutputError where the queue cannot be kept, and at the end where
    messages still wait; a broker that is not there is told as news.
    """

    def __init__(
        self,
        settings: MqttSettings,
        state: ViewState,
        *,
        latch_high: bool = True,
        waits: bool = False,
        publisher: MqttPublisher | None = None,
    ) -> None:
        """`publisher`: shared with others, started and closed by whoever made it."""
        self._settings, self._state, self._waits = settings, state, waits
        self._access = access(settings)
        self._publisher, self._shared = publisher, publisher is not None
        self._active, self._pieces = Active(latch_high), Pieces()
        self._messages = Messages("", "")
        self._stamp = Stamp(datetime.now(UTC))
        self._state_due_s = 0.0
        self.name = settings.url

    @property
    def waiting(self) -> int:
        """Messages that have not arrived."""
        return self._publisher.waiting if self._publisher else 0

    @property
    def left_out(self) -> int:
        return self._publisher.left_out if self._publisher else 0

    def start(self, info: RunInfo) -> None:
        s = self._settings
        base = f"{s.topics}/{s.device or device_level(info)}"
        self._messages = Messages(base, run_id(info.start_utc))
        self._stamp = Stamp(info.start_utc)
        if self._publisher is None:
            self._publisher = self._own(base)
        self._retain("status", {"status": "online", **self._about(info)})
        if s.homeassistant:
            for entity in discovery(info, base, s.homeassistant):
                self._publisher.retain(entity.topic, entity.payload)
        self._retain("alerts", self._active.told())
        self._tell_state()
        if not self._shared:
            self._publisher.start()

    def raw(self, block: Block) -> None:
        pass

    def twelve(self, block: TwelveLeads) -> None:
        if self._settings.leads:
            for piece in self._pieces.push(block):
                self._put_leads(piece)

    def event(self, event: Event) -> None:
        publisher = self._publisher
        assert publisher is not None
        kind = event["type"]
        more = {"queue": self._queue()} if kind == "health" else {}
        if kind == "summary":
            self._flush_leads()
        message = self._messages.event(event, more)
        if message is None:
            return
        if kind in ("alert", "technical"):
            self._active.take(event)
            self._retain("alerts", self._active.told())
        publisher.put(message)
        self._keep_pace()
        if kind in ("link", "rhythm", "health") or time.monotonic() >= self._state_due_s:
            self._tell_state()

    def take_news(self) -> list[News]:
        return self._publisher.take_news() if self._publisher else []

    def close(self, summary: dict[str, Any]) -> None:
        publisher = self._publisher
        if publisher is None:
            return
        self._flush_leads()
        last = self._will("ended")
        if self._shared:
            publisher.retain(last.topic, last.payload)
            return
        self._publisher = None
        publisher.close(last)
        if waiting := publisher.waiting:
            text = f"{publisher.name} took not all: {waiting} messages wait in {publisher.outbox.folder}"
            raise OutputError(f"{text}, and go out with the next run", Reason.UNWRITABLE)

    def _own(self, base: str) -> MqttPublisher:
        """A publisher of this device alone; its client id stays the same, so that the broker knows who came back."""
        s = self._settings
        outbox = Outbox(queue_folder(s, base), round(1e6 * s.queue_mb))
        client = f"edge-ecg-{word(base)}-{word(socket.gethostname())}"
        return MqttPublisher(s.broker, self._access, outbox, client, self._will("lost"))

    def _about(self, info: RunInfo) -> dict[str, Any]:
        device = {key: value for key, value in info.device.about().items() if key != "source"}
        return {
            "utc": info.start_utc.isoformat(timespec="milliseconds"),
            "device": device,
            "montage": list(info.device.montage.names),
            "version": info.version,
        }

    def _will(self, why: str) -> Retained:
        """What stands in `status` when nobody is there any more."""
        return Retained(f"{self._messages.base}/status", self._messages.state({"status": "offline", "reason": why}))

    def _retain(self, topic: str, fields: Mapping[str, Any]) -> None:
        assert self._publisher is not None
        self._publisher.retain(f"{self._messages.base}/{topic}", self._messages.state(fields))

    def _flush_leads(self) -> None:
        for piece in self._pieces.flush():
            self._put_leads(piece)

    def _put_leads(self, piece: TwelveLeads) -> None:
        assert self._publisher is not None
        self._publisher.put(self._messages.leads(piece, self._stamp.at(piece.start)))
        self._keep_pace()

    def _keep_pace(self) -> None:
        """A recording at full speed does not overrun its queue while there is a broker."""
        if self._waits and self._publisher is not None:
            self._publisher.wait_for_room(round(FULL * 1e6 * self._settings.queue_mb))

    def _queue(self) -> dict[str, Any]:
        publisher = self._publisher
        assert publisher is not None
        return {"waiting": publisher.waiting, "left_out": dict(publisher.outbox.dropped)}

    def _tell_state(self) -> None:
        """What is true now, for who only wants that."""
        self._state_due_s = time.monotonic() + STATE_S
        state = self._state
        rate = state.heart_rate_bpm
        self._retain(
            "state",
            {
                "heart_rate_bpm": None if rate is None else round(rate, 1),
                "rhythm": state.rhythm or None,
                "battery_percent": state.battery_percent,
                "quality_percent": {lead: round(100 * q) for lead, q in state.quality.items()},
                "electrodes_off": sorted(state.electrodes_off),
                "link": "off" if state.reconnecting else "on",
                "lost_samples": sum(state.lost.values()),
            },
        )


def device_level(info: RunInfo) -> str:
    """A device's level of its topics: its name, and its number where it has one, for names are not unique."""
    number = re.sub(r"[^A-Za-z0-9]+", "", info.device.device_id).lstrip("0")
    name = record_name(info.device.name)
    return f"{name}_{number}" if number and number not in name else name


def queue_folder(s: MqttSettings, base: str) -> Path:
    """Where this device's messages wait for this broker: what was meant for one never goes to another."""
    folder = s.queue or _state_folder() / FOLDER
    return folder / f"{word(s.broker.host)}_{s.broker.port}" / word(base)


def word(text: str) -> str:
    """A name for files and brokers: as long as it is, for what is cut off may be what tells two patches apart."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", text)


def _state_folder() -> Path:
    """As systemd or the XDG standard name it. Raises OutputError where there is none."""
    for told in (os.environ.get("STATE_DIRECTORY", "").split(":")[0], os.environ.get("XDG_STATE_HOME", "")):
        if Path(told).is_absolute():
            return Path(told)
    try:
        return Path.home() / ".local" / "state"
    except RuntimeError:
        text = "there is no home folder to keep MQTT's queue in: name one as queue in [mqtt]"
        raise OutputError(text, Reason.UNWRITABLE) from None
