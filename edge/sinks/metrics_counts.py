"""A run in numbers, for whoever draws them: names and labels as Prometheus has them. METRICS.md lists them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from edge.events import Event
from edge.sinks.base import RunInfo
from edge.sinks.state import PRIORITIES, ViewState
from edge.telemetry import resident_mb

PREFIX = "edge_ecg_"


class Queueing(Protocol):
    """A sink with a queue."""

    name: str

    @property
    def waiting(self) -> int: ...

    @property
    def left_out(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Metric:
    """One family: its samples by their labels' values."""

    name: str  # without PREFIX, and without the _total of a counter
    about: str
    labels: tuple[str, ...] = ()
    counts: bool = False  # a counter; else a gauge
    values: Sequence[tuple[tuple[str, ...], float]] = field(default=())


class Counts:
    """Follows a run by its events, and reads the rest where it stands; `metrics` may be called from any thread."""

    def __init__(self, state: ViewState, queues: Sequence[Queueing]) -> None:
        self._state, self._queues = state, queues
        self._lock = threading.Lock()
        self._info: RunInfo | None = None
        self._beats: Counter[str] = Counter()
        self._alerts: Counter[tuple[str, ...]] = Counter()
        self._on: dict[str, str] = {}  # priority of each alert that is on
        self._failures = 0
        self._samples: Mapping[str, int] = {}
        self.samples_out = 0

    def began(self, info: RunInfo) -> None:
        self._info = info

    def take(self, event: Event) -> None:
        with self._lock:
            match event["type"]:
                case "beat":
                    self._beats[event["class"]] += 1
                case "alert" | "technical":
                    self._take_alert(event)
                case "output":
                    self._failures += not event["up"]
                case "health" | "summary":
                    self._samples = event.get("samples", {})

    def _take_alert(self, event: Event) -> None:
        of, state = event["id"], event["state"]
        if state == "on":
            if of not in self._on:
                self._alerts[event["kind"], event["priority"], _flag(event["type"] == "technical")] += 1
            self._on[of] = event["priority"]
        elif state == "off":
            self._on.pop(of, None)

    def metrics(self) -> Iterator[Metric]:
        if self._info is None:
            return
        with self._lock:
            yield from self._of_the_run(self._info)
            yield from self._of_the_signal()
            yield from self._of_the_wearer()
        yield from self._of_the_outputs()
        yield from _of_the_process()

    def _of_the_run(self, info: RunInfo) -> Iterator[Metric]:
        montage = ",".join(info.device.montage.names)
        told = (montage, info.bundle, info.engine, info.version)
        labels = ("montage", "bundle", "engine", "version")
        yield Metric("run_info", "The run: always 1.", labels, values=[(told, 1.0)])
        yield _gauge("signal_seconds", "Signal since the run's start.", self._state.elapsed_s)
        yield _gauge(
            "link_up", "Whether the patch is there (1) or waited for (0).", float(not self._state.reconnecting)
        )
        yield _gauge("battery_percent", "The patch's battery.", self._state.battery_percent)

    def _of_the_signal(self) -> Iterator[Metric]:
        state = self._state
        yield _counter("samples_received", "Samples received, a lead.", state.samples)
        lost = [((cause,), float(n)) for cause, n in state.lost.items()]
        yield Metric("samples_lost", "Samples lost, a lead, by cause.", ("cause",), True, lost)
        yield _counter("samples_out", "Samples of the twelve leads that were told.", self.samples_out)
        for key in ("duplicates", "corrupt_bytes"):
            about = f"{key.replace('_', ' ').capitalize()}, as of the last health event."
            yield _counter(key, about, self._samples.get(key))
        quality = [((lead,), float(q)) for lead, q in dict(state.quality).items()]
        yield Metric("signal_quality", "A measured lead's quality, 0 (unusable) to 1.", ("lead",), values=quality)
        off = [((lead,), float(lead in state.electrodes_off)) for lead in state.montage]
        yield Metric("electrode_off", "Whether a measured lead misses an electrode.", ("lead",), values=off)
        both = (("0.5", state.latency_p50_ms), ("0.99", state.latency_p99_ms))
        latency = [((q,), ms / 1000) for q, ms in both if ms is not None]
        about = "From a sample's arrival to its twelve leads, of the last few thousand messages."
        yield Metric("latency_seconds", about, ("quantile",), values=latency)

    def _of_the_wearer(self) -> Iterator[Metric]:
        yield _gauge("heart_rate_bpm", "Heart rate.", self._state.heart_rate_bpm)
        beats = [((of,), float(n)) for of, n in self._beats.items()]
        yield Metric("beats", "Beats, by class (N, S, V, F, Q).", ("class",), True, beats)
        alerts = [(labels, float(n)) for labels, n in self._alerts.items()]
        yield Metric("alerts", "Alerts that began.", ("kind", "priority", "technical"), True, alerts)
        on = Counter(self._on.values())
        active = [((priority,), float(on[priority])) for priority in PRIORITIES]
        yield Metric("alerts_active", "Alerts that are on now, the equipment's too.", ("priority",), values=active)

    def _of_the_outputs(self) -> Iterator[Metric]:
        waiting = [((queue.name,), float(queue.waiting)) for queue in self._queues]
        yield Metric("queue_waiting", "Blocks, events or messages that wait for an output.", ("queue",), values=waiting)
        left_out = [((queue.name,), float(queue.left_out)) for queue in self._queues]
        yield Metric("queue_left_out", "What an output's queue had no room for.", ("queue",), True, left_out)
        yield _counter("output_failures", "Times that an output failed.", self._failures)


def _of_the_process() -> Iterator[Metric]:
    yield _counter("cpu_seconds", "Processor time of this process.", time.process_time())
    yield _gauge("resident_bytes", "Resident memory of this process.", 1e6 * resident_mb())


def _gauge(name: str, about: str, value: float | None) -> Metric:
    return Metric(name, about, values=_alone(value))


def _counter(name: str, about: str, value: float | None) -> Metric:
    return Metric(name, about, (), True, _alone(value))


def _alone(value: float | None) -> Sequence[tuple[tuple[str, ...], float]]:
    """What is not known is not told."""
    return () if value is None else (((), float(value)),)


def _flag(flag: bool) -> str:
    return "true" if flag else "false"


def names(metrics: Iterable[Metric]) -> set[str]:
    """As queries have them."""
    return {f"{PREFIX}{m.name}{'_total' if m.counts else ''}" for m in metrics}
