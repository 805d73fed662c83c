"""QRS onset, J point and T end of median beats, in one lead or in several together.

QRS: the stretch around R in which the signal moves faster than a twentieth of its fastest. In several leads together
the speed is that of the vector they make (root mean square over leads), as simultaneous leads are read (CSE Working
Party 1985). T end: the corner of the last slope of T with the line after it, found as the largest trapezium beneath
(Vazquez-Seisdedos et al. 2011).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.signal import savgol_filter

from edge.bundle import RATE
from train.evaluate.beats import BEFORE, LENGTH

SMOOTH = 9  # samples of the parabola whose slope is the speed: passes what lies below some 40 Hz
STILL = 0.05  # of the QRS's greatest speed
SLOWEST_MV = 1e-3  # a sample: a lead that nowhere moves faster (10 uV in 20 ms) has no QRS
NOISE = 3.0  # times the speed between the waves
CALM = round(0.012 * RATE)  # samples: so long below the threshold, and QRS is over
FROM, UPTO = BEFORE - round(0.14 * RATE), BEFORE + round(0.16 * RATE)  # where QRS may lie
AROUND_R = slice(BEFORE - round(0.05 * RATE), BEFORE + round(0.05 * RATE))
SPARE = round(0.020 * RATE)  # samples a single lead's QRS may go beyond that of all leads
T_AFTER_J = round(0.08 * RATE), round(0.40 * RATE)  # where T's peak may lie
T_SLOPE, T_LINE = round(0.12 * RATE), round(0.16 * RATE)  # after T's peak, its slope; after the slope, the line
T_AROUND = round(0.08 * RATE)  # samples a single lead's T may end from that of all leads

Floats = npt.NDArray[np.floating]
Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Landmarks:
    """Sample indices into median beats, R at BEFORE; -1 where none was found. All of one shape."""

    onset: Indices
    j: Indices
    t_end: Indices

    @property
    def found(self) -> npt.NDArray[np.bool_]:
        return np.asarray((self.onset >= 0) & (self.j > self.onset))


def together(beats: Floats, ends: Indices) -> Landmarks:
    """Of beats x LENGTH x leads (mV), all leads read as one; `ends`: samples of each beat (beats)."""
    speed = np.sqrt(np.square(_slope(beats)).mean(2))
    onset, j = _qrs(speed)
    size = np.sqrt(np.square(beats).mean(2))
    return Landmarks(onset, j, np.where(j >= 0, _t_end_together(size, j, ends), -1))


def each(beats: Floats, ends: Indices, common: Landmarks) -> Landmarks:
    """Of every lead by itself (beats x leads), near where the leads together have them."""
    moved = beats.transpose(0, 2, 1).reshape(-1, LENGTH)
    leads = beats.shape[2]
    near = Landmarks(*(np.repeat(x, leads) for x in (common.onset, common.j, common.t_end)))
    slope = _slope(moved[:, :, None])[:, :, 0]
    onset, j = _qrs_within(np.abs(slope), near)
    t_end = _t_end_within(moved, slope, near, np.repeat(ends, leads))
    return Landmarks(*(x.reshape(-1, leads) for x in (onset, j, t_end)))


def _slope(beats: Floats) -> Floats:
    slope: Floats = savgol_filter(beats, SMOOTH, 2, deriv=1, axis=1)
    return slope


def _threshold(speed: Floats) -> Floats:
    noise = np.quantile(speed[:, :UPTO], 0.2, axis=1)
    return np.asarray(np.maximum(STILL * speed[:, AROUND_R].max(1), NOISE * noise))


def _qrs(speed: Floats) -> tuple[Indices, Indices]:
    """From the fastest sample outwards, until it is calm."""
    fast = speed >= _threshold(speed)[:, None]
    fast[:, :FROM] = fast[:, UPTO:] = False
    top = AROUND_R.start + speed[:, AROUND_R].argmax(1)
    time = np.arange(speed.shape[1])
    j = _last_before_calm(fast, top, time)
    back = _last_before_calm(fast[:, ::-1], LENGTH - 1 - top, time)
    onset = LENGTH - 1 - back
    there = np.take_along_axis(fast, top[:, None], 1)[:, 0]
    there &= (back >= 0) & (j >= 0) & (speed[:, AROUND_R].max(1) >= SLOWEST_MV)
    return np.where(there, onset, -1), np.where(there, j, -1)


def _last_before_calm(fast: npt.NDArray[np.bool_], top: Indices, time: Indices) -> Indices:
    """The last fast sample after `top` before CALM slow ones."""
    last = np.maximum.accumulate(np.where(fast, time, -1), axis=1)
    calm = (time - last >= CALM) & (time > top[:, None])
    first_calm = calm.argmax(1)
    found: Indices = np.take_along_axis(last, first_calm[:, None], 1)[:, 0]
    return found


def _qrs_within(speed: Floats, near: Landmarks) -> tuple[Indices, Indices]:
    """First and last fast sample in the QRS of all leads."""
    time = np.arange(speed.shape[1])
    window = (time >= near.onset[:, None] - SPARE) & (time <= near.j[:, None] + SPARE) & near.found[:, None]
    noise = np.quantile(speed[:, :UPTO], 0.2, axis=1)
    fastest = np.where(window, speed, 0.0).max(1)
    threshold = np.maximum(STILL * fastest, NOISE * noise)
    fast = window & (speed >= threshold[:, None])
    there = fast.any(1) & (fastest >= SLOWEST_MV)
    onset, j = fast.argmax(1), speed.shape[1] - 1 - fast[:, ::-1].argmax(1)
    return np.where(there, onset, -1), np.where(there, j, -1)


def _t_end_together(size: Floats, j: Indices, ends: Indices) -> Indices:
    time = np.arange(size.shape[1])
    first, last = T_AFTER_J
    window = (time >= j[:, None] + first) & (time <= j[:, None] + last) & (time < ends[:, None] - 10)
    peak = np.where(window, size, -1.0).argmax(1)
    fall = -_slope(size[:, :, None])[:, :, 0]
    slope = (time > peak[:, None]) & (time <= peak[:, None] + T_SLOPE) & (time < ends[:, None])
    steepest = np.where(slope, fall, -np.inf).argmax(1)
    return _corner(size, steepest, np.minimum(steepest + T_LINE, ends - 1))


def _t_end_within(beats: Floats, slope: Floats, near: Landmarks, ends: Indices) -> Indices:
    time = np.arange(beats.shape[1])
    t_end = near.t_end[:, None]
    window = (time >= t_end - T_AROUND) & (time <= t_end + T_AROUND // 4) & (time < ends[:, None])
    steepest = np.where(window, np.abs(slope), -1.0).argmax(1)
    down = -np.sign(np.take_along_axis(slope, steepest[:, None], 1))
    found = _corner(beats * down, steepest, np.minimum(near.t_end + T_AROUND, ends - 1))
    return np.where(near.t_end >= 0, found, -1)


def _corner(falling: Floats, steepest: Indices, last: Indices) -> Indices:
    """Where the trapezium from the steepest sample to the line after it is largest."""
    time = np.arange(falling.shape[1])
    start, stop = steepest[:, None], last[:, None]
    drop = np.take_along_axis(falling, start, 1) - falling
    area = np.where((time >= start) & (time <= stop), drop * (2 * stop - time - start), -np.inf)
    corner: Indices = area.argmax(1)
    return corner
