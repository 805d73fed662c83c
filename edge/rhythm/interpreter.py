"""From detected beats and the signal about them to classed beats, ectopy, emergencies and the rhythm."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from edge.blocks import Block
from edge.quality import Cause, QualityReport
from edge.rhythm.atrial import AfEvidence, AfModel, AtrialFibrillation
from edge.rhythm.beat import Beat
from edge.rhythm.classes import BeatClassifier
from edge.rhythm.ectopy import Bigeminy, Burden, Ectopy, EctopyFinding
from edge.rhythm.emergency import Emergencies, Emergency, EmergencySettings
from edge.rhythm.held import Held
from edge.rhythm.legible import EMERGENCY, Legible
from edge.rhythm.rhythm import Label, Rhythm
from edge.rhythm.rhythms import Readable, Rhythms, Span
from edge.rhythm.trees import Boosted
from edge.rhythm.ventricular import Ventricular, VentricularEvidence
from edge.rhythm.vf_model import Model

SPANS = {"vf": Label.VF, "vt": Label.VT, "asystole": Label.ASYSTOLE}  # emergencies that are rhythms

Reading = Beat | EctopyFinding | Emergency | Span | Rhythm | Legible


@dataclass(frozen=True, slots=True)
class InterpreterSettings:
    """From when on a finding counts."""

    min_quality: float = 0.1  # of the best lead: below it nothing is known
    af_s: float = 30.0  # of evidence
    af_on: float = 0.8  # probability
    af_off: float = 0.5
    emergencies: EmergencySettings = field(default_factory=EmergencySettings)


@dataclass(frozen=True, slots=True)
class Models:
    """What was fitted; None: what comes with the package."""

    beats: Boosted | None = None
    atrial: AfModel | None = None
    ventricular: Model | None = None
    legible: Boosted | None = None


class Interpreter:
    """Stage: blocks, the beats settled with them and the detector's horizon in; readings out, in order of time.

    Every reading that lies before `horizon` has been told. `delay_samples` is what this adds to the beats' own delay.
    """

    def __init__(
        self, rate: float = 500.0, settings: InterpreterSettings | None = None, models: Models | None = None
    ) -> None:
        s = self._settings = settings or InterpreterSettings()
        m = models or Models()
        self._rate = rate
        self.classes = BeatClassifier(rate, m.beats)
        self.atrial = AtrialFibrillation(rate, m.atrial)
        self.ventricular = Ventricular(rate, m.ventricular, m.legible)
        self.emergencies = Emergencies(s.emergencies, rate)
        self.burden = Burden(rate)
        self.rhythms = Rhythms(rate)
        self.delay_samples = self.classes.delay_samples
        self._ectopy = Ectopy()
        lost, delay = round(s.emergencies.lost_s * rate), self.atrial.delay_samples
        self._af = Held(Label.AF, round(s.af_s * rate), s.af_on, s.af_off, delay, lost)
        self._waiting: deque[VentricularEvidence] = deque()
        self.most_vt = 0.0  # the highest probability
        self.judged = False  # some window has been

    @property
    def horizon(self) -> int:
        return self.classes.horizon

    def set_quality(self, report: QualityReport) -> None:
        """To be called in order, before the block that ends the report's second is pushed."""
        for stage in (self.classes, self.atrial, self.ventricular):
            stage.set_quality(report)
        read = max(report.score.values(), default=0.0) >= self._settings.min_quality
        # a lead without complexes is what an asystole looks like: that alone does not make it unreadable
        self.rhythms.push([Readable(report.end, read or Cause.WEAK in report.causes.values())])

    def push(self, block: Block, beats: list[Beat], horizon: int) -> list[Reading]:
        evidence = self.ventricular.push(block, beats, horizon)
        self._waiting.extend(evidence)
        classed = self.classes.push(block, beats, horizon)
        atrial = self.atrial.push(block, classed, self.classes.horizon)
        found = self._read(classed, atrial, self.classes.horizon)
        return [*_legible(evidence), *found, *self.rhythms.advance(self.classes.horizon)]

    def flush(self, end: int) -> list[Reading]:
        """The end of the stream, at sample `end`."""
        evidence = self.ventricular.flush()
        self._waiting.extend(evidence)
        classed = self.classes.flush()
        found = self._read(classed, [], end)
        for one in self.atrial.flush():
            found += self._spanned(self._af.push(one))
        found += self._ectopic(self._ectopy.flush())
        return [*_legible(evidence), *found, *self.rhythms.advance(end + 1)]

    def _read(self, beats: list[Beat], atrial: list[AfEvidence], to_sample: int) -> list[Reading]:
        found: list[Reading] = [*beats]
        for beat in beats:
            self.burden.push(beat)
        self.rhythms.push(beats)
        found += self._ectopic(self._ectopy.push(beats))
        for one in atrial:
            found += self._spanned(self._af.push(one))
        ready: list[VentricularEvidence] = []
        while self._waiting and self._waiting[0].end <= to_sample:
            ready.append(self._waiting.popleft())
        for evidence in ready:
            self._remember(evidence)
        for change in self.emergencies.push(beats, ready):
            found += [change, *self._spanned(self._span(change))]
        return found

    def _remember(self, evidence: VentricularEvidence) -> None:
        if evidence.legible is not None:
            self.rhythms.push([Readable(evidence.end, evidence.legible >= EMERGENCY, by_shape=True)])
        self.judged |= evidence.vt is not None
        self.most_vt = max(self.most_vt, evidence.vt or 0.0)

    def _ectopic(self, found: list[EctopyFinding]) -> list[Reading]:
        self.rhythms.push(one for one in found if isinstance(one, Bigeminy))
        return [*found]

    def _spanned(self, span: Span | None) -> list[Reading]:
        if span is None:
            return []
        self.rhythms.push([span])
        return [span]

    def _span(self, change: Emergency) -> Span | None:
        label = SPANS.get(change.kind)
        if label is None:
            return None
        over = change.sample - round(self._settings.emergencies.clear_s * self._rate)  # its last evidence
        begun = change.onset if change.on else over
        evidence = {name: round(value, 3) for name, value in change.evidence.items()}
        return Span(change.sample, label, change.on, begun, change.evidence.get(change.kind, 1.0), evidence)


def _legible(evidence: list[VentricularEvidence]) -> list[Reading]:
    """Told as soon as it is known: the alerts that wait for no beat's class ask for it."""
    return [
        Legible(e.end, e.legible, e.steady, e.vf or 0.0, e.vt or 0.0)
        for e in evidence
        if e.legible is not None and e.steady is not None
    ]
