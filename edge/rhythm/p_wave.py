"""What lies before the QRS complexes of a window: a P wave that repeats, or atrial fibrillation's own waves."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

GRID_S = 0.008  # the beat's samples are means over this long: what P waves are made of lies far below 60 Hz
BEFORE_S, AFTER_S = 0.480, 0.160  # of the R peak: what is kept of a beat
P_FROM_S, P_TO_S = 0.280, 0.064  # before the R peak: where P waves lie, free of the QRS complex
QRS_S = 0.080  # to either side of the R peak
T_END_S = 0.400  # after an R peak: what lies later until the next P is between T and Q
P_SD_S = 0.022  # of the Gaussian that a P wave is compared with
ODD = 0.75  # correlation with the usual complex: below it, a beat has another shape
FEWEST = 4  # beats

BEFORE, AFTER = round(BEFORE_S / GRID_S), round(AFTER_S / GRID_S)
_P = slice(BEFORE - round(P_FROM_S / GRID_S), BEFORE - round(P_TO_S / GRID_S))
_QRS = slice(BEFORE - round(QRS_S / GRID_S), BEFORE + round(QRS_S / GRID_S))

FEATURES = (
    "p_repeats",
    "p_beat_correlation",
    "p_height",
    "p_bump",
    "p_residue",
    "p_residue_slow",
    "p_place_spread_ms",
    "qrs_repeats",
    "odd_share",
    "tq_slow",
)


def centred(n: int) -> Array:
    """n x n projection that takes mean and slope out of n samples."""
    t = np.stack([np.ones(n), np.linspace(-1, 1, n)])
    q = t / np.linalg.norm(t, axis=1)[:, None]
    return np.asarray(np.eye(n) - q.T @ q)


_FREE = centred(_P.stop - _P.start)
_TIMES = np.arange(_P.start, _P.stop) - BEFORE


def _bumps() -> Array:
    """Gaussians of a P wave's width at every place in the window, without mean and slope, of norm 1."""
    places = np.arange(_TIMES[0] + 4, _TIMES[-1] - 3)
    width = P_SD_S / GRID_S
    bumps = np.exp(-(((_TIMES - places[:, None]) / width) ** 2) / 2) @ _FREE
    return np.asarray(bumps / np.linalg.norm(bumps, axis=1)[:, None])


_BUMPS = _bumps()


def shapes(beats: Array) -> Array:
    """Correlation of each beat's QRS complex with the median one (beats x samples in, NaN where nothing is)."""
    qrs = beats[:, _QRS]
    qrs = qrs - qrs.mean(axis=1, keepdims=True)
    usual = np.nanmedian(qrs, axis=0)
    norm = np.sqrt((qrs**2).sum(axis=1) * (usual @ usual))
    return np.asarray(qrs @ usual / np.maximum(norm, 1e-9))


def repeats(x: Array) -> float:
    """Intraclass correlation of rows: which share of a row's energy all rows have in common."""
    n = len(x)
    mean = x.mean(axis=0)
    residue = float(((x - mean) ** 2).sum()) / (n - 1)
    common = float(mean @ mean) - residue / n
    return common / max(common + residue, 1e-12)


def p_features(beats: Array, rr_ms: Array) -> Array:
    """`FEATURES` of beats (beats x samples, mV; no NaN), each with the interval before it (ms, NaN unknown)."""
    if len(beats) < FEWEST:
        return np.full(len(FEATURES), math.nan)
    like = shapes(beats)
    usual = like > ODD
    if usual.sum() < FEWEST:
        usual = np.ones(len(beats), bool)
    kept = beats[usual]
    qrs = kept[:, _QRS]
    height = float(np.ptp(np.median(qrs, axis=0)))
    raw = kept[:, _P]
    p = raw @ _FREE
    size = np.sqrt((p**2).sum(axis=1, keepdims=True))
    p = p * np.minimum(1, 3 * np.median(size) / np.maximum(size, 1e-9))  # one torn beat is not all of the mean
    mean = p.mean(axis=0)
    others = (mean * len(p) - p) / (len(p) - 1)
    each = (p * others).sum(axis=1) / np.maximum(np.sqrt((p**2).sum(1) * (others**2).sum(1)), 1e-9)
    fit = _BUMPS @ mean
    best = int(np.argmax(np.abs(fit)))
    residue = p - mean
    rms = math.sqrt(float((residue**2).mean()) * len(p) / (len(p) - 1))
    rough = math.sqrt(float((np.diff(residue, axis=1) ** 2).mean()) / 2)
    places = np.argmax((p @ _BUMPS.T) * np.sign(fit[best]), axis=1)
    return np.array(
        [
            repeats(p),
            np.median(each),
            abs(float(fit[best])) * float(np.ptp(_BUMPS[best])) / max(height, 1e-3),
            abs(float(fit[best])) / max(float(np.linalg.norm(mean)), 1e-9),
            math.log(max(rms / max(height, 1e-3), 1e-4)),
            math.log(max(rms, 1e-5) / max(rough, 1e-5)),
            float(np.percentile(places, 75) - np.percentile(places, 25)) * GRID_S * 1000,
            repeats(qrs - qrs.mean(axis=1, keepdims=True)),
            1 - float(usual.mean()),
            tq_slow(kept, rr_ms[usual], height),
        ]
    )


def tq_slow(beats: Array, rr_ms: Array, height: float) -> float:
    """Log RMS of 4 to 10 Hz between T and Q, by the QRS complexes' height, where the interval is long enough."""
    n = BEFORE - round(P_TO_S / GRID_S)
    room = round((T_END_S + BEFORE_S) * 1000)
    long = beats[rr_ms >= room][:, :n]
    if len(long) < FEWEST:
        return math.nan
    t = np.arange(n) * GRID_S
    waves = np.array([f(2 * np.pi * hz * t) for hz in (4.0, 6.0, 8.0, 10.0) for f in (np.sin, np.cos)])
    x = long - long.mean(axis=0)
    x = (x - x.mean(axis=1, keepdims=True)) * np.hanning(n)
    power = float(((x @ waves.T) ** 2).mean()) / n
    return math.log(max(math.sqrt(power) / max(height, 1e-3), 1e-5))
