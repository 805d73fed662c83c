"""Ventricular fibrillation, ventricular tachycardia and standstill, read from the waveform once a second.

A beat detector cannot be trusted where there are no beats to detect, so the waveform is asked itself: four seconds of
every usable lead are measured (`vf_features`), complexes are compared with the patient's own (`vf_template`), and a
small model weighs what was measured (`vf_model`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from edge.blocks import Block
from edge.quality import Cause, QualityReport
from edge.rhythm import trees
from edge.rhythm.beat import Beat
from edge.rhythm.legible import Lately, Legibility, agreement
from edge.rhythm.vf_features import features
from edge.rhythm.vf_model import Model, shipped
from edge.rhythm.vf_template import REACH, Complex, Template, run_features
from edge.rhythm.waveform import SLOW_RATE, Array, Second, Seconds

Bools = npt.NDArray[np.bool_]

WINDOW_S = 4  # a rhythm of 60 a minute shows four complexes in it
HISTORY_S = 8  # of complexes: five beats that end within the window, at 100 a minute and slower
LOST_SHARE = 0.1  # of a window's samples: a lead that misses more is not asked
UNREADABLE = frozenset({Cause.LOST, Cause.FLAT, Cause.SATURATED})  # nothing of the heart can be in such a lead
TYPICAL_LAG_S = 1.0  # a beat is known about this long after its peak


STILL_RATIO, STILL_WIDTH = 0.35, 0.06  # of a quiet complex's steepest slope: P waves and wander stay below it


@dataclass(frozen=True, slots=True)
class Window:
    """What was measured of the window from `start` up to, not including, `end`."""

    start: int
    end: int
    leads: Mapping[str, Array] = field(default_factory=dict)  # measures by name, of the usable leads; empty: none
    run: Mapping[str, float] = field(default_factory=dict)  # `run_features`; empty where no run is fast
    steepest: float | None = None  # slope as a share of a quiet complex's, in the lead where it is largest
    beats: int = 0  # that the detector found in it
    agrees: Array | None = None  # `legible.agreement`; None where no lead is usable


@dataclass(frozen=True, slots=True)
class VentricularEvidence:
    """What the waveform says of the window from `start` up to, not including, `end`."""

    start: int
    end: int
    vf: float | None  # probability of fibrillation or flutter; None where no lead can be read
    vt: float | None  # probability of ventricular tachycardia
    evidence: Mapping[str, float] = field(default_factory=dict)
    still: float | None = None  # how surely nothing beats, 0 to 1; None where unreadable or no quiet beat was known
    # Probabilities that a heart can be read from it, as `Legible` has them; None where no lead is usable.
    legible: float | None = None
    steady: float | None = None


class Ventricular:
    """Stage: blocks and beats in, evidence out, once a second.

    A window is judged when every beat before its end is known, so the answer does not depend on how the input is cut.
    """

    def __init__(self, rate: float = 500.0, model: Model | None = None, legible: trees.Boosted | None = None) -> None:
        self._windows = Windows(rate)
        self._model = model or shipped()
        self._legible, self._lately = Legibility(legible or trees.shipped("legible")), Lately()
        self.delay_samples = self._windows.delay_samples

    def set_quality(self, report: QualityReport) -> None:
        """To be called in order, before the block that holds the report's end is pushed."""
        self._windows.set_quality(report)

    def push(self, block: Block, beats: list[Beat], horizon: int) -> list[VentricularEvidence]:
        """A block, the beats that became known with it, and the index before which no further beat will come."""
        return [self._judged(window) for window in self._windows.push(block, beats, horizon)]

    def flush(self) -> list[VentricularEvidence]:
        """The end of the stream: every beat has been pushed."""
        return [self._judged(window) for window in self._windows.flush()]

    def _judged(self, window: Window) -> VentricularEvidence:
        found = judged(window, self._model)
        if window.agrees is None:
            return found
        legible, steady = self._lately.push(self._legible.probability(window.leads, window.agrees))
        return replace(found, legible=legible, steady=steady)


