"""The last half minute of beats, as atrial fibrillation is judged from: intervals, and what lies about each R peak."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.blocks import Block
from edge.quality import BAD, QualityReport
from edge.rhythm import p_wave, rr_features
from edge.rhythm.beat import Beat
from edge.rhythm.history import History

Array = npt.NDArray[np.float64]

HOP_S = 2.0  # between windows' ends, which lie at multiples of it
LONGEST_S = 60.0  # no window is asked to be longer
HELD_S = 12.0  # of signal: longer than any beat is waited for
FEWEST_S = 5.0  # of usable intervals: less is no rhythm
USABLE_SHARE = 0.4  # of the time since the window's first beat
SURE = 0.15  # confidence of a beat: below it, the intervals to both sides are not used
SLOWEST_RR_MS, FASTEST_RR_MS = 3000.0, 200.0  # no intervals beyond
PLAIN = ("N", "S")  # kinds whose QRS complexes the atria have led to, or may have


@dataclass(frozen=True, slots=True)
class AfWindow:
    """What a window holds, in numbers."""

    start: int  # sample index on the timeline
    end: int
    rr: Array | None  # `rr_features.FEATURES`, or None: too few intervals
    leads: Mapping[str, Array]  # `p_wave.FEATURES` per lead with enough beats to see


@dataclass(frozen=True, slots=True)
class _Kept:
    """A beat with the signal about it."""

    sample: int
    rr_ms: float  # NaN where it is not usable
    plain: bool
    mv: Array  # leads x samples of the grid; NaN where a lead has no signal fit to read


class AfWindows:
    """Stage: blocks, beats and the horizon before which no further beat comes in; windows out, one each `HOP_S`.

    `set_quality` is to be called before the block that ends a report's second is pushed.
    """

    def __init__(self, rate: float = 500.0, window_s: float = 30.0) -> None:
        if not 0 < window_s <= LONGEST_S:
            raise ValueError(f"a window of {window_s} s: up to {LONGEST_S:g} s")
        self.rate = rate
        self._window, self._hop = round(window_s * rate), round(HOP_S * rate)
        self._cell = round(p_wave.GRID_S * rate)
        self._before, self._after = p_wave.BEFORE * self._cell, p_wave.AFTER * self._cell
        self.delay_samples = self._hop + self._after  # beyond the beats' own
        self._reports: deque[QualityReport] = deque(maxlen=round(HELD_S) + 4)
        self._kept: deque[_Kept] = deque()
        self._coming: deque[Beat] = deque()
        self._last: Beat | None = None  # the beat before the next, with whether it was sure
        self._leads: tuple[str, ...] = ()
        self._signal: History | None = None
        self._tick = 0

    def set_quality(self, report: QualityReport) -> None:
        self._reports.append(report)

    def push(self, block: Block, beats: Sequence[Beat], horizon: int) -> list[AfWindow]:
        found: list[AfWindow] = []
        if self._signal is None or block.leads != self._leads:
            found += self.flush()
            self._begin(block)
        assert self._signal is not None
        self._coming.extend(beats)
        gap = block.start - self._signal.end
        if gap > round(HELD_S * self.rate):
            found += self._ticks(horizon, math.inf)
            self._signal = self._fresh(block.start)
        elif gap > 0:
            found += self._take(np.full((gap, len(self._leads)), np.nan), horizon)
        return found + self._take(block.mv, horizon)

    def flush(self) -> list[AfWindow]:
        """The window up to the signal's end."""
        if self._signal is None:
            return []
        found = self._ticks(self._signal.end, math.inf)
        if self._coming or self._kept:
            found += self._window_at(self._signal.end)
        self._kept.clear()
        self._signal = None
        return found

    def _begin(self, block: Block) -> None:
        self._leads = block.leads
        self._signal = self._fresh(block.start)
        self._last = None
        self._tick = (block.start // self._hop + 1) * self._hop

    def _fresh(self, start: int) -> History:
        return History(round(HELD_S * self.rate), len(self._leads), start, math.nan)

    def _take(self, mv: npt.NDArray[np.floating], horizon: int) -> list[AfWindow]:
        """Piece by piece, so that beats are cut out while their signal is held."""
        found: list[AfWindow] = []
        assert self._signal is not None
        for first in range(0, len(mv), self._hop):
            self._signal.append(np.asarray(mv[first : first + self._hop], np.float64))
            found += self._ticks(horizon, self._signal.end)
        return found

    def _ticks(self, horizon: int, end: float) -> list[AfWindow]:
        found: list[AfWindow] = []
        while self._tick <= horizon and self._tick + self._after <= end:
            if self._coming or self._kept:
                found += self._window_at(self._tick)
                self._tick += self._hop
            else:
                reach = min(horizon, end - self._after)
                self._tick = max(int(reach // self._hop) * self._hop, self._tick) + self._hop
        return found

    def _window_at(self, end: int) -> Iterator[AfWindow]:
        while self._coming and self._coming[0].sample < end:
            self._kept.append(self._cut(self._coming.popleft()))
        while self._kept and self._kept[0].sample < end - self._window:
            self._kept.popleft()
        yield self._judged(end)

    def _cut(self, beat: Beat) -> _Kept:
        assert self._signal is not None
        scores = self._scores(beat.sample)
        good = max(scores.values(), default=1.0) >= BAD and beat.confidence >= SURE
        last, self._last = self._last, beat if good else None
        rr_ms = beat.rr_ms if good and last is not None and beat.rr_ms is not None else math.nan
        if not FASTEST_RR_MS <= rr_ms <= SLOWEST_RR_MS:
            rr_ms = math.nan
        rows = self._signal.view(beat.sample - self._before, beat.sample + self._after)
        shape = (p_wave.BEFORE + p_wave.AFTER, len(self._leads))
        if len(rows) != self._before + self._after:
            mv = np.full(shape, np.nan)
        else:
            mv = rows.reshape(shape[0], self._cell, shape[1]).mean(axis=1)
        bad = np.array([scores.get(lead, 1.0) < BAD for lead in self._leads])
        mv[:, bad | ~np.isfinite(mv).all(axis=0)] = np.nan
        return _Kept(beat.sample, rr_ms, beat.kind in PLAIN, mv.T)

    def _scores(self, sample: int) -> Mapping[str, float]:
        return next((r.score for r in self._reports if r.start <= sample < r.end), {})

    def _judged(self, end: int) -> AfWindow:
        if not self._kept:
            return AfWindow(end - self._window, end, None, {})
        start = self._kept[0].sample
        rr_ms = np.array([beat.rr_ms for beat in self._kept])
        plain = np.array([beat.plain for beat in self._kept])
        before = np.concatenate([[True], plain[:-1]])
        own_ms = np.where(plain & before, rr_ms, math.nan)  # of the atria's own doing, or it may be
        usable_s = float(np.nansum(own_ms)) / 1000
        if usable_s < max(FEWEST_S, USABLE_SHARE * (end - start) / self.rate):
            return AfWindow(start, end, None, {})
        rr = rr_features.rr_features(own_ms)
        leads: dict[str, Array] = {}
        mv = np.stack([beat.mv for beat in self._kept])
        for k, lead in enumerate(self._leads):
            seen = plain & np.isfinite(mv[:, k, 0])
            if seen.sum() >= p_wave.FEWEST:
                leads[lead] = p_wave.p_features(mv[seen, k], rr_ms[seen])
        return AfWindow(start, end, rr, leads)
