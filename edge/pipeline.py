"""The stages, wired: numbered samples of a few leads in; twelve leads, beats, quality, gaps and alerts out.

No clock and no I/O here: a live run, a replay and a test are the same code.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from edge.alerts import AlertSettings
from edge.blocks import Block, TwelveLeads
from edge.bundle import RATE, Bundle, open_bundle
from edge.classify import Classification, Classify
from edge.config import HOP_RANGE_S
from edge.engines import Engine
from edge.errors import UsageError
from edge.front import front, through
from edge.ischemia import Ischemia
from edge.monitor import Finding, Monitor
from edge.montage import Montage
from edge.person import Person
from edge.quality import QualityReport
from edge.reconstruction import Reconstruct
from edge.rhythm.beat import Beat
from edge.scores import combined
from edge.st.reading import StReading
from edge.timeline import Cause, Chunk, Gap, Timeline

if TYPE_CHECKING:  # loaded where a patient file is given
    from edge.misfit import Watch
    from edge.patient import Patient

MIN_RATE, MAX_RATE = 50.0, 4000.0  # Hz

ASIDE = ("beats", "rhythm", "ischemia")  # a beat's class comes after both delays, and ischaemia waits for beats

Output = TwelveLeads | Gap | Finding | StReading | Classification


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """How a stream is worked on."""

    hop_s: float = 1.0  # between windows; smaller is sooner and costs more
    mains_hz: float | None = None  # 50 or 60: a notch there; none by default, since every notch rings
    alerts: AlertSettings = field(default_factory=AlertSettings)
    classify: bool = True  # with the bundle's classifier, where it has one
    person: Person = field(default_factory=Person)  # age and sex: thresholds of ST and voltage depend on them


class Pipeline:
    """One patient's stream, from samples to findings.

    leads: names of standard leads, or a `Montage`; rate: Hz of the samples that come. Samples 0, 1, … of the timeline
    are the stream's own; what comes out counts at 500 Hz from the same instant. patient: whose correction of the
    network is applied for as long as the measured leads look like the heart that was enrolled.

    Raises UsageError for leads, rates and settings that make no sense, InputError for a bundle that cannot be used or
    a patient file made for another one or for other leads.
    """

    def __init__(
        self,
        leads: Sequence[str] | Montage,
        rate: float = RATE,
        *,
        bundle: Bundle | None = None,
        engine: Engine | None = None,
        settings: PipelineSettings | None = None,
        patient: Patient | None = None,
    ) -> None:
        if not MIN_RATE <= rate <= MAX_RATE:
            raise UsageError(f"a rate of {rate:g} Hz: {MIN_RATE:g} to {MAX_RATE:g} is possible")
        self.settings = settings or PipelineSettings()
        low, high = HOP_RANGE_S
        if not low <= self.settings.hop_s <= high:
            raise UsageError(f"a hop of {self.settings.hop_s:g} s: {low:g} to {high:g} is possible")
        self.montage = leads if isinstance(leads, Montage) else Montage.of_leads(leads)
        self.rate = rate
        bundle = bundle or open_bundle()
        if patient:
            patient.check(bundle, self.montage)
        engine = engine or bundle.load(bundle.choose())
        names = self.montage.names
        self.timeline = Timeline(names, rate)
        self._front = front(rate, self.settings.mains_hz, together=self.montage.redundant)
        self.monitor = Monitor(names, self.settings.alerts)
        hop, correction = round(self.settings.hop_s * RATE), patient.correction if patient else None
        self.twelve = Reconstruct(self.montage, bundle, engine, hop, correction)
        self.classify = self._classifier(bundle, engine)
        self.ischemia = Ischemia(self.settings.person, patient.st if patient else None)
        self._patient = patient
        self.watch: Watch | None = patient.watch(names) if patient else None
        self.on_placed: Callable[[Block], None] | None = None  # told of every stretch of the timeline as it came
        self.samples_out = 0  # of the twelve leads, at 500 Hz
        self._next = 0

    def _classifier(self, bundle: Bundle, engine: Engine) -> Classify | None:
        loaded = bundle.load_classifier(engine.name) if self.settings.classify else None
        return Classify(bundle.classifier, loaded) if bundle.classifier and loaded else None

    def push(self, samples: Chunk | npt.NDArray[np.floating]) -> list[Output]:
        """Samples as a numbered `Chunk`, or as an array (n x leads, mV, NaN where lost) that follows the last one."""
        if not isinstance(samples, Chunk):
            samples = Chunk(self._next, np.asarray(samples, np.float32))
        if samples.mv.ndim != 2 or samples.mv.shape[1] != len(self.montage.names):
            raise UsageError(f"samples of shape {samples.mv.shape}: n x {len(self.montage.names)} leads is expected")
        self._next = max(self._next, samples.index + len(samples.mv))
        return self._run(self.timeline.push(samples))

    def restart(self, lost: int) -> list[Output]:
        """The sender counts from anew; `lost` of its samples passed meanwhile."""
        return self._run(self.timeline.restart(lost))

    def suspect(self, cause: Cause) -> None:
        self.timeline.suspect(cause)

    def upto(self, index: int) -> None:
        self.timeline.upto(index)

    def await_again(self, first: int, end: int) -> None:
        """The sender was asked for these samples again: what is missing of them is not given up yet."""
        self.timeline.await_again(first, end)

    def forgo(self, first: int, end: int) -> list[Output]:
        """What is missing of these samples will not come."""
        return self._run(self.timeline.forgo(first, end))

    def contact(self, off: frozenset[str]) -> list[Output]:
        """From now on these leads, and no others, miss an electrode."""
        return [*self.monitor.alerts.push_electrodes(self.now, off)]

    def link(self, up: bool) -> list[Output]:
        return [*self.monitor.alerts.push_link(self.now, up)]

    def battery(self, percent: float) -> list[Output]:
        return [*self.monitor.alerts.push_battery(self.now, percent)]

    @property
    def now(self) -> int:
        """How far the stream has come, at 500 Hz."""
        return round(self.timeline.emitted * RATE / self.rate)

    def flush(self) -> list[Output]:
        """The end: everything still held comes out."""
        out = self._run(self.timeline.flush())
        for position, stage in enumerate(self._front):
            out += self._front_to_back(stage.flush(), position + 1)
        found = self._watched(self.monitor.flush(self.now))
        out += found
        out += self._twelve(self.twelve.flush(), found, self.now)
        out += self._told(self.ischemia.flush())
        out += self.classify.flush() if self.classify else []
        return out + self.monitor.alerts.flush()

    def enrolment(self) -> dict[str, int | bool | None] | None:
        """How much the patient file corrected, and whether its heart is this one (None: not seen); None without one."""
        if self._patient is None:
            return None
        fits = self.watch.fits if self.watch and self.watch.looks else None
        return {"corrected_samples": self.twelve.corrected, "fits": fits}

    def delays(self) -> dict[str, float]:
        """Each stage's delay in ms, in the order of the road."""
        stages = {type(s).__name__.lower(): s.delay_samples for s in self._front}
        stages |= {"beats": self.monitor.beats.typical_delay_samples, "rhythm": self.monitor.interpreter.delay_samples}
        stages |= {"ischemia": self.ischemia.delay_samples, "twelve leads": self.twelve.delay_samples}
        return {name: 1000.0 * samples / RATE for name, samples in stages.items()}

    def scores(self) -> dict[str, float | None]:
        """How strongly the recording so far speaks for each condition, 0 to 1; None: the signal allows no answer."""
        classified = self.classify.scores() if self.classify else {}
        return combined(self.monitor.scores(), self.ischemia.scores(), classified, self.now / RATE)

    @property
    def delay_ms(self) -> float:
        """From a sample to its twelve leads, at most. Beats and rhythm run beside that road."""
        return sum(ms for name, ms in self.delays().items() if name not in ASIDE)

    def _run(self, blocks: list[Block]) -> list[Output]:
        scale = RATE / self.rate
        out: list[Output] = []
        for gap in self.timeline.take_gaps():
            first, end = (math.ceil(edge * scale - 1e-6) for edge in (gap.start, gap.start + gap.samples))
            at = replace(gap, start=first, samples=end - first)
            out.append(at)
            out += self.monitor.alerts.push_gap(at.start, at.samples)
        if self.on_placed:
            for block in blocks:
                self.on_placed(block)
        return out + self._front_to_back(blocks, 0)

    def _front_to_back(self, blocks: Iterable[Block], first: int) -> list[Output]:
        for stage in self._front[first:]:
            blocks = through(stage, blocks)
        out: list[Output] = []
        for block in blocks:
            found = self._watched(self.monitor.push(block))
            if self.watch and self.watch.push(block, [beat for beat in found if isinstance(beat, Beat)]):
                self.twelve.corrects = self.watch.fits
                found += self.monitor.alerts.push_fit(block.end, self.watch.fits, self.watch.distance)
            out += found
            out += self.monitor.judge(block.end)
            out += self._twelve(self.twelve.push(block), found, self.monitor.interpreter.horizon)
        return out

    def _twelve(self, blocks: list[TwelveLeads], found: list[Finding], horizon: int) -> list[Output]:
        """Twelve leads, and what they say once the beats before `horizon` are known."""
        for one in found:
            if isinstance(one, QualityReport):
                self.ischemia.set_quality(one)
                if self.classify:
                    self.classify.set_quality(one)
        beats = [one for one in found if isinstance(one, Beat)]
        told: list[Output] = [*self._attach(blocks), *self._told(self.ischemia.push(blocks, beats, horizon))]
        for block in blocks:
            told += self.classify.push(block) if self.classify else []
        return told

    def _told(self, readings: list[StReading]) -> list[Output]:
        return [*readings, *self.monitor.alerts.push_st(readings, self.ischemia.horizon)]

    def _watched(self, found: list[Finding]) -> list[Finding]:
        if self.watch:
            for report in found:
                if isinstance(report, QualityReport):
                    self.watch.set_quality(report)
        return found

    def _attach(self, blocks: list[TwelveLeads]) -> list[TwelveLeads]:
        self.samples_out += sum(len(b.mv) for b in blocks)
        score = dict(self.monitor.report.score) if self.monitor.report else {}
        return [replace(b, quality=score) for b in blocks]
