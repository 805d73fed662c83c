"""Where P, QRS and T begin and end in an average beat, all leads read together.

The QRS complex is the stretch around R in which the signal moves faster than a twentieth of its fastest; the speed is
that of the vector the leads make (root mean square over leads), as simultaneous leads are read (CSE Working Party
1985), against the slope of what comes before or after: an ST segment that climbs is no part of QRS. Measured leads
count in full, reconstructed ones as far as they are believed. T ends where the trapezium beneath its last slope is
largest (Vazquez-Seisdedos et al. 2011).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from edge.st.beat import BEFORE, LENGTH, MS, AverageBeat, Floats

HALF = 4  # samples: the slope is that of a parabola through nine, which passes what lies below some 40 Hz
SLOPE = np.arange(-HALF, HALF + 1) / float(np.square(np.arange(-HALF, HALF + 1)).sum())  # Savitzky and Golay 1964
STILL = 0.05  # of the greatest speed
NOISE = 3.0  # times the speed between the waves
SLOWEST_MV = 1e-3  # a sample: what nowhere moves faster (10 uV in 20 ms) is no QRS
BESIDE = 6, 26  # samples outwards over which the slope of the PR or ST segment is taken: 12 to 52 ms
CALM = 6  # samples (12 ms): so long below the threshold, and the QRS complex is over
FROM, UPTO = BEFORE - 75, BEFORE + 85  # rows in which it may lie: 150 ms before R, 170 ms after
AROUND_R = slice(BEFORE - 25, BEFORE + 25)
QUIET = slice(BEFORE - 150, BEFORE + 130)  # rows whose quietest fifth shows how fast noise moves
RECONSTRUCTED_COUNTS = 0.25  # of a measured lead's say in where waves begin: the network smooths what it cannot know

P_SD = 11  # samples (22 ms) of the Gaussian that a P wave is compared with
P_HALF = 35  # samples to either side in which it is compared, without mean and slope
P_FROM, P_UPTO = 165, 30  # samples before QRS between which the middle of P may lie
P_AFTER_T = 10  # samples: no sooner after the T wave before it
P_LEAST_MV = 0.020  # its height in some lead
P_SHARE = 0.65  # of the energy about its middle that a wave of that shape explains
P_EDGE = 2.2 * P_SD  # samples from its middle to where it begins: a Gaussian is down to 9 % there

T_FIRST, T_LAST = 40, 200  # samples after J between which T's peak may lie
T_SLOPE, T_LINE = 60, 80  # samples: after its peak, its slope; after the slope, the line
NEXT_P = 120  # samples before the next R from which it is no T any more

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Fiducials:
    """Rows of the average beat."""

    onset: int  # of QRS
    j: int  # its end
    p_onset: int | None  # None: no P wave is seen
    t_end: int | None

    @property
    def qrs_ms(self) -> float:
        return MS * (self.j - self.onset)

    @property
    def pr_ms(self) -> float | None:
        return None if self.p_onset is None else MS * (self.onset - self.p_onset)


def find(average: AverageBeat, mv: Floats) -> Fiducials | None:
    """Of an average beat (LENGTH x 12, mV); None where no QRS complex stands out."""
    leads = average.readable
    weights = np.where(average.sure, 1.0, RECONSTRUCTED_COUNTS)[leads]
    mv = mv[:, leads]
    slope = slopes(mv)
    qrs = _qrs(*(_together(slope - beside, weights) for beside in (0.0, _beside(slope, -1), _beside(slope, 1))))
    if qrs is None:
        return None
    onset, j = qrs
    rr = round(average.rr_ms / MS)
    t_end = _t_end(_together(mv, weights), j, min(LENGTH, BEFORE + rr - NEXT_P))
    t_before = (t_end or j + T_LAST) - rr  # the end of the T wave before this beat
    first = max(P_HALF, onset - P_FROM, t_before + P_AFTER_T)
    return Fiducials(onset, j, _p_onset(mv * np.sqrt(weights), first, onset), t_end)


def slopes(mv: Floats) -> Floats:
    """mV a sample, of each column; level at both ends."""
    padded = np.pad(mv, ((HALF, HALF), (0, 0)), mode="edge")
    slope: Floats = sliding_window_view(padded, 2 * HALF + 1, axis=0) @ SLOPE
    return slope


def _together(x: Floats, weights: Floats) -> Floats:
    """Weighted root mean square over the leads (columns)."""
    rms: Floats = np.sqrt((np.square(x) * weights).sum(axis=1) / weights.sum())
    return rms


def _beside(slope: Floats, way: int) -> Floats:
    """The mean slope over the stretch `BESIDE` of every row, after it (way 1) or before it (-1)."""
    total = np.cumsum(np.pad(slope[::way], ((1, 0), (0, 0))), axis=0)
    near, far = (np.minimum(np.arange(len(slope)) + by, len(slope)) for by in BESIDE)
    mean: Floats = (total[far] - total[near]) / np.maximum(far - near, 1)[:, None]
    return mean[::way]


def _qrs(speed: Floats, from_before: Floats, from_after: Floats) -> tuple[int, int] | None:
    """From the fastest row outwards, until it is calm."""
    fastest = float(speed[AROUND_R].max())
    if fastest < SLOWEST_MV:
        return None
    threshold = max(STILL * fastest, NOISE * float(np.quantile(speed[QUIET], 0.2)))
    top = AROUND_R.start + int(speed[AROUND_R].argmax())
    if speed[top] < threshold:
        return None
    j = _last_before_calm(from_after[top:UPTO] >= threshold)
    back = _last_before_calm(from_before[top : FROM - 1 : -1] >= threshold)
    return top - back, top + j


def _last_before_calm(fast: npt.NDArray[np.bool_]) -> int:
    """The last fast one, counted from the first, before CALM slow ones."""
    at = np.flatnonzero(fast)
    if not len(at):
        return 0
    breaks = np.flatnonzero(np.diff(at) > CALM)
    return int(at[breaks[0]] if len(breaks) else at[-1])


def _p_onset(mv: Floats, first: int, onset: int) -> int | None:
    """Where the likeliest P wave before `onset` begins, if one is seen."""
    last = onset - P_UPTO
    if last <= first:
        return None
    pieces = sliding_window_view(mv[first - P_HALF : last + P_HALF + 1], 2 * P_HALF + 1, axis=0)  # places x leads x n
    fit = pieces @ BUMP
    energy = (np.square(pieces @ FREE)).sum(axis=(1, 2))
    explained = np.square(fit).sum(axis=1)
    best = int(explained.argmax())
    height = np.abs(fit[best]).max() * BUMP_HEIGHT
    if explained[best] < P_SHARE * energy[best] or height < P_LEAST_MV:
        return None
    return max(round(first + best - P_EDGE), 0)


def _t_end(size: Floats, j: int, end: int) -> int | None:
    first, last = j + T_FIRST, min(j + T_LAST, end - 10)
    if last <= first:
        return None
    peak = first + int(size[first:last].argmax())
    fall = size[peak : min(peak + T_SLOPE, end)]
    if len(fall) < 2 * HALF:
        return None
    steepest = peak + int(np.argmin(slopes(fall[:, None])[:, 0]))
    stop = min(steepest + T_LINE, end - 1)
    time = np.arange(steepest, stop + 1)
    area = (size[steepest] - size[time]) * (2 * stop - time - steepest)
    return steepest + int(area.argmax())


def _bump() -> tuple[Floats, float, Floats]:
    """A Gaussian without mean and slope, of norm 1; its height; and the projection that takes both out."""
    t = np.arange(-P_HALF, P_HALF + 1)
    base = np.stack([np.ones(len(t)) / np.sqrt(len(t)), t / np.linalg.norm(t)])
    free = np.eye(len(t)) - base.T @ base
    gauss = free @ np.exp(-((t / P_SD) ** 2) / 2)
    norm = float(np.linalg.norm(gauss))
    return gauss / norm, 1 / norm, free


BUMP, BUMP_HEIGHT, FREE = _bump()
