"""Does the heart that is measured look like the one a patient file was made of? From the measured leads alone.

Of the last beats the nearest three, averaged, are compared with the average beat of the enrolment: so extra beats,
which come from elsewhere in one's own heart, decide nothing. What counts as a difference was learnt from many people:
one that is small among a person's own beats and large between persons. That an electrode which is not measured has
moved cannot be seen here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from edge.beat_shape import AFTER, BEFORE, REACH, Float64s, aligned, cut, signature
from edge.blocks import Block
from edge.quality import QualityReport
from edge.rhythm.beat import Beat
from edge.rhythm.history import History

GROUP = 6  # beats looked at, the last ones
NEAREST = 3  # of them make the average
AGREE = 2  # looks in a row that change the verdict to "another heart"
RETURN = 4  # looks in a row that change it back
BACK = 0.8  # of the limit: nearer than this counts for a return
MIN_QUALITY = 0.3  # of every lead: beats in worse signal are not looked at
HELD_S = 8.0  # longer than a beat may be late


@dataclass(frozen=True, slots=True)
class Seen:
    """A beat, aligned to the enrolment's, and how far it is from that."""

    shape: Float64s
    distance: float


@dataclass(frozen=True)
class Likeness:
    """One heart in the leads of one montage, and how far from it another look may be."""

    leads: tuple[str, ...]
    shape_mv: Float64s  # LENGTH x leads: the average beat
    basis: Float64s  # numbers x POINTS: what a signature is told in, lead by lead
    weights: Float64s  # (leads * numbers) squared, symmetric: how much a difference counts
    limit: float  # of the distance: beyond is another heart

    def distance(self, shape: Float64s) -> float:
        """Of an average beat aligned to `shape_mv`, as a share of the limit; the size of both beats divides out."""
        ours, theirs = signature(self.shape_mv), signature(shape)
        difference = (self.basis @ (theirs - ours)).T.ravel()
        size = float((ours**2).mean() + (theirs**2).mean())
        return float(difference @ self.weights @ difference) / max(size, 1e-9) / self.limit

    def compare(self, beat: Float64s) -> Seen:
        """One beat (as `edge.beat_shape.cut` gives it), by itself."""
        shape = aligned(beat, self.shape_mv)
        return Seen(shape, self.distance(shape))

    def of_nearest(self, seen: Iterable[Seen]) -> float:
        """The distance of the average of those `NEAREST` that are least far."""
        nearest = sorted(seen, key=lambda beat: beat.distance)[:NEAREST]
        return self.distance(np.median([beat.shape for beat in nearest], axis=0))


class Watch:
    """Looks at every beat; `fits` is the verdict as of now, the patient's own heart until two looks say otherwise."""

    def __init__(self, likeness: Likeness, leads: tuple[str, ...], rate: float) -> None:
        self.likeness = likeness
        self.fits = True
        self.distance = 0.0  # at the last look, as a share of the limit
        self.looks = 0
        self._columns = [leads.index(lead) for lead in likeness.leads]
        self._held: History | None = None
        self._length = round(HELD_S * rate)
        self._waiting: deque[int] = deque()  # R peaks whose beat is not over
        self._beats: deque[Seen] = deque(maxlen=GROUP)
        self._quality: Mapping[str, float] = {}
        self._against = 0  # looks in a row that contradict the verdict

    def set_quality(self, report: QualityReport) -> None:
        self._quality = report.score

    def push(self, block: Block, beats: Iterable[Beat]) -> bool:
        """Takes in a block and the beats found by its end; whether the verdict changed."""
        if self._held is None or block.start != self._held.end or len(block.mv) > self._length:
            self._held = History(self._length, len(self._columns), block.start, np.nan)
            self._waiting.clear()
        if len(block.mv) <= self._length:
            mv = block.mv[:, self._columns].astype(np.float64)
            self._held.append(np.where(block.valid[:, self._columns], mv, np.nan))
        else:
            self._held.end = block.end
        self._waiting.extend(beat.sample for beat in beats)
        changed = False
        while self._waiting and self._waiting[0] + AFTER + REACH <= self._held.end:
            changed ^= self._look(self._waiting.popleft())
        return changed

    def _look(self, at: int) -> bool:
        assert self._held is not None
        if any(self._quality.get(lead, 1.0) < MIN_QUALITY for lead in self.likeness.leads):
            return False
        first = at - BEFORE - REACH
        about = self._held.view(first, at + AFTER + REACH)
        beat = cut(about, BEFORE + REACH) if len(about) == BEFORE + AFTER + 2 * REACH else None
        if beat is None:
            return False
        self._beats.append(self.likeness.compare(beat))
        if len(self._beats) < NEAREST:
            return False
        self.looks += 1
        self.distance = self.likeness.of_nearest(self._beats)
        return self._judge()

    def _judge(self) -> bool:
        """Whether this look changes the verdict."""
        contradicts = self.distance > 1.0 if self.fits else self.distance < BACK
        self._against = self._against + 1 if contradicts else 0
        if self._against < (AGREE if self.fits else RETURN):
            return False
        self.fits, self._against = not self.fits, 0
        return True
