"""A patient's own ST: what a change is counted from."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np

from edge.blocks import Block, Origin
from edge.leads import LEAD, LEADS, TWELVE_FROM_EIGHT, determined, row
from edge.rhythm.detector import BeatDetector
from edge.st.average import REACH, Stretch, averaged
from edge.st.beat import AFTER, BEFORE, RATE, Floats
from edge.st.levels import Levels, read

FEWEST = 2  # beats of an enrolment: four seconds hold no more of a slow heart
RUNNING_S = 60.0  # of the run's own beginning that a running baseline is made from: an hour later it is as good
FEWEST_READINGS = 6  # half a minute of them


class Source(enum.StrEnum):
    """Where a baseline comes from."""

    ENROLLED = "enrolled"  # twelve leads, recorded when the patient file was made
    RUNNING = "running"  # the run's first minute: an infarct that is there already is part of it


@dataclass(frozen=True, slots=True)
class OwnSt:
    """ST at J and at J + 60 ms (12 each, mV); NaN in leads that are not known."""

    j_mv: Floats
    j60_mv: Floats
    source: Source = Source.ENROLLED


def of_recording(block: Block) -> OwnSt | None:
    """From standard leads behind the baseline filter, at 500 Hz; None where too few beats stand out."""
    stretch = _twelve(block)
    detector = BeatDetector(RATE)
    beats = [*detector.push(block), *detector.flush()]
    at = np.array([beat.sample for beat in beats], np.int64)
    at = at[(at >= stretch.start + BEFORE + REACH) & (at + AFTER + REACH <= stretch.end)]
    rr = [beat.rr_ms for beat in beats if beat.rr_ms is not None]
    if len(at) < FEWEST or not rr:
        return None
    average = averaged(stretch, at, np.ones((len(at), len(LEADS)), bool), float(np.median(rr)), FEWEST)
    levels = None if average is None else read(average)
    return None if levels is None else OwnSt(levels.st_j_mv, levels.st_j60_mv)


class RunningBaseline:
    """The median of the first readings of a run."""

    def __init__(self) -> None:
        self._first: list[tuple[Floats, Floats]] = []  # ST at J and J + 60 ms, of RUNNING_S
        self._began: int | None = None
        self.own: OwnSt | None = None

    def push(self, levels: Levels) -> None:
        if self.own is not None:
            return
        now = levels.average.sample
        self._began = now if self._began is None else self._began
        self._first.append((levels.st_j_mv, levels.st_j60_mv))
        if now - self._began < RUNNING_S * RATE or len(self._first) < FEWEST_READINGS:
            return
        j, j60 = (np.stack(of) for of in zip(*self._first, strict=True))
        self.own = OwnSt(np.median(j, axis=0), np.median(j60, axis=0), Source.RUNNING)
        self._first.clear()


def _twelve(block: Block) -> Stretch:
    """All of the twelve that follow from the recorded ones."""
    names = [lead for lead in block.leads if lead in LEAD]
    columns = [block.leads.index(lead) for lead in names]
    rows = np.stack([row(lead) for lead in names])
    signal = np.where(block.valid, block.mv, np.nan)[:, columns].astype(np.float64)
    mv = signal @ (TWELVE_FROM_EIGHT @ np.linalg.pinv(rows)).T
    known = determined(rows)
    mv[:, ~known] = np.nan
    mv[:, [LEAD[lead] for lead in names]] = signal
    origin = tuple(
        Origin.MEASURED if lead in names else Origin.DERIVED if ok else Origin.UNAVAILABLE
        for lead, ok in zip(LEADS, known, strict=True)
    )
    return Stretch(block.start, mv, np.zeros_like(mv), origin)
