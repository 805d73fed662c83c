"""Stage: twelve leads, classed beats and quality in; every five seconds what the ST segment, Q, R and T say.

Ischaemia and infarction by the criteria of the Fourth Universal Definition of Myocardial Infarction (2018), read from
average beats (`edge.st`). A level that rests on reconstructed leads is as uncertain as the network says, and ranks
below one that was measured.
"""

from __future__ import annotations

from collections.abc import Iterable

from edge.blocks import TwelveLeads
from edge.person import Person
from edge.quality import QualityReport
from edge.rhythm.beat import Beat
from edge.st import levels, reading
from edge.st.average import Averager
from edge.st.beat import AverageBeat
from edge.st.own import OwnSt, RunningBaseline
from edge.st.position import Position
from edge.st.running import Running

SCORES = (
    *("mi", "stemi", "ischemia", "mi_anterior", "mi_anterolateral", "mi_anteroseptal", "mi_inferior", "mi_lateral"),
    *("mi_septal", "lbbb", "rbbb", "avb1", "lvh", "normal"),
)
PASSING = ("mi", "stemi", "ischemia")  # scores that a minute may hold and the next not: the highest counts


class Ischemia:
    """Readings up to `horizon` have been put. own: the patient's ST, from the patient file."""

    def __init__(self, person: Person | None = None, own: OwnSt | None = None) -> None:
        self._person, self._own = person or Person(), own
        self._averages, self._position, self._baseline = Averager(), Position(), RunningBaseline()
        self.delay_samples = self._averages.delay_samples
        self._running = {name: Running(highest=name in PASSING) for name in SCORES}
        self.last: reading.StReading | None = None

    @property
    def horizon(self) -> int:
        return self._averages.horizon

    def set_quality(self, report: QualityReport) -> None:
        self._averages.set_quality(report)

    def push(self, blocks: Iterable[TwelveLeads], beats: Iterable[Beat], horizon: int) -> list[reading.StReading]:
        """`horizon`: no beat before it will come any more."""
        return self._read(self._averages.push(blocks, beats, horizon))

    def flush(self) -> list[reading.StReading]:
        return self._read(self._averages.flush())

    def scores(self) -> dict[str, float | None]:
        """How strongly the recording so far speaks for each condition, by the criteria; None: nothing could be read."""
        return {name: running.value for name, running in self._running.items()}

    def _read(self, averages: list[AverageBeat]) -> list[reading.StReading]:
        found: list[reading.StReading] = []
        for average in averages:
            read = levels.read(average)
            if read is None:
                continue
            self._baseline.push(read)
            own, steady = self._own or self._baseline.own, self._position.push(read)
            self.last = reading.interpret(read, self._person, own, steady)
            found.append(self.last)
            for name, running in self._running.items():
                running.push(self.last.scores[name])
        return found
