"""What the measured leads say by themselves: quality, beats, rhythm, alerts. It needs no network."""

from __future__ import annotations

from edge.alerts import Alert, AlertEngine, AlertSettings
from edge.blocks import Block
from edge.bundle import RATE
from edge.quality import Quality, QualityReport
from edge.rhythm.beat import Beat
from edge.rhythm.detector import BeatDetector
from edge.rhythm.emergency import EmergencySettings
from edge.rhythm.interpreter import Interpreter, InterpreterSettings, Models, Reading
from edge.rhythm.rate import HeartRate
from edge.rhythm.scores import RhythmScores

BEATS_END_S = 10.0  # into a gap: every beat before it is known by then, and there is none in it

Finding = QualityReport | Reading | Alert


class Monitor:
    """Stages of the measured leads, wired: filtered blocks at 500 Hz in, findings out.

    After each `push` comes `judge`, when all else that is known up to the block's end has been told to `alerts`.
    """

    def __init__(
        self, leads: tuple[str, ...], settings: AlertSettings | None = None, models: Models | None = None
    ) -> None:
        self.quality = Quality(leads, RATE)
        self.beats = BeatDetector(RATE)
        self.interpreter = Interpreter(RATE, interpreting(settings or AlertSettings()), models)
        self.rates = HeartRate(RATE)
        self._leads = leads
        self._scores = RhythmScores(RATE)
        self.alerts = AlertEngine(leads, RATE, settings)
        self.report: QualityReport | None = None  # the last one
        self._blank = 0  # samples of nothing since the last signal

    def push(self, block: Block) -> list[Finding]:
        """What a block brings: its quality first, then the beats that it settles."""
        found = self._judged(self.quality.push(block))
        self._blank = self._blank + len(block.mv) if block.blank else 0
        if self._blank <= BEATS_END_S * RATE:
            beats = self.beats.push(block)
            found += self._beaten(beats)
            found += self._told(self.interpreter.push(block, beats, self.beats.horizon))
        return found

    def judge(self, end: int) -> list[Finding]:
        """The alerts that change up to sample `end`, the end of the block pushed last."""
        return [*self.alerts.advance(end, self.beats.horizon, self.interpreter.horizon)]

    def flush(self, end: int) -> list[Finding]:
        """The quality and beats still held; the alerts' own `flush` follows when all is told. `end`: of the stream."""
        found = self._judged(self.quality.flush())
        beats = self.beats.flush()
        found += self._beaten(beats)
        nothing = Block.nothing(end, 0, RATE, self._leads)
        return found + self._told(self.interpreter.push(nothing, beats, end) + self.interpreter.flush(end))

    def scores(self) -> dict[str, float | None]:
        """How strongly the recording so far speaks for each condition."""
        return self._scores.scores(self.interpreter)

    def _judged(self, reports: list[QualityReport]) -> list[Finding]:
        found: list[Finding] = [*reports]
        for report in reports:
            self.report = report
            self.beats.set_quality(report.end, report.score)
            self.interpreter.set_quality(report)
            found += self.alerts.push_quality(report)
        return found

    def _beaten(self, beats: list[Beat]) -> list[Finding]:
        """Beats as they are found count for rate, pause and standstill: they are told on when their class is known."""
        self._scores.push(beats)
        for beat in beats:
            self.rates.push(beat)
        return [*self.alerts.push_beats(beats)]

    def _told(self, readings: list[Reading]) -> list[Finding]:
        return [*readings, *self.alerts.push_readings(readings)]


def interpreting(s: AlertSettings) -> InterpreterSettings:
    """What the alerts' thresholds mean to the interpreter."""
    emergencies = EmergencySettings(
        asystole_s=s.asystole_s,
        run_beats=int(s.vt_beats),
        run_per_min=s.vt_per_min,
        vf_windows=max(
            1, round(s.vf_s) - 1
        ),  # of four seconds, a second apart: most of the first is of what was before
    )
    return InterpreterSettings(s.min_quality, s.af_s, s.af_on, s.af_off, emergencies)