def judged(window: Window, model: Model) -> VentricularEvidence:
    """What `model` makes of what was measured."""
    if not window.leads:
        return VentricularEvidence(window.start, window.end, None, None)
    vf, vt = model.probabilities(window.leads, window.run)
    ratio = window.steepest
    still = None if ratio is None else 1 / (1 + float(np.exp(np.clip((ratio - STILL_RATIO) / STILL_WIDTH, -50, 50))))
    evidence = {name: float(window.leads[name].mean()) for name in ("dominant_hz", "level", "repeat")} | {**window.run}
    evidence["beats"] = float(window.beats)
    return VentricularEvidence(window.start, window.end, vf, vt, evidence, still)


class Windows:
    """Measures the last four seconds once a second, as soon as every beat before their end is known."""

    def __init__(self, rate: float = 500.0) -> None:
        self.delay_samples = round(TYPICAL_LAG_S * rate)
        self._rate = rate
        self._seconds = Seconds(rate)
        self._waiting: deque[Second] = deque()
        self._beats: deque[Beat] = deque()
        self._reports: deque[QualityReport] = deque()
        self._leads: tuple[str, ...] = ()
        self._begin(())

    def set_quality(self, report: QualityReport) -> None:
        self._reports.append(report)

    def push(self, block: Block, beats: list[Beat], horizon: int) -> list[Window]:
        found: list[Window] = []
        if block.leads != self._leads:
            found += self.flush()
            self._begin(block.leads)
        self._waiting.extend(self._seconds.push(block))
        self._beats.extend(beats)
        while self._waiting and self._waiting[0].end <= horizon:
            found.append(self._take(self._waiting.popleft()))
        return found

    def flush(self) -> list[Window]:
        found = [self._take(second) for second in self._waiting]
        self._waiting.clear()
        return found

    def _begin(self, leads: tuple[str, ...]) -> None:
        self._leads = leads
        self._template = Template()
        self._complexes: deque[Complex] = deque()
        self._recent: deque[QualityReport] = deque(maxlen=WINDOW_S)
        self._wave = np.zeros((len(leads), HISTORY_S * SLOW_RATE))
        self._lost = np.ones((len(leads), WINDOW_S))
        self._end = -1

    def _take(self, second: Second) -> Window:
        if second.start != self._end:
            self._lost[:] = 1.0
        self._end = second.end
        self._wave = np.concatenate([self._wave[:, SLOW_RATE:], second.mv], axis=1)
        self._lost = np.concatenate([self._lost[:, 1:], second.lost[:, None]], axis=1)
        while self._reports and self._reports[0].end <= second.end:
            self._recent.append(self._reports.popleft())
        self._measure_complexes()
        return self._measure()

    def _measure_complexes(self) -> None:
        while self._beats:
            beat = self._beats[0]
            behind = (self._end - beat.sample - self._seconds.late) * SLOW_RATE / self._rate  # slow samples
            middle = self._wave.shape[1] - 1 - round(behind)
            if middle + REACH >= self._wave.shape[1]:
                break
            self._beats.popleft()
            if middle >= REACH and (self._lost < 0.5).any():
                part = self._wave[:, middle - REACH : middle + REACH + 1]
                self._complexes.append(self._template.measure(part, beat.sample, beat.rr_ms, beat.kind))
        while self._complexes and self._complexes[0].sample < self._end - HISTORY_S * self._rate:
            self._complexes.popleft()

    def _usable(self) -> Bools:
        """Which leads can be asked about the window: whole, and neither flat nor at the rail for over a second."""
        broken = [sum(r.causes.get(lead) in UNREADABLE for r in self._recent) > 1 for lead in self._leads]
        usable: Bools = (self._lost.mean(axis=1) <= LOST_SHARE) & ~np.array(broken, bool)
        return usable

    def _measure(self) -> Window:
        start = self._end - round(WINDOW_S * self._rate)
        usable = self._usable()
        if not usable.any():
            return Window(start, self._end)
        x = self._wave[usable, -WINDOW_S * SLOW_RATE :]
        leads = features(x)
        leads["quality"] = np.array(
            [
                np.mean([r.score.get(lead, 1.0) for r in self._recent]) if self._recent else 1.0
                for lead, use in zip(self._leads, usable, strict=True)
                if use
            ]
        )
        own = self._template.steepness
        steepest = None if own is None else float((np.abs(np.diff(x, axis=1)).max(axis=1) / own[usable]).max())
        run = run_features(list(self._complexes), start, usable)
        inside = [c for c in self._complexes if c.sample >= start]
        agrees = agreement(inside, self._template, leads, usable)
        return Window(start, self._end, leads, run, steepest, len(inside), agrees)
