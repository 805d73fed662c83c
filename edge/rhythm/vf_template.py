"""The patient's own complexes, learned while the rhythm is quiet, and runs of later ones that do not look like them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.rhythm.waveform import SLOW_RATE, Array

HALF_S = 0.15  # to each side of the R peak: a wide complex fits
SHIFT_S = 0.032  # the detector's scatter: how far a complex may be moved to fit
REACH = round((HALF_S + SHIFT_S) * SLOW_RATE)  # slow samples to each side of a peak that a measurement takes
FAMILIES = 3  # shapes of quiet beats kept: two conduction patterns and one to spare
ALIKE = 0.9  # correlation: the same shape
QUIET_BEATS = 6  # alike, one after the other: a rhythm, no ectopic beat
QUIET_RR_MS = (550.0, 1800.0)  # 33 to 109 a minute: no tachycardia
NARROW_MS = 110.0  # a complex no wider in any lead came down the conduction system, however fast it is
KEPT = 1 / 16  # of a new beat goes into its family's shape
SLOPE_TAIL = 0.05  # of the slopes' energy left out at each end: what lies between is the complex's width

RUN = 5  # complexes (PhysioNet/CinC Challenge 2015: five or more ventricular beats at more than 100 a minute)
FAST_RR_MS = 600.0  # 100 a minute
UNKNOWN_LIKE = 0.8  # stands for the likeness while no shape is known: what separates neither

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Complex:
    """One beat's complex, per lead."""

    sample: int  # of its peak, on the timeline
    rr_ms: float | None
    kind: str
    like: Array | None  # correlation with the nearest quiet shape; None while there is none
    like_last: Array | None  # correlation with the complex before
    width_ms: Array  # between the ends of its slopes
    height_mv: Array  # peak to peak
    height_ratio: Array | None  # to the nearest quiet shape's


class Template:
    """Shapes of the quiet rhythm; each complex is measured against them before it may join them."""

    def __init__(self) -> None:
        self._shapes: list[Array] = []  # leads x n each, the one used last at the end
        self._before: Array | None = None
        self._quiet: deque[bool] = deque(maxlen=QUIET_BEATS)

    @property
    def steepness(self) -> Array | None:
        """Per lead, the steepest slope (mV a slow sample) of the quiet shape that was met last; None before one is."""
        return np.abs(np.diff(self._shapes[-1], axis=1)).max(axis=1) + 1e-4 if self._shapes else None

    @property
    def height_mv(self) -> Array | None:
        """Per lead, peak to peak of the quiet shape that was met last; None before one is."""
        return np.ptp(self._shapes[-1], axis=1) if self._shapes else None

    def measure(self, part: Array, sample: int, rr_ms: float | None, kind: str) -> Complex:
        """`part`: leads x (2 REACH + 1) about the peak."""
        here = np.lib.stride_tricks.sliding_window_view(part, _LENGTH, axis=1)
        here = here - here.mean(axis=2, keepdims=True)  # leads x shifts x n
        middle = here[:, here.shape[1] // 2]
        last = None if self._before is None else _best(here, self._before)[0]
        like, which, fitted = None, -1, middle
        for k, shape in enumerate(self._shapes):
            found, shifted = _best(here, shape)
            if like is None or found.max() > like.max():
                like, which, fitted = found, k, shifted
        height = np.ptp(middle, axis=1)
        ratio = None if which < 0 else height / (np.ptp(self._shapes[which], axis=1) + 1e-3)
        width = _width_ms(part)
        slow = rr_ms is not None and QUIET_RR_MS[0] <= rr_ms <= QUIET_RR_MS[1]
        same = last is not None and bool(last.max() >= ALIKE)
        self._quiet.append(same and (slow or (rr_ms is not None and bool(width.max() <= NARROW_MS))))
        self._learn(middle, fitted, like, which)
        self._before = middle
        return Complex(sample, rr_ms, kind, like, last, width, height, ratio)

    def _learn(self, middle: Array, fitted: Array, like: Array | None, which: int) -> None:
        if like is not None and like.max() >= ALIKE:
            shape = self._shapes.pop(which)
            self._shapes.append(shape + KEPT * (fitted - shape))
        elif len(self._quiet) == QUIET_BEATS and all(self._quiet):
            self._shapes = [*self._shapes[-FAMILIES + 1 :], middle.copy()]


_LENGTH = 2 * round(HALF_S * SLOW_RATE) + 1


def _best(here: Array, shape: Array) -> tuple[Array, Array]:
    """Correlation per lead of `here` (leads x shifts x n, no mean) with `shape` where all leads fit best; that part."""
    products = np.einsum("lsn,ln->ls", here, shape)
    sizes = np.sqrt(np.einsum("lsn,lsn->ls", here, here)) * np.sqrt((shape * shape).sum(axis=1))[:, None] + 1e-9
    k = int((products.sum(axis=0) / np.sqrt((sizes * sizes).sum(axis=0))).argmax())
    return products[:, k] / sizes[:, k], here[:, k]


def _width_ms(part: Array) -> Array:
    energy = np.diff(part, axis=1) ** 2
    total = np.cumsum(energy, axis=1)
    total /= total[:, -1:] + 1e-12
    first = (total >= SLOPE_TAIL).argmax(axis=1)
    last = (total >= 1 - SLOPE_TAIL).argmax(axis=1)
    width: Array = (last - first + 1) * (1000 / SLOW_RATE)
    return width


def run_features(complexes: Sequence[Complex], first: int, usable: Bools) -> dict[str, float]:
    """Measures of the fast run that ends from sample `first` on and is least like the patient's own; empty: none."""
    best: dict[str, float] = {}
    for k in range(RUN, len(complexes) + 1):
        run = complexes[k - RUN : k]
        rr = [c.rr_ms for c in run[1:]]
        if run[-1].sample < first or any(r is None for r in rr):
            continue
        intervals = np.array(rr, float)
        if intervals.mean() >= FAST_RR_MS:
            continue
        found = _measured(run, intervals, usable)
        before = [c.rr_ms for c in complexes[max(0, k - RUN - 4) : k - RUN] if c.rr_ms is not None]
        found["run_jump"] = float(np.median(before) / intervals.mean()) if before else 1.0
        if not best or found["run_like_mean"] < best["run_like_mean"]:
            best = found
    return best


def _measured(run: Sequence[Complex], intervals: Array, usable: Bools) -> dict[str, float]:
    like = np.array([c.like[usable] if c.like is not None else np.full(usable.sum(), UNKNOWN_LIKE) for c in run])
    height = np.array([c.height_ratio[usable] if c.height_ratio is not None else np.ones(usable.sum()) for c in run])
    last = np.array([c.like_last[usable] if c.like_last is not None else np.zeros(usable.sum()) for c in run])
    best = like.max(axis=1)
    return {
        "run_known": float(all(c.like is not None for c in run)),
        "run_rate": 60_000 / float(intervals.mean()),
        "run_like_best": float(best.mean()),
        "run_like_mean": float(like.mean()),
        "run_like_most": float(np.sort(best)[-2]),
        "run_width_ms": float(np.mean([c.width_ms[usable] for c in run])),
        "run_height": float(np.log(height + 0.01).mean()),
        "run_alike": float(last[1:].max(axis=1).mean()),
        "run_spread": float(intervals.std() / intervals.mean()),
    }
