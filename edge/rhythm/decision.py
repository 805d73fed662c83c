"""Which peaks of QRS energy are beats: one vote a lead, adaptive thresholds, search back.

After Pan & Tompkins, IEEE Trans Biomed Eng 32:230 (1985) and Hamilton & Tompkins, 33:1157 (1986): a peak of energy is a
beat when it passes a threshold between the running levels of beats and of noise; none follows within the refractory
period; a T wave is told by its slope; a missing beat is looked for again at half the threshold. The energies of the
leads are put on one scale (a lead's usual QRS is 1) and averaged, each weighted by how far its beats stand out of its
noise.
"""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

from edge.rhythm.beat import Beat
from edge.rhythm.energy import QrsEnergy, as_matrix
from edge.rhythm.history import History
from edge.rhythm.levels import Levels
from edge.rhythm.locate import REFINE_S, r_peak
from edge.rhythm.usual import Usual

REFRACTORY_S = 0.200  # no second beat within: 300/min
T_WAVE_S = 0.360  # within this of a beat a peak with less than half of its slope is a T wave
T_WAVE_SLOPE = 0.5
LEARN_S = 2.0  # two beats at 60/min
ENOUGH_S = 1.5  # usable signal among these two seconds: gaps lie between
FEWEST_S = 1.0  # and where a gap begins, since that may be all there will be
HOLD_S = 6.0  # history: the longest search back with room
LONGEST_RR_S = 2.0  # 30/min: a longer usual interval is not waited for
USUAL_RR_S = 1.0  # before any is known
SEARCH_BACK = 1.66  # times the usual R-R (Pan & Tompkins)
RETRY_S = 0.5  # between attempts to learn anew while no beat comes
THRESHOLD = 0.3125  # of the way from noise to QRS (Hamilton & Tompkins)
FORGET_S = 2.0  # a lead lost for longer is learned anew
RELEARN_FRACTION = 0.15  # of the QRS level before: a P wave must not become the QRS of an asystole
FORGIVE_S = 20.0  # of silence, after which even that is given up
LOCATE_S = 0.060  # around the peak of energy: where R is looked for
COMPLEX_S = 0.050  # to either side of its middle: a QRS complex
BRIDGE_S = 0.010  # to either side: invalid but finite samples this close to valid ones are bridged, and count
# A beat's height over the lowest fifth about it: most of noise's peaks stay below, ventricular runs above.
STANDS_OUT = 2.0
NO_VOTE = -1.0

Rows = npt.NDArray[np.float64]


