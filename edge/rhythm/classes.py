"""Which beats are ventricular: each beat against the patient's own normal one, in whatever leads are usable.

A beat waits for the next one, at most WAIT_S, since a premature ventricular beat is told by the pause after it as well.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace

import numpy as np

from edge.blocks import Block
from edge.errors import InputError, Reason
from edge.quality import BAD, QualityReport
from edge.rhythm.beat import Beat
from edge.rhythm.history import History
from edge.rhythm.shape_features import SHAPE, TIMING, LeadFeatures, Timing
from edge.rhythm.shape_window import STEP_S, Cutter, Floats
from edge.rhythm.trees import Boosted, shipped

WAIT_S = 1.2  # for the next beat: twice the usual R-R at 100/min; later ones are no part of this beat's timing
HOLD_S = 12.0  # of signal: the detector's longest delay, the wait and the beat itself, twice over
PIECE_S = 1.0  # taken in at once
LEARN_BEATS = 8  # of a lead: before, its normal shape and the usual R-R are not known, and it has no say
ONE_LEAD, MORE_LEADS = -0.5, -1.2  # log-odds from which a beat is ventricular: a mean of leads is less extreme than one
EARLY = 0.8  # of the usual R-R: a beat of normal shape is supraventricular when it comes this early
REGULAR = 0.22  # spread of R-R over its mean, one early beat in eight; above, as in fibrillation, early means nothing
NORMAL_SHAPE = 0.8  # correlation of its QRS complex with the normal one
MOST_LEADS = 16  # known at a time: twelve leads and a few renamed; the one longest away is forgotten


@dataclass(frozen=True, slots=True)
class Measured:
    """A beat and what tells its class."""

    beat: Beat
    timing: Floats  # TIMING
    leads: tuple[str, ...]  # usable
    shapes: tuple[Floats, ...]  # SHAPE of each
    seen: tuple[int, ...]  # beats of each, up to this one


class _Lead:
    """The last seconds of one lead, and its templates."""

    def __init__(self, length: int, end: int) -> None:
        self.mv = History(length, 1, end, np.nan)
        self.features = LeadFeatures()
        self.heard = end  # timeline index after its last block


class BeatMeasures:
    """Stage: blocks, their beats and their quality to measured beats, in order, each once."""

    def __init__(self, rate: float = 500.0) -> None:
        self.rate = rate
        self._cutter = Cutter(rate)
        self._wait, self._hold, self._piece = (round(s * rate) for s in (WAIT_S, HOLD_S, PIECE_S))
        self.delay_samples = max(self._wait, self._cutter.after) + round(rate)
        self.horizon = 0
        self._known: dict[str, _Lead] = {}
        self._reports: deque[QualityReport] = deque()
        self._waiting: deque[Beat] = deque()
        self._timing = Timing()
        self._settled = 0  # the detector's horizon
        self._end: int | None = None

    def set_quality(self, report: QualityReport) -> None:
        """To be called in order, and before the block that ends the report's second is pushed."""
        self._reports.append(report)

    def push(self, block: Block, beats: list[Beat], horizon: int) -> list[Measured]:
        """The beats that can be told now; `beats` and `horizon` are the detector's after this block."""
        self._waiting.extend(beats)
        self._settled = max(self._settled, horizon)
        out: list[Measured] = []
        if len(block.mv):
            self._open(block)
            for first in range(block.start, block.end, self._piece):
                self._append(block.cut(first, min(first + self._piece, block.end)))
                out += self._ready()
        self._advance()
        return out

    def flush(self) -> list[Measured]:
        """The beats still waiting; the next block may start anywhere later."""
        out: list[Measured] = []
        while self._waiting:
            out.append(self._measure())
        self._end = None
        self._advance()
        return out

    def _advance(self) -> None:
        waiting = self._waiting[0].sample if self._waiting else self._settled
        self.horizon = max(self.horizon, min(waiting, self._settled))
        while self._reports and self._reports[0].end <= self.horizon:  # no beat will ask for it
            self._reports.popleft()

    def _open(self, block: Block) -> None:
        """Make room for the block's leads; what lies between it and the last one is lost."""
        if self._end is None or block.start - self._end > self._hold:
            for lead in self._known.values():
                lead.mv = History(self._hold, 1, block.start, np.nan)
            self._end = block.start
        elif block.start < self._end:
            raise ValueError(f"a block at {block.start} after one that ended at {self._end}: blocks must not go back")
        elif block.start > self._end:
            nothing = np.full((block.start - self._end, 1), np.nan)
            for lead in self._known.values():
                lead.mv.append(nothing)
        for name in block.leads:
            if name not in self._known:
                self._known[name] = _Lead(self._hold, block.start)
        while len(self._known) > max(MOST_LEADS, len(block.leads)):
            del self._known[min(self._known, key=lambda name: self._known[name].heard)]

    def _append(self, part: Block) -> None:
        nothing = np.full((len(part.mv), 1), np.nan)
        for name, lead in self._known.items():
            if name in part.leads:
                k = part.leads.index(name)
                lead.mv.append(part.mv[:, k : k + 1].astype(np.float64))
                lead.heard = part.end
            else:
                lead.mv.append(nothing)
        self._end = part.end

    def _ready(self) -> list[Measured]:
        out: list[Measured] = []
        assert self._end is not None
        while self._waiting:
            at = self._waiting[0].sample
            second = (int(at // self.rate) + 1) * self.rate  # by then its quality is known
            if self._end < max(at + self._cutter.after + self._cutter.step, second):
                break
            if len(self._waiting) < 2 and self._settled < at + self._wait:
                break
            out.append(self._measure())
        return out

    def _measure(self) -> Measured:
        beat = self._waiting.popleft()
        after_ms, room = math.nan, self._wait
        if self._waiting and self._waiting[0].sample - beat.sample < self._wait:
            room = self._waiting[0].sample - beat.sample
            if self._waiting[0].rr_ms is not None:
                after_ms = self._waiting[0].rr_ms
        timing = self._timing.take(math.nan if beat.rr_ms is None else beat.rr_ms, after_ms)
        scores = self._scores(beat.sample)
        leads, shapes, seen = [], [], []
        for name, lead in self._known.items():
            if scores.get(name, 1.0) < BAD:
                continue
            cut = self._cutter.cut(lead.mv, beat.sample)
            found = lead.features.take(cut, float(timing[0]), float(timing[1]), round(room / self.rate / STEP_S))
            if found is not None:
                leads.append(name)
                shapes.append(found)
                seen.append(lead.features.templates.seen)
        return Measured(beat, timing, tuple(leads), tuple(shapes), tuple(seen))

    def _scores(self, sample: int) -> dict[str, float]:
        while self._reports and self._reports[0].end <= sample:
            self._reports.popleft()
        if self._reports and self._reports[0].start <= sample:
            return dict(self._reports[0].score)
        return {}


class BeatClassifier:
    """Stage: the detector's beats, each given back once and in order, with its class N, S, V or Q.

    A lead votes with the log-odds that its shape and the timing give; usable leads are averaged. F is not told apart:
    fusion beats come out as N or V.
    """

    def __init__(self, rate: float = 500.0, model: Boosted | None = None) -> None:
        self._measures = BeatMeasures(rate)
        self._model = model or shipped("beats")
        if self._model.features != (*TIMING, *SHAPE):
            raise InputError("the model of beat classes was fitted to other features: fit it anew", Reason.MALFORMED)
        self.delay_samples = self._measures.delay_samples

    @property
    def horizon(self) -> int:
        """Timeline index before which no further beat will be put."""
        return self._measures.horizon

    def set_quality(self, report: QualityReport) -> None:
        """To be called in order, and before the block that ends the report's second is pushed."""
        self._measures.set_quality(report)

    def push(self, block: Block, beats: list[Beat], horizon: int) -> list[Beat]:
        """`beats` and `horizon` are what the detector says after this block."""
        return [self._told(measured) for measured in self._measures.push(block, beats, horizon)]

    def flush(self) -> list[Beat]:
        return [self._told(measured) for measured in self._measures.flush()]

    def _told(self, measured: Measured) -> Beat:
        if not measured.leads:
            return replace(measured.beat, kind="Q")
        votes = [float(self._model.scores(np.concatenate([measured.timing, shape]))[0]) for shape in measured.shapes]
        return replace(measured.beat, kind=kind(measured, votes))


def kind(measured: Measured, votes: list[float]) -> str:
    """N, S or V from the log-odds that each usable lead gives for V."""
    learned = [vote for vote, seen in zip(votes, measured.seen, strict=True) if seen > LEARN_BEATS]
    if learned and sum(learned) / len(learned) > (ONE_LEAD if len(learned) == 1 else MORE_LEADS):
        return "V"
    timing = dict(zip(TIMING, measured.timing.tolist(), strict=True))
    alike = sum(float(shape[SHAPE.index("correlation")]) for shape in measured.shapes) / len(measured.shapes)
    early = timing["before"] < EARLY and timing["irregular"] < REGULAR  # NaN is neither
    return "S" if early and alike > NORMAL_SHAPE else "N"
