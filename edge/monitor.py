"""What the measured leads say by themselves: quality, beats, rate, alerts. It needs no network."""

from __future__ import annotations

from edge.alerts import Alert, AlertEngine, AlertSettings
from edge.blocks import Block
from edge.bundle import RATE
from edge.quality import Quality, QualityReport
from edge.rhythm.beat import Beat
from edge.rhythm.detector import BeatDetector
from edge.rhythm.rate import HeartRate
from edge.rhythm.scores import RhythmScores

BEATS_END_S = 10.0  # into a gap: every beat before it is known by then, and there is none in it

Finding = QualityReport | Beat | Alert


class Monitor:
    """Stages of the measured leads, wired: filtered blocks at 500 Hz in, findings out.

    After each `push` comes `judge`, when all else that is known up to the block's end has been told to `alerts`.
    """

    def __init__(self, leads: tuple[str, ...], settings: AlertSettings | None = None) -> None:
        self.quality = Quality(leads, RATE)
        self.beats = BeatDetector(RATE)
        self.rates = HeartRate(RATE)
        self.scores = RhythmScores(RATE)
        self.alerts = AlertEngine(leads, RATE, settings)
        self.report: QualityReport | None = None  # the last one
        self._blank = 0  # samples of nothing since the last signal

    def push(self, block: Block) -> list[Finding]:
        """What a block brings: its quality first, then the beats that it settles."""
        found = self._judged(self.quality.push(block))
        self._blank = self._blank + len(block.mv) if block.blank else 0
        if self._blank <= BEATS_END_S * RATE:
            found += self._beaten(self.beats.push(block))
        return found

    def judge(self, end: int) -> list[Finding]:
        """The alerts that change up to sample `end`, the end of the block pushed last."""
        return [*self.alerts.advance(end, self.beats.horizon)]

    def flush(self) -> list[Finding]:
        """The quality and beats still held; the alerts' own `flush` follows when all is told."""
        return self._judged(self.quality.flush()) + self._beaten(self.beats.flush())

    @property
    def delay_samples(self) -> int:
        """From an R peak to its beat, typically."""
        return self.beats.typical_delay_samples

    def _judged(self, reports: list[QualityReport]) -> list[Finding]:
        found: list[Finding] = [*reports]
        for report in reports:
            self.report = report
            self.beats.set_quality(report.end, report.score)
            found += self.alerts.push_quality(report)
        return found

    def _beaten(self, beats: list[Beat]) -> list[Finding]:
        self.scores.push(beats)
        for beat in beats:
            self.rates.push(beat)
        return [*beats, *self.alerts.push_beats(beats)]
