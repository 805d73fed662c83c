"""The sinks that the settings ask for; only their own libraries are imported."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from edge.config import RunSettings
from edge.sinks.base import Sink
from edge.sinks.state import ViewState

if TYPE_CHECKING:
    from edge.sinks.metrics_counts import Queueing


def chosen_sinks(s: RunSettings, state: ViewState) -> list[Sink]:
    """What the settings ask for, in order. A sink that cannot be opened closes those before it."""
    made: list[Sink] = []
    queues: list[Queueing] = []

    def beside(sink: Sink, name: str, *, raw: bool = True, twelve: bool = True) -> Sink:
        """In a thread of its own where the stream does not wait; a recording does."""
        if not (s.port or s.ble):
            return sink
        from edge.sinks.queued import Queued

        queues.append(queued := Queued(sink, name, raw=raw, twelve=twelve))
        return queued

    with contextlib.ExitStack() as undo:
        if s.events:
            from edge.sinks.jsonl import Jsonl

            made.append(beside(Jsonl(s.events), s.events, raw=False, twelve=False))
            undo.callback(made[-1].close, {})
        if s.summary:
            from edge.sinks.jsonl import SummaryFile

            made.append(SummaryFile(s.summary))
        if s.record:
            from edge.sinks.recorder import Recorder

            made.append(beside(Recorder(s.record, s.raw), str(s.record)))
        if alerts_in := s.alert_dir or s.record:
            from edge.sinks.alert_log import AlertLog
            from edge.sinks.strips import Strips

            made += [
                beside(AlertLog(alerts_in), f"alerts in {alerts_in}", raw=False, twelve=False),
                beside(Strips(alerts_in), f"strips in {alerts_in}", raw=False),
            ]
        if s.mqtt:
            from edge.sinks.extras import needed

            needed("paho.mqtt", "mqtt", "--mqtt")
            from edge.sinks.mqtt import Mqtt

            live = bool(s.port or s.ble)
            mqtt = Mqtt(s.mqtt, state, latch_high=s.alerts.latch_high, waits=not live)
            queues.append(mqtt)
            made.append(beside(mqtt, f"MQTT at {s.mqtt.url}", raw=False, twelve=s.mqtt.leads))
        if s.lsl is not None:
            from edge.sinks.lsl import Lsl

            made.append(Lsl(s.lsl))  # it copies what it is given, and waits for nobody
        if s.metrics:
            from edge.sinks.metrics import Metrics

            made.append(Metrics(s.metrics, state, queues))
            undo.callback(made[-1].close, {})
        if s.view != "none" and s.events != "-":
            from edge.sinks.view import View

            made.append(View(s.view, state))
        undo.pop_all()
    return made
