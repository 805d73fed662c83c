"""A recording through the monitor, and what it told: marks as WFDB has them, rhythms, alerts."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from benchmarks.ec57.annotations import Annotations
from edge.alerts import Alert, AlertSettings, State
from edge.blocks import Block
from edge.bundle import RATE
from edge.monitor import Monitor
from edge.quality import QualityReport
from edge.rhythm.beat import Beat
from edge.rhythm.emergency import Emergency
from edge.rhythm.interpreter import Models
from edge.rhythm.legible import Legible
from edge.rhythm.rhythm import WFDB, Label, Rhythm

PIECE = 5000  # samples pushed at once


@dataclass
class Told:
    """All that the monitor told of one recording."""

    end: int  # samples at 500 Hz
    beats: list[Beat] = field(default_factory=list)
    rhythms: list[Rhythm] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    emergencies: list[Emergency] = field(default_factory=list)
    scores: dict[str, float | None] = field(default_factory=dict)
    reports: list[QualityReport] = field(default_factory=list)
    windows: list[Legible] = field(default_factory=list)

    @property
    def hours(self) -> float:
        return self.end / RATE / 3600

    @property
    def began(self) -> list[Alert]:
        """Alerts for the wearer, each once."""
        first = {alert.id: alert for alert in reversed(self.alerts) if alert.state is State.ON and not alert.technical}
        return sorted(first.values(), key=lambda alert: alert.sample)

    def on_within(self, kind: str, last_s: float) -> bool:
        """Whether the emergency `kind` was on at some time in the last `last_s`."""
        return _on_within([(c.sample, c.on) for c in self.emergencies if c.kind == kind], self.end - last_s * RATE)

    def alerted_within(self, kind: str, last_s: float) -> bool:
        """Likewise the alert `kind`, which unreadable signal does not raise."""
        changes = [(a.sample, a.state is State.ON) for a in self.alerts if a.kind == kind]
        return _on_within(changes, self.end - last_s * RATE)

    def unknown_share(self, first_s: float = 0.0, last_s: float = float("inf")) -> float:
        """Of the time, for which no rhythm could be told."""
        ends = [*(rhythm.start for rhythm in self.rhythms[1:]), self.end]
        low, high = first_s * RATE, min(last_s * RATE, self.end)
        spans = [(r.start, end) for r, end in zip(self.rhythms, ends, strict=True) if r.label is Label.UNKNOWN]
        return sum(max(0.0, min(end, high) - max(start, low)) for start, end in spans) / max(high - low, 1)

    def marks(self) -> Annotations:
        """Beats and rhythm changes, at 500 Hz."""
        entries = [(beat.sample, beat.kind, "") for beat in self.beats]
        entries += [(rhythm.start, "+", WFDB[rhythm.label]) for rhythm in self.rhythms]
        entries.sort(key=lambda entry: entry[0])
        samples = np.array([entry[0] for entry in entries], np.int64)
        symbols, aux = [entry[1] for entry in entries], [entry[2] for entry in entries]
        return Annotations(RATE, samples, symbols, aux, length=self.end)


def _on_within(changes: list[tuple[int, bool]], first: float) -> bool:
    on = False
    for sample, begins in changes:
        if begins and sample > first:
            return True
        on = begins or (on and sample > first)
    return on


def told(block: Block, models: Models | None = None, settings: AlertSettings | None = None) -> Told:
    """What the monitor says of a whole recording after the filters."""
    monitor = Monitor(block.leads, settings, models)
    answer = Told(block.end)
    found: list[object] = []
    for first in range(block.start, block.end, PIECE):
        part = block.cut(first, min(first + PIECE, block.end))
        found += monitor.push(part)
        found += monitor.judge(part.end)
    found += [*monitor.flush(block.end), *monitor.alerts.flush()]
    for item in found:
        match item:
            case Beat():
                answer.beats.append(item)
            case Rhythm():
                answer.rhythms.append(item)
            case Emergency():
                answer.emergencies.append(item)
            case Alert():
                answer.alerts.append(item)
            case QualityReport():
                answer.reports.append(item)
            case Legible():
                answer.windows.append(item)
    answer.scores = monitor.scores()
    return answer