class Decision:
    """Hops of samples to beats; `horizon` is the index before which no further beat will be put."""

    def __init__(self, rate: float, leads: tuple[str, ...], hop: int, start: int) -> None:
        def samples(seconds: float) -> int:
            return round(seconds * rate)

        self._rate, self._names, self._hop = rate, leads, hop
        self._refractory, self._t_wave = samples(REFRACTORY_S), samples(T_WAVE_S)
        self._learn = samples(LEARN_S)
        self._enough, self._fewest = samples(ENOUGH_S), samples(FEWEST_S)
        self._retry, self._forget, self._forgive = samples(RETRY_S), samples(FORGET_S), samples(FORGIVE_S)
        self._locate, self._refine = samples(LOCATE_S), samples(REFINE_S)
        self._complex, self._bridge = samples(COMPLEX_S), max(1, samples(BRIDGE_S))
        length = samples(HOLD_S)
        count = len(leads)
        self._qrs = QrsEnergy(rate, count, hop, length, start)
        self.delay_samples = self._qrs.delay_samples
        self.typical_delay_samples = self.delay_samples + self._refractory + hop
        self._raw = History(length, count, start, np.nan)
        self._valid = History(length, count, start, 0.0)
        self._usable = History(length, count, start - self.delay_samples, 0.0)
        self._vote = History(length, 1, start - self.delay_samples, NO_VOTE)  # the leads' energy on one scale
        self._levels, self._usual = Levels(count), Usual()
        self._near = as_matrix(np.ones(2 * self._bridge + 1), hop)
        self._lost = np.zeros(count, np.int64)  # samples for which each lead has not been usable
        self._reference = 0  # the lead R is placed in
        self._scanned = start
        self._anchor = start  # the last beat, or the end of the last gap: silence counts from here
        self._tried = start  # when learning anew was last tried
        self._last: int | None = None  # middle of the last beat's complex
        self._last_r: int | None = None
        self._last_slope = 0.0
        self._unbroken = False  # no gap since the last beat
        self._intervals: deque[int] = deque(maxlen=8)
        self._patience = SEARCH_BACK * USUAL_RR_S * rate  # samples of silence after which a beat is missing
        self._rejected: list[tuple[int, float]] = []  # peaks since the anchor: index, height
        self.horizon = start

    def push(self, samples: Rows, valid: npt.NDArray[np.bool_], good: npt.NDArray[np.bool_]) -> list[Beat]:
        self._raw.append(samples)
        self._valid.append(valid.astype(np.float64))
        self._qrs.push(samples)
        self._mark_usable(good)
        self._learn_leads()
        if not self._levels.known:
            self._skip()
            return []
        self._vote.append(self._votes(self._vote.end, self._usable.end)[:, None])
        beats = self._scan()
        self._settle(beats)
        return beats

    def _mark_usable(self, good: npt.NDArray[np.bool_]) -> None:
        end = self._qrs.energy.end
        near = self._valid.view(end - self._hop - self._bridge, end + self._bridge)
        if near.min() < 1:
            near = self._near @ near
        usable = (near[: self._hop] > 0) & np.isfinite(self._raw.view(end - self._hop, end)) & good
        self._usable.append(usable.astype(np.float64))

    def _learn_leads(self) -> None:
        end = self._usable.end
        whole = self._usable.view(end - self._hop, end).min(axis=0) > 0
        self._lost = np.where(whole, 0, self._lost + self._hop)
        if self._lost.max() >= self._forget:
            self._levels.forget(self._lost >= self._forget)
            if (self._lost[self._lost >= self._forget] < self._forget + self._hop).any():  # just now
                self._usual.forget()
        if not self._levels.learned.all():
            self._learn_from(end - self._learn, np.where(whole, self._enough, self._fewest), 0.0, ~self._levels.learned)

    def _learn_from(self, first: int, at_least: Rows, fraction: float, leads: npt.NDArray[np.bool_]) -> bool:
        """Learn `leads` from what is usable from `first` on, if it is `at_least` (samples, a lead); whether any was.

        A level below `fraction` of the one before is not believed.
        """
        usable = self._usable.view(first, self._usable.end) > 0
        energy = self._qrs.energy.view(first, self._usable.end)
        learned = False
        for k in np.flatnonzero(leads & (usable.sum(axis=0) >= at_least)).tolist():
            floor = fraction * float(self._levels.qrs[k]) if fraction else 0.0
            learned |= self._levels.learn(k, energy[usable[:, k], k], floor)
        return learned

    def _skip(self) -> None:
        """Nothing is known yet: what lies longer back than learning takes is given up."""
        given_up = self._usable.end - self._learn - self._hop - self._vote.end
        if given_up > 0:
            self._vote.append(np.full((given_up, 1), NO_VOTE))
            self._break(self._vote.end)
        self._scanned = max(self._scanned, self._vote.end)
        self.horizon = max(self.horizon, self._vote.end)

    def _votes(self, first: int, last: int) -> Rows:
        usable = self._usable.view(first, last)
        voting = usable @ self._levels.weights
        height = (self._qrs.energy.view(first, last) * usable) @ self._levels.scale
        if voting.min() > 0:
            return np.asarray(height / voting)
        return np.where(voting > 0, height / np.where(voting > 0, voting, 1.0), NO_VOTE)

    def _break(self, index: int) -> None:
        """There was a gap up to `index`."""
        self._anchor = max(self._anchor, index)
        self._unbroken = False
        self._rejected.clear()

    def _scan(self) -> list[Beat]:
        """Decide on the peaks up to one refractory period before the newest vote."""
        first, last = self._scanned, self._vote.end - self._refractory
        if last <= first:
            return []
        beats: list[Beat] = []
        v = self._vote.view(first - 1, last + 1)[:, 0]
        peaks = np.flatnonzero((v[1:-1] > v[:-2]) & (v[1:-1] >= v[2:]) & (v[1:-1] > 0)) + first
        gaps = np.flatnonzero(v[1:-1] == NO_VOTE)
        for peak in peaks.tolist():
            while len(gaps) and gaps[0] + first < peak:
                self._break(int(gaps[0]) + first + 1)
                gaps = gaps[1:]
            beats += self._decide(peak)
        if len(gaps):
            self._break(int(gaps[-1]) + first + 1)
        self._scanned = last
        return beats

    def _decide(self, peak: int) -> list[Beat]:
        around = self._vote.view(peak - self._refractory, peak + self._refractory + 1)[:, 0]
        height = float(self._vote.at(peak)[0])
        if height < around.max():
            return []
        if self._vote.view(peak - self._refine, peak + self._refine + 1).min() == NO_VOTE:
            return []  # at the edge of a gap: its middle may lie inside
        if not (self._levels.weights * self._usable.at(peak)).any():
            return []  # the leads that voted for it have been lost in noise since
        beats = self._search_back(peak)
        if self._last is not None and peak - self._last < self._refractory:
            return beats
        if self._is_t_wave(peak):
            self._levels.follow_noise(self._tops(peak), self._usable.at(peak) > 0)
            return beats
        if height >= self._threshold and self._stands_out(peak, height):
            return [*beats, self._accept(peak, height)]
        self._rejected.append((peak, height))
        self._levels.follow_noise(self._tops(peak), self._usable.at(peak) > 0)
        return beats

    @property
    def _threshold(self) -> float:
        noise = self._levels.common_noise
        return noise + THRESHOLD * (1 - noise)

    def _stands_out(self, peak: int, height: float) -> bool:
        """Noise that has come to a beat's level is as high everywhere."""
        near = self._vote.view(peak - self._learn, peak + self._refractory)[:, 0]
        near = near[near > NO_VOTE]
        return height >= STANDS_OUT * float(np.partition(near, len(near) // 5)[len(near) // 5])

    def _is_t_wave(self, peak: int) -> bool:
        if self._last is None or peak - self._last >= self._t_wave:
            return False
        return self._slope(peak) < T_WAVE_SLOPE * self._last_slope

    def _tops(self, peak: int) -> Rows:
        """The largest energy of each lead about a peak."""
        top: Rows = self._qrs.energy.view(peak - self._complex, peak + self._complex + 1).max(axis=0)
        return top

    def _slope(self, peak: int) -> float:
        """The steepest slope about a peak, on the common scale."""
        passed = self._qrs.passed.view(peak - self._complex, peak + self._complex + 1)
        steepest = np.abs(np.diff(passed, axis=0)).max(axis=0)
        weights = self._levels.weights * self._usable.at(peak)
        voting = weights > 0
        if not voting.any():
            return 0.0
        return float((weights[voting] * steepest[voting] / self._levels.qrs[voting]).sum() / weights[voting].sum())

    def _search_back(self, now: int) -> list[Beat]:
        """Where no beat came for too long: the highest of the peaks that failed, at half the threshold."""
        beats: list[Beat] = []
        self._rejected = [entry for entry in self._rejected if entry[0] - self._locate >= self.horizon]
        while self._rejected and now - self._anchor > self._patience:
            peak, height = max(self._rejected, key=lambda entry: entry[1])
            if now - peak < self._refractory or not self._levels.known:
                break
            if height < 0.5 * self._threshold or not self._stands_out(peak, height):
                break
            later = [entry for entry in self._rejected if entry[0] >= peak + self._refractory]
            beats.append(self._accept(peak, height))
            self._rejected = later
        return beats

    def _accept(self, peak: int, height: float) -> Beat:
        tops, usable = self._tops(peak), self._usable.at(peak) > 0
        self._levels.follow_beat(tops, usable)
        r = self._r_peak(peak)
        rr = r - self._last_r if self._unbroken and self._last_r is not None else None
        if rr is not None:
            self._intervals.append(rr)
            usual = min(float(np.median(self._intervals)), LONGEST_RR_S * self._rate)
            self._patience = SEARCH_BACK * usual
        noise = self._levels.common_noise
        self._last, self._last_r, self._last_slope = peak, r, self._slope(peak)
        self._anchor, self._unbroken = peak, True
        self._rejected.clear()
        sure = round(float(np.clip((height - noise) / max(1 - noise, 1e-3), 0.0, 1.0)), 3)
        return Beat(
            r,
            self._names[self._reference],
            rr_ms=None if rr is None else 1000 * rr / self._rate,
            confidence=sure,
            strength=round(self._usual.take(tops, usable, sure), 3),
        )

    def _r_peak(self, peak: int) -> int:
        """The largest deflection near `peak`, in the clearest lead; the lead changes only for a much clearer one."""
        weights = self._levels.weights * self._usable.at(peak)
        best = int(weights.argmax())
        if weights[self._reference] < 0.6 * weights[best]:
            self._reference = best
        k, first, last = self._reference, peak - self._locate, peak + self._locate + 1
        there = (self._usable.view(first, last)[:, k] > 0) & (self._valid.view(first, last)[:, k] > 0)
        passed, raw = self._qrs.passed.view(first, last)[:, k], self._raw.view(first, last)[:, k]
        return first + r_peak(passed, raw, there, self._refine)

    def _settle(self, beats: list[Beat]) -> None:
        """Search back, learn anew, and say up to where all is decided."""
        frontier = self._scanned
        beats += self._search_back(frontier)
        silence = frontier - self._anchor
        waiting = silence <= max(self._patience, self._learn)
        if not waiting and frontier - self._tried >= self._retry:
            self._tried = frontier
            beats += self._learn_anew(silence)
            frontier = self._scanned
        decided = self._anchor + self._refractory if waiting else frontier - self._retry
        self.horizon = max(self.horizon, min(decided, frontier) - self._locate)

    def _learn_anew(self, silence: int) -> list[Beat]:
        end = self._usable.end
        first = max(self._anchor + self._refractory, self.horizon + self._locate, end - 2 * self._learn)
        if end - first < self._fewest:
            first = end - self._learn
        fraction = 0.0 if silence > self._forgive else RELEARN_FRACTION
        enough = np.full(len(self._names), 0.75 * (end - first))
        if not self._learn_from(first, enough, fraction, self._levels.learned):
            return []
        first = max(self._anchor + self._refractory, self.horizon + self._locate)
        self._vote.view(first, self._vote.end)[:, 0] = self._votes(first, self._vote.end)
        self._scanned = first
        self._rejected.clear()
        return self._scan()
