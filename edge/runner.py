"""A run: one source through the pipeline into the sinks, from the first item to the summary."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from edge import __version__, notify
from edge.account import Account, nothing
from edge.alerts import Alert, State
from edge.blocks import Origin, TwelveLeads
from edge.bundle import RATE, Bundle
from edge.bundle_file import Variant
from edge.classify import Classification
from edge.config import RunSettings, as_table
from edge.engines import Engine
from edge.errors import InputError, UsageError
from edge.events import Event, Stamp, classified, st_levels
from edge.pipeline import Output, Pipeline, PipelineSettings
from edge.quality import QualityReport
from edge.rhythm.beat import Beat
from edge.rhythm.rhythm import Rhythm
from edge.run_clock import RunClock
from edge.sinks.base import Acknowledging, RunInfo, Sink
from edge.sinks.several import Several
from edge.sinks.state import ActiveAlert, ViewState
from edge.sources import items
from edge.st.reading import StReading
from edge.stopping import handled, stop_signals
from edge.timeline import Chunk, Gap

if TYPE_CHECKING:
    from edge.patient import Patient

HEALTH_S = 10.0
ST_S = 60.0  # of signal between two ST events: a trend, not every reading
REFRESH_S = 0.2  # of what the view shows
SEEN = {State.ON: "", State.OFF: ", over", State.ACKNOWLEDGED: ", seen"}


class Run:
    """Feeds what a source tells to a pipeline and what comes out to the sinks; counts, and sums up."""

    def __init__(
        self,
        source: items.Source,
        settings: RunSettings,
        bundle: Bundle,
        variant: Variant,
        engine: Engine,
        sinks: Sequence[Sink],
        state: ViewState,
        patient: Patient | None = None,
    ) -> None:
        self.source, self.settings, self.sinks, self.state = source, settings, Several(sinks), state
        self._bundle, self._variant, self._engine, self._patient = bundle, variant, engine, patient
        self.pipeline: Pipeline | None = None
        self._stamp = Stamp(datetime.now(UTC))
        self._clock = RunClock(None)
        self._account = Account(settings.speed == 1.0)
        self._refresh_due, self._st_due = 0.0, 0  # s of the clock; sample of the timeline
        for sink in sinks:
            if isinstance(sink, Acknowledging):
                sink.acknowledge_by(self.acknowledge)

    async def go(self) -> Event:
        """Run to the source's end, the set duration or a signal; returns the summary. Raises EdgeError.

        Whatever ends it, what came before is in the sinks and they are closed.
        """
        error: Exception | None = None
        feeding, health = asyncio.create_task(self._feed()), asyncio.create_task(self._report_health())
        on_signals = dict.fromkeys(stop_signals(), feeding.cancel) | {signal.SIGUSR1: self.acknowledge}
        with handled(on_signals, at_once=self.sinks.hurry):
            try:
                await feeding
            except asyncio.CancelledError:
                self.state.stopped = True  # and that is no failure
            except Exception as told:  # noqa: BLE001  raised below, when all is safe
                error = told
            health.cancel()
            notify.stopping()
            await self.source.close()
            try:
                self._flush()
            except Exception as told:  # noqa: BLE001  likewise
                error = error or told
            summary = self._summary()
            if self.pipeline:
                self._tell(summary)
            self.sinks.close(summary)
        error = error or self.sinks.failure
        if error is not None:
            raise error
        return summary

    def _flush(self) -> None:
        if self.pipeline:
            self._give(self.pipeline.flush())
            self._refresh_due = 0.0
            self._refresh(self.pipeline)

    async def _report_health(self) -> None:
        """By the clock and not by what comes, for most is to be told when nothing does.

        To systemd's watchdog a run is alive while samples come, or while the source says that it waits for the patch.
        """
        received = 0
        while True:
            await asyncio.sleep(HEALTH_S)
            if self.pipeline:
                self._tell(self._stamp.event("health", self.pipeline.now, self._account.health(self.pipeline)))
                if told := self._clock.due():
                    self._tell(self._stamp.event("time", self.pipeline.now, told))
                before, received = received, self.pipeline.timeline.received
                if received > before or self.state.reconnecting:
                    notify.alive()

    async def _feed(self) -> None:
        async with contextlib.aclosing(self.source.items()) as stream:  # type: ignore[type-var]
            async for item in stream:
                self._take(item)
                if self.sinks.over:
                    return
                self._tell_news()
                if self.settings.duration and self.pipeline and self.pipeline.now >= self.settings.duration * RATE:
                    return

    def _take(self, item: items.Item) -> None:
        if isinstance(item, items.Described):
            self._start(item)
            return
        pipeline = self.pipeline
        assert pipeline is not None or isinstance(item, items.Corruption | items.Suspected | items.Link | items.Battery)
        match item:
            case items.Corruption():
                self._account.corrupt_bytes += item.bytes_lost
            case items.Battery():
                self._account.battery_percent = item.percent
                self.state.battery_percent = item.percent
        if pipeline is None:
            return
        match item:
            case Chunk():
                self._account.start_up.input()
                out = pipeline.push(item)
                self._clock.heard(item, pipeline.timeline.origin, pipeline.rate)
                self._account.latency.arrived(pipeline.now)
                self._give(out)
            case items.Upto():
                pipeline.upto(item.index)
            case items.Restarted():
                self._give(pipeline.restart(item.lost))
                self._clock.restart()
            case items.Suspected():
                pipeline.suspect(item.cause)
            case items.Awaited():
                pipeline.await_again(item.first, item.end)
            case items.Forgone():
                self._give(pipeline.forgo(item.first, item.end))
            case items.Contact():
                self.state.electrodes_off = item.off
                self._give(pipeline.contact(item.off))
            case items.Battery():
                self._give(pipeline.battery(item.percent))
            case items.Link():
                self.state.reconnecting = not item.up
                self._give(pipeline.link(item.up))
                self._tell(self._stamp.event("link", pipeline.now, {"up": item.up, "text": item.text}))
            case items.Button():
                at = round((item.index - pipeline.timeline.origin) * RATE / pipeline.rate)
                self._tell(self._stamp.event("button", at, {}))
                self.acknowledge()
        self._refresh(pipeline)

    def acknowledge(self, alert: str | None = None) -> None:
        """Somebody has seen an alert, by its id; all that is to be seen, by the patch's button or SIGUSR1.

        To be called where the run goes on: from another thread by its event loop's `call_soon_threadsafe`.
        """
        if self.pipeline:
            alerts = self.pipeline.monitor.alerts
            self._give([*(alerts.acknowledge_all() if alert is None else alerts.acknowledge(alert))])
            self._refresh(self.pipeline)

    def _start(self, device: items.Described) -> None:
        s = self.settings
        self.pipeline = pipeline = self._pipeline(device)
        self._clock = clock = RunClock(device.at_ns)
        self._stamp = Stamp(clock.start_utc, self._strips(device), clock.utc)
        engine = f"{self._variant.engine} {self._variant.precision}"
        of = self._patient.created if self._patient else ""
        start, taken_s = self._stamp.start_utc, clock.host_s if clock.of_host else None
        info = RunInfo(device, self._bundle.name, engine, start, pipeline.delay_ms, __version__, of, taken_s)
        state = self.state
        state.device, state.source, state.montage = device.name, device.source, device.montage.names
        state.bundle = self._bundle.name + (" with a patient file" if self._patient else "")
        state.rate_hz, state.engine = device.rate, engine
        state.speed, state.total_s = s.speed, s.duration or device.total_s
        self.sinks.start(info)
        pipeline.on_placed = self.sinks.raw
        fields: dict[str, Any] = {
            "device": device.about(),
            "montage": list(device.montage.names),
            "rate": device.rate,
            "bundle": self._bundle.name,
            "engine": engine,
            "patient": self._patient.about() if self._patient else None,
            "delay_ms": round(pipeline.delay_ms, 1),
            "version": __version__,
            "configuration": as_table(s),
        }
        self._tell(self._stamp.event("start", 0, fields))
        self.sinks.began()
        notify.ready()

    def _strips(self, device: items.Described) -> str:
        """The folder of the alerts' strips, within the one for alerts or recordings; none where they are not kept."""
        if not (self.settings.alert_dir or self.settings.record):
            return ""
        from edge.sinks.alert_log import alerts_folder

        return alerts_folder(device.name)

    def _pipeline(self, device: items.Described) -> Pipeline:
        s = self.settings
        how = PipelineSettings(s.hop, s.mains, s.alerts, s.classify, s.person)
        try:
            parts: Any = {"bundle": self._bundle, "engine": self._engine, "patient": self._patient}
            return Pipeline(device.montage, device.rate, settings=how, **parts)
        except UsageError as error:  # the settings are checked, so it is what came that will not do
            raise InputError(f"{device.source}: {error}") from error

    def _give(self, outputs: list[Output]) -> None:
        for output in outputs:
            match output:
                case TwelveLeads():
                    self._account.latency.left(output.end)
                    if Origin.RECONSTRUCTED in output.origin:
                        self._account.start_up.reconstructed()
                    self.sinks.twelve(output)
                case Beat():
                    self._account.beats += 1
                    self.state.last_beat_s = output.sample / RATE
                    self._tell(self._stamp.beat(output))
                case Rhythm():
                    self.state.rhythm = str(output.label)
                    self._tell(self._stamp.rhythm(output))
                case Alert():
                    self._account.alert(output)
                    self._tell(self._stamp.alert(output))
                    self._refresh_due = 0.0  # at once: perhaps nothing more comes from the patch just now
                case Classification():
                    self._tell(self._stamp.event("classification", output.end, classified(output)))
                case QualityReport():
                    self.state.quality = output.score
                case StReading() if output.sample >= self._st_due:
                    self._st_due = output.sample + round(ST_S * RATE)
                    self._tell(self._stamp.event("st", output.sample, {"leads": st_levels(output)}))
                case Gap():
                    lost = {"samples": output.samples, "cause": str(output.cause)}
                    self._tell(self._stamp.event("gap", output.start, lost))

    def _tell(self, event: Event) -> None:
        self.sinks.event(event)

    def _tell_news(self) -> None:
        """An output that fails, or works again; on the terminal too, where no view does that."""
        for news in self.sinks.take_news():
            if self.settings.view == "none":
                print(f"edge-run: {news.text}", file=sys.stderr)
            if self.pipeline:
                self._tell(self._stamp.event("output", self.pipeline.now, {"up": news.up, "text": news.text}))

    def _refresh(self, pipeline: Pipeline) -> None:
        state, now = self.state, time.monotonic()
        if now < self._refresh_due:
            return
        self._refresh_due = now + REFRESH_S
        state.elapsed_s = pipeline.now / RATE
        state.latency_p50_ms, state.latency_p99_ms = self._account.latencies_ms()
        state.heart_rate_bpm = pipeline.monitor.rates.at(pipeline.now)
        state.samples = pipeline.timeline.received
        state.lost = {str(cause): n for cause, n in pipeline.timeline.lost.items()}
        active = pipeline.monitor.alerts.active
        state.alerts = tuple(
            ActiveAlert(f"{a.kind}{SEEN[a.state]}", str(a.priority), a.technical, a.onset / RATE, a.id) for a in active
        )

    def _summary(self) -> Event:
        pipeline = self.pipeline
        if pipeline is None:
            return self._stamp.event("summary", 0, nothing())
        return self._stamp.event("summary", pipeline.now, self._account.summary(pipeline, self._clock.told()))
