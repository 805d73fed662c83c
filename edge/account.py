"""What a run counts of itself: for its health, told while it goes on, and for the summary at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from edge.alerts import Alert, State
from edge.bundle import RATE
from edge.events import st_told
from edge.pipeline import Pipeline
from edge.rhythm.scores import CONDITIONS
from edge.telemetry import CostMeter, Latencies, StartUp


class Account:
    """Counts beside a pipeline's own. live: the samples come at their own pace, so that latencies mean something."""

    def __init__(self, live: bool) -> None:
        self.latency, self.start_up = Latencies(), StartUp()
        self.beats = 0
        self.corrupt_bytes = 0
        self.battery_percent: int | None = None
        self._live, self._cost = live, CostMeter()
        self._alerts: Counter[str] = Counter()
        self._on: set[str] = set()  # alerts: one that rises in priority is told again

    def alert(self, alert: Alert) -> None:
        if alert.state is State.ON and alert.id not in self._on:
            self._on.add(alert.id)
            self._alerts[str(alert.kind)] += 1
        elif alert.state is State.OFF:
            self._on.discard(alert.id)

    def latencies_ms(self) -> tuple[float | None, float | None]:
        """p50 and p99, from a sample to its twelve leads."""
        return self.latency.percentiles_ms() if self._live else (None, None)

    def health(self, pipeline: Pipeline) -> dict[str, Any]:
        """What the event of that name says."""
        p50, p99 = self.latencies_ms()
        cost = self._cost.read()
        return {
            "samples": self._samples(pipeline),
            "latency_ms": {"p50": p50, "p99": p99},
            "cpu_percent": cost.cpu_percent,
            "rss_mb": cost.rss_mb,
            "battery": self.battery_percent,
        }

    def summary(self, pipeline: Pipeline, time: Mapping[str, Any] | None) -> dict[str, Any]:
        """What the event of that name says; `time`: what is known of the samples'."""
        p50, p99 = self.latencies_ms()
        return {
            "duration_s": round(pipeline.now / RATE, 3),
            "samples": self._samples(pipeline),
            "twelve_leads": {"samples": pipeline.samples_out, "windows": pipeline.twelve.inferred},
            "patient": pipeline.enrolment(),
            "beats": self.beats,
            "alerts": dict(self._alerts),
            "suppressed": pipeline.monitor.alerts.suppressed,
            "latency_ms": {"p50": p50, "p99": p99},
            "time": time,
            "start_up": {
                "first_input_s": self.start_up.first_input_s,
                "first_reconstructed_s": self.start_up.first_reconstructed_s,
            },
            "st": st_told(pipeline.ischemia.last) if pipeline.ischemia.last else None,
            "scores": pipeline.scores(),
        }

    def _samples(self, pipeline: Pipeline) -> dict[str, Any]:
        timeline = pipeline.timeline
        return {
            "in": timeline.received,
            "out": timeline.emitted,
            "lost": {str(cause): n for cause, n in timeline.lost.items()},
            "duplicates": timeline.duplicates,
            "corrupt_bytes": self.corrupt_bytes,
        }


def nothing() -> dict[str, Any]:
    """The summary of a run that never began."""
    return {"duration_s": 0.0, "scores": dict.fromkeys(CONDITIONS)}
