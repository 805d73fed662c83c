"""What is read in every lead of an average beat: ST at J, J + 60 and J + 80 ms, Q, R, S and T, each with its spread.

Two errors are kept apart. Noise differs from beat to beat, so its standard error falls with their number. What the
network does not know of this heart is the same in every beat, so its standard deviation is taken as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.leads import LEAD
from edge.st.beat import LENGTH, MS, AverageBeat, Floats, levelled
from edge.st.fiducials import Fiducials, find

AT_J = (0, 4)  # samples after J over which the level is taken: 8 ms, so that one sample off does not matter
AFTER_J60, AFTER_J80 = round(60 / MS), round(80 / MS)
HALF = 2  # samples to either side
WAVE_MV = 0.025  # a deflection of QRS that is smaller is none
LATE = slice(round(70 / MS), round(120 / MS))  # rows after the QRS onset: when a block leaves one ventricle behind
T_UPTO = round(340 / MS)  # samples after J, where the end of T is not known
# Of the reconstruction's standard deviation, what is left of it in a level against the PR segment, whose error goes the
# same way: on PTB-XL fold 8, reconstructed blind, levels were off by 0.58 of it (V3) at most, in standard deviations.
OF_SD = 0.6
READING_MV = 0.020  # what placing J and the line costs whoever reads (a fifth of the least level that counts)


@dataclass(frozen=True, slots=True)
class Levels:
    """Twelve of each, in `edge.leads.LEADS`' order; mV against the PR baseline; NaN where a lead is unavailable."""

    average: AverageBeat
    fiducials: Fiducials
    mv: Floats  # LENGTH x 12: the average, isoelectric line at zero
    st_j_mv: Floats
    st_j60_mv: Floats
    st_j80_mv: Floats
    st_se_mv: Floats  # standard error over the beats, at J + 60
    st_sd_mv: Floats  # what the reconstruction leaves uncertain, at J + 60
    q_mv: Floats  # depth, positive; 0: no Q wave
    q_ms: Floats
    qs: npt.NDArray[np.bool_]  # no R wave at all
    r_mv: Floats
    r_ms: Floats  # of the first R wave
    s_mv: Floats  # depth after R, positive
    r_peak_ms: Floats  # from the QRS onset
    late_mv: Floats  # mean of what is late in a wide QRS complex
    area_mv_s: Floats  # of QRS
    t_mv: Floats  # with its sign
    qrs_sd_mv: Floats  # the reconstruction's, mean over QRS
    t_sd_mv: Floats

    @property
    def st_spread_mv(self) -> Floats:
        """Of the ST level, all in all."""
        spread: Floats = np.sqrt(self.st_se_mv**2 + self.st_sd_mv**2 + READING_MV**2)
        return spread

    @property
    def wave_spread_mv(self) -> Floats:
        spread: Floats = np.sqrt(self.qrs_sd_mv**2 + READING_MV**2)
        return spread

    def of(self, values: Floats, lead: str) -> float:
        return float(values[LEAD[lead]])


def read(average: AverageBeat) -> Levels | None:
    """None where no QRS complex stands out."""
    rough = levelled(average).mean(axis=0)
    fiducials = find(average, rough)
    if fiducials is None:
        return None
    beats = levelled(average, fiducials.onset)
    mv = beats.mean(axis=0)
    j = fiducials.j
    st_j, st_j60, st_j80 = (
        _level(beats, slice(j + AT_J[0], j + AT_J[1] + 1)),
        *(_level(beats, slice(j + after - HALF, j + after + HALF + 1)) for after in (AFTER_J60, AFTER_J80)),
    )
    at60 = min(j + AFTER_J60, LENGTH - 1)
    t_rows = slice(j + AFTER_J80, min(fiducials.t_end or j + T_UPTO, LENGTH - 1) + 1)
    qrs_rows = slice(fiducials.onset, j + 1)
    return Levels(
        average,
        fiducials,
        mv,
        st_j.mean(axis=0),
        st_j60.mean(axis=0),
        st_j80.mean(axis=0),
        st_j60.std(axis=0, ddof=1) / np.sqrt(len(beats)),
        OF_SD * average.sd_mv[at60],
        *_waves(mv[qrs_rows]),
        _late(mv, fiducials),
        _area(mv[qrs_rows]),
        _extreme(mv[t_rows]),
        average.sd_mv[qrs_rows].mean(axis=0),
        OF_SD * average.sd_mv[t_rows].mean(axis=0),
    )


def _level(beats: Floats, rows: slice) -> Floats:
    level: Floats = beats[:, rows].mean(axis=1)
    return level


def _extreme(mv: Floats) -> Floats:
    """The largest deflection of each column, with its sign."""
    at = np.abs(np.nan_to_num(mv)).argmax(axis=0)
    extreme: Floats = np.take_along_axis(mv, at[None], axis=0)[0]
    return extreme


def _late(mv: Floats, fiducials: Fiducials) -> Floats:
    first, last = fiducials.onset + LATE.start, min(fiducials.onset + LATE.stop, max(fiducials.j, 1))
    late: Floats = mv[min(first, last - 5) : last].mean(axis=0)
    return late


def _area(qrs: Floats) -> Floats:
    area: Floats = qrs.sum(axis=0) * MS / 1000
    return area


def _waves(qrs: Floats) -> tuple[Floats, Floats, npt.NDArray[np.bool_], Floats, Floats, Floats, Floats]:
    """Q (depth, duration), whether there is no R, R (height, duration), S, and when R is, of QRS (n x 12)."""
    n = len(qrs)
    known = np.isfinite(qrs[0])
    time = np.arange(n)[:, None]
    filled = np.nan_to_num(qrs)
    risen = np.maximum(filled[-1], 0.0) * time / max(n - 1, 1)  # towards a J point above the line: no R wave
    first_up, first_down = _first(filled - risen >= WAVE_MV, n), _first(-filled >= WAVE_MV, n)
    qs = first_up == n
    begins_down = first_down < first_up
    before_r = time < first_up
    depth = np.where(before_r, -filled, 0.0).max(axis=0)
    back = np.where(before_r & (filled < 0), time, -1).max(axis=0) + 1  # where it has come back to the line
    q_mv = np.where(begins_down, depth, 0.0)
    q_ms = np.where(begins_down, MS * np.where(qs, n, back), 0.0)
    top = filled.argmax(axis=0)
    r_mv = np.where(qs, 0.0, filled.max(axis=0))
    r_end = _first((time > first_up) & (filled <= 0), n)
    r_ms = np.where(qs, 0.0, MS * (r_end - np.where(begins_down, back, 0)))
    s_mv = np.where(time > np.where(qs, -1, top), -filled, 0.0).max(axis=0)
    nan = np.where(known, 0.0, np.nan)
    return q_mv + nan, q_ms + nan, qs & known, r_mv + nan, r_ms + nan, s_mv + nan, MS * top + nan


def _first(flags: npt.NDArray[np.bool_], none: int) -> npt.NDArray[np.int64]:
    first: npt.NDArray[np.int64] = np.where(flags.any(axis=0), flags.argmax(axis=0), none)
    return first
