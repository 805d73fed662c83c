"""A beat of one lead on a grid of 4 ms about R: cut out, laid over another, told in a few measures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.rhythm.history import History

Floats = npt.NDArray[np.float64]

STEP_S = 0.004  # of the grid: a QRS complex has its energy below 60 Hz
REACH = 12  # points: R may lie in another lead, or in another beat's shape, 48 ms off
BEFORE, AFTER = 60, 110  # points about R: 240 ms of P wave, 440 ms of ST and T
LENGTH = BEFORE + AFTER + 1
QRS = slice(BEFORE - 30, BEFORE + 31)  # 120 ms to either side: the widest ventricular beats
P = slice(0, BEFORE - 25)  # up to 100 ms before R
T = slice(BEFORE + 35, LENGTH)  # from 140 ms after R on
MARGIN = 25  # points: so long before the next R its P wave and QRS complex may have begun
FEWEST = 20  # points of a T wave
TINY = 1e-9  # mV


class Cutter:
    """Cuts beats out of a lead's last seconds."""

    def __init__(self, rate: float) -> None:
        self.step = round(STEP_S * rate)
        if abs(self.step / rate - STEP_S) > 1e-9:
            raise ValueError(f"a rate of {rate} Hz: beats are told apart on a grid of 4 ms")
        self.before, self.after = (self.step * (points + REACH + 1) for points in (BEFORE, AFTER))

    def cut(self, lead: History, at: int) -> Floats:
        """The beat with R at `at` and room to align it (LENGTH + 2 REACH, mV); NaN where nothing is known."""
        first, last = at - self.before, at + self.after + self.step
        held = lead.view(first, last)[:, 0]
        if len(held) < last - first:
            whole = np.full(last - first, np.nan)
            begin = len(whole) - max(last - lead.end, 0) - len(held)
            whole[begin : begin + len(held)] = held
            held = whole
        points = held.reshape(-1, self.step).mean(axis=1)
        smooth: Floats = (points[:-2] + 2 * points[1:-1] + points[2:]) / 4  # halves what lies at 62 Hz
        return smooth


@dataclass(frozen=True, slots=True)
class Shape:
    """What a QRS complex looks like, whatever its amplitude and lead."""

    width_ms: float  # holds the middle nine tenths of the squared slope
    area_ms: float  # area over height
    steepness: float  # steepest slope over height, 1/point
    polarity: float  # -1 (all below the isoelectric line) to 1
    height_mv: float  # peak to peak
    t_to_qrs: float  # largest deflection of T over that of the QRS complex, signed by the latter's direction

    @classmethod
    def of(cls, beat: Floats) -> Shape:
        """Of a beat (LENGTH, mV)."""
        line = float(np.nanmedian(beat))
        qrs = beat[QRS] - line
        slope = qrs[1:] - qrs[:-1]
        energy = np.cumsum(slope * slope)
        total = float(energy[-1]) + TINY
        early, late = np.searchsorted(energy, (0.05 * total, 0.95 * total)).tolist()
        top, bottom = max(float(qrs.max()), 0.0), max(-float(qrs.min()), 0.0)
        height = top + bottom + TINY
        main = (1.0 if top >= bottom else -1.0) * max(top, bottom, TINY)
        t = beat[T] - line
        finite = t[np.isfinite(t)]
        peak = float(finite[np.abs(finite).argmax()]) if len(finite) >= FEWEST else np.nan
        return cls(
            width_ms=1000 * STEP_S * (late - early + 1),
            area_ms=1000 * STEP_S * float(np.abs(qrs).sum()) / max(top, bottom, TINY),
            steepness=float(np.abs(slope).max()) / height,
            polarity=(top - bottom) / height,
            height_mv=height,
            t_to_qrs=float(np.clip(peak / main, -3, 3)),
        )


def shifted(cut: Floats, shift: int) -> Floats:
    """The beat (LENGTH) that lies `shift` points into what `Cutter.cut` gave."""
    return cut[shift : shift + LENGTH]


def centred(qrs: Floats) -> Floats:
    """Without its mean."""
    out: Floats = qrs - qrs.mean()
    return out


def likeness(cut: Floats, units: Floats) -> tuple[Floats, npt.NDArray[np.int64], Floats]:
    """The QRS complex of `cut` against shapes (k x points, centred, of norm 1): for each the best correlation, the
    shift it is found at, and the norm (mV) of the complex there."""
    about = np.lib.stride_tricks.sliding_window_view(cut[QRS.start : QRS.stop + 2 * REACH], QRS.stop - QRS.start)
    mean = about.mean(axis=1)
    norm = np.sqrt(np.maximum((about * about).mean(axis=1) - mean * mean, 0.0) * about.shape[1]) + TINY
    correlation = (about @ units.T) / norm[:, None]
    best = correlation.argmax(axis=0)
    return correlation[best, np.arange(len(units))], best, norm[best]


def correlation(a: Floats, b: Floats) -> float:
    """Pearson's, over the points both have; NaN where those are few."""
    both = np.isfinite(a) & np.isfinite(b)
    if int(both.sum()) < FEWEST:
        return float("nan")
    x, y = centred(a[both]), centred(b[both])
    return float(x @ y / (np.sqrt((x @ x) * (y @ y)) + TINY))
