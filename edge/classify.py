"""Ten seconds of twelve leads to probabilities: infarction and its territory, conduction, hypertrophy, and the rest.

The classifier was fitted on standard recordings of ten seconds, half of them as they are and half as the network
reconstructs them. It is shown the last ten seconds again and again; where some of them is missing, or a measured lead
cannot be read, there is no answer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.blocks import Origin, TwelveLeads
from edge.bundle import RATE
from edge.bundle_classifier import RECONSTRUCTED, TRUE, ClassifierSpec, probability
from edge.classifier_input import STEP, WINDOW_S, shown
from edge.engines import Classifier
from edge.leads import INDEPENDENT, LEAD, LEADS
from edge.quality import QualityReport

HOP_S = 5.0  # between answers: a diagnosis does not change faster
SHORTEST_S = 5.0  # of a recording that is no longer than a window: it is shown over and over
MIN_QUALITY = 0.1  # of every measured lead: below it no heart can be read
EIGHT = [LEAD[name] for name in INDEPENDENT]


@dataclass(frozen=True, slots=True)
class Classification:
    """What the classifier makes of one window."""

    start: int  # sample index on the timeline
    end: int
    logits: npt.NDArray[np.float64]  # calibrated, one a class
    probability: Mapping[str, float]
    said: tuple[str, ...]  # classes as likely as the threshold of best F1 asks for
    reconstructed: tuple[str, ...]  # leads that it rests on, but which were not measured


class Classify:
    """Stage: twelve leads in, a `Classification` for every window out, as soon as its last sample is there."""

    def __init__(self, spec: ClassifierSpec, engine: Classifier, hop_s: float = HOP_S) -> None:
        self._spec, self._engine = spec, engine
        self._window, self._hop = round(WINDOW_S * RATE), round(hop_s * RATE)
        self.delay_samples = 0  # nothing is passed on; an answer comes with its window's last sample
        self._held: deque[TwelveLeads] = deque()
        self._bad: deque[QualityReport] = deque()  # seconds that cannot be read, not passed yet
        self._first = 0  # timeline index of the window to come
        self._end: int | None = None
        self._sum = np.zeros(len(spec.names))
        self._count = 0

    def set_quality(self, report: QualityReport) -> None:
        """To be called in order, before the twelve leads of the report's second are pushed."""
        if min(report.score.values(), default=1.0) < MIN_QUALITY:
            self._bad.append(report)

    def push(self, block: TwelveLeads, /) -> list[Classification]:
        if block.start != self._end:
            self._forget(block.start)
        self._end = block.end
        if Origin.UNAVAILABLE in block.origin or not np.isfinite(block.mv).all():
            self._forget(block.end)
            return []
        self._held.append(block)
        found: list[Classification] = []
        while self._first + self._window <= self._end:
            if self._readable(self._first + self._window):
                found.append(self._answer(self._first, self._first + self._window))
                self._first += self._hop
            while self._held and self._held[0].end <= self._first:
                self._held.popleft()
        return found

    def flush(self) -> list[Classification]:
        """The end: a recording too short for a window gets an answer all the same."""
        end = self._end or 0
        long_enough = self._held and end - self._first >= SHORTEST_S * RATE
        if self._count or not long_enough or not self._readable(end):
            return []
        return [self._answer(self._first, end)]

    def scores(self) -> dict[str, float]:
        """How strongly the recording so far speaks for each class: by the mean of its windows. Empty without one."""
        if not self._count:
            return {}
        mean = probability(self._sum / self._count)
        return {name: round(float(p), 4) for name, p in zip(self._spec.names, mean, strict=True)}

    def _readable(self, end: int) -> bool:
        """Whether the window up to `end` is; if not, it begins anew behind what cannot be read."""
        while self._bad and self._bad[0].end <= self._first:
            self._bad.popleft()
        inside = [report.end for report in self._bad if report.start < end]
        if inside:
            self._first = max(inside)
        return not inside

    def _forget(self, start: int) -> None:
        self._held.clear()
        self._first = start

    def _answer(self, first: int, end: int) -> Classification:
        mv = np.concatenate([b.mv[max(0, first - b.start) : max(0, end - b.start), EIGHT] for b in self._held])
        x = shown(mv)
        samples = self._window // STEP
        if x.shape[1] < samples:
            x = np.tile(x, -(-samples // x.shape[1]))[:, :samples]
        origins = {lead for b in self._held if b.start < end for lead in self._not_measured(b)}
        view = RECONSTRUCTED if origins else TRUE
        logits = self._spec.calibrated(self._engine.logits(x), view)
        self._sum, self._count = self._sum + logits, self._count + 1
        found = probability(logits)
        named = {name: round(float(p), 4) for name, p in zip(self._spec.names, found, strict=True)}
        rests_on = tuple(lead for lead in LEADS if lead in origins)
        return Classification(first, end, logits, named, self._spec.said(found, view), rests_on)

    @staticmethod
    def _not_measured(block: TwelveLeads) -> list[str]:
        return [lead for lead in INDEPENDENT if block.origin[LEAD[lead]] is Origin.RECONSTRUCTED]
