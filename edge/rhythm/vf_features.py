"""What tells fibrillation, flutter and wide fast complexes from a beating heart, in four seconds of one lead.

Each measure is published; together they ask: is there a baseline the signal returns to, are there sharp complexes,
and is what is there one slow oscillation?
"""

from __future__ import annotations

import numpy as np

from edge.rhythm.waveform import SLOW_RATE, Array

BINS = 512  # of the transform: 0.24 Hz apart
LOWEST_HZ, HIGHEST_HZ = 0.7, 30.0  # what lies between is the signal
FIBRILLATION_HZ = (1.5, 9.0)  # where its dominant frequency can lie
PEAK_HZ = 0.7  # to each side of the dominant frequency: its share of the power
TCSC_SHARE = 0.2  # of a second's largest value (Arafat 2011)
EMBED_S, BOXES = 0.5, 40  # the phase space's delay and its boxes a side (Amann 2007)
COUNT_HZ, COUNT_WIDTH_HZ = 14.6, 2.0  # the band in which QRS complexes stand out (Jekova and Krasteva 2004)
LAGS_S = (0.2, 1.2)  # 300 to 50 a minute
BASELINE_SHARE = 0.1  # of the range: samples this near to the median are at the baseline

NAMES = (
    *("level", "range", "dominant_hz", "dominant_share", "high_share", "low_share", "purity", "leakage", "tcsc"),
    *("boxes", "count1", "count2", "count3", "slope_kurtosis", "kurtosis", "baseline", "repeat", "period_s"),
    *("slope_hz", "flat_slope"),
)

_HZ = np.fft.rfftfreq(BINS, 1 / SLOW_RATE)
_BAND = (LOWEST_HZ <= _HZ) & (_HZ <= HIGHEST_HZ)
_COUNT_GAIN = np.exp(-0.5 * ((_HZ - COUNT_HZ) / COUNT_WIDTH_HZ) ** 2)


def features(x: Array) -> dict[str, Array]:
    """Measures (leads) by name of `x` (leads x n at 125 Hz, mV)."""
    x = x - x.mean(axis=1, keepdims=True)
    slope = np.diff(x, axis=1)
    found = _spectral(x) | _counts(x)
    found["level"] = np.abs(x).mean(axis=1)
    found["range"] = np.ptp(x, axis=1)
    found["leakage"] = _leakage(x, slope)
    found["tcsc"] = _threshold_crossing(x)
    found["boxes"] = _phase_space(x)
    found["slope_kurtosis"] = np.log(_kurtosis(slope))
    found["kurtosis"] = np.log(_kurtosis(x))
    found["baseline"] = _at_baseline(x)
    found["repeat"], found["period_s"] = _repeat(x)
    steep = np.abs(slope)
    found["slope_hz"] = _rms(slope) * SLOW_RATE / (2 * np.pi * (_rms(x) + 1e-6))
    found["flat_slope"] = (steep < 0.05 * steep.max(axis=1, keepdims=True)).mean(axis=1)
    return found


def _spectral(x: Array) -> dict[str, Array]:
    """The dominant frequency, how much lies about it, and how near to a sinusoid the whole is."""
    power = np.abs(np.fft.rfft(x * np.hanning(x.shape[1]), BINS)) ** 2
    power = np.where(_BAND, power, 0.0)
    total = power.sum(axis=1) + 1e-12
    inside = (FIBRILLATION_HZ[0] <= _HZ) & (FIBRILLATION_HZ[1] >= _HZ)
    smooth = power[:, :-2] + 2 * power[:, 1:-1] + power[:, 2:]
    top = _HZ[1 + np.where(inside[1:-1], smooth, -1.0).argmax(axis=1)]
    about = np.abs(_HZ - top[:, None]) <= PEAK_HZ
    second = (power * _HZ**2).sum(axis=1)
    fourth = (power * _HZ**4).sum(axis=1)
    return {
        "dominant_hz": top,
        "dominant_share": (power * about).sum(axis=1) / total,
        "high_share": (power * (_HZ > 10.0)).sum(axis=1) / total,
        "low_share": (power * (FIBRILLATION_HZ[0] > _HZ)).sum(axis=1) / total,
        "purity": second * second / (total * fourth + 1e-12),  # spectral purity (Goncharova and Barlow 1990)
    }


def _leakage(x: Array, slope: Array) -> Array:
    """What is left of `x` added to itself half a mean period later: little of a sinusoid (Kuo and Dillman 1978)."""
    half = np.pi * np.abs(x).sum(axis=1) / (np.abs(slope).sum(axis=1) + 1e-9) + 0.5
    out = np.ones(len(x))
    for k, (row, lag) in enumerate(zip(x, half, strict=True)):
        n = int(min(max(lag, 1), x.shape[1] // 2))
        out[k] = np.abs(row[n:] + row[:-n]).sum() / (np.abs(row[n:]).sum() + np.abs(row[:-n]).sum() + 1e-9)
    return out


def _threshold_crossing(x: Array) -> Array:
    """The share of samples beyond a fifth of their second's largest value (Arafat, Chowdhury and Hasan 2011)."""
    seconds = np.abs(x[:, : x.shape[1] // SLOW_RATE * SLOW_RATE].reshape(len(x), -1, SLOW_RATE))
    share: Array = (seconds > TCSC_SHARE * seconds.max(axis=2, keepdims=True)).mean(axis=(1, 2))
    return share


def _phase_space(x: Array) -> Array:
    """The share of boxes that the signal against itself half a second later visits (Amann, Tratnig, Unterkofler)."""
    delay = round(EMBED_S * SLOW_RATE)
    low, span = x.min(axis=1, keepdims=True), np.ptp(x, axis=1)[:, None] + 1e-9
    box = np.minimum(((x - low) / span * BOXES).astype(np.int64), BOXES - 1)
    visited = box[:, delay:] * BOXES + box[:, :-delay]
    return np.array([len(np.unique(row)) for row in visited]) / BOXES**2


def _counts(x: Array) -> dict[str, Array]:
    """Samples of the QRS band high, above the mean, and about the mean, as shares (Jekova and Krasteva 2004)."""
    band = np.abs(np.fft.irfft(np.fft.rfft(x, BINS) * _COUNT_GAIN, BINS)[:, : x.shape[1] // SLOW_RATE * SLOW_RATE])
    seconds = band.reshape(len(x), -1, SLOW_RATE)
    top = seconds.max(axis=2, keepdims=True)
    mean = seconds.mean(axis=2, keepdims=True)
    deviation = np.abs(seconds - mean).mean(axis=2, keepdims=True)
    return {
        "count1": (seconds >= 0.5 * top).mean(axis=(1, 2)),
        "count2": (seconds >= mean).mean(axis=(1, 2)),
        "count3": (np.abs(seconds - mean) <= deviation).mean(axis=(1, 2)),
    }


def _at_baseline(x: Array) -> Array:
    """The share of samples near to the median: a heart that beats rests between its beats."""
    near = np.abs(x - np.median(x, axis=1, keepdims=True)) <= BASELINE_SHARE * np.ptp(x, axis=1)[:, None]
    share: Array = near.mean(axis=1)
    return share


def _repeat(x: Array) -> tuple[Array, Array]:
    """The highest peak of the autocorrelation, and its lag (s): the shortest that comes near to it."""
    n = x.shape[1]
    low, high = (round(s * SLOW_RATE) for s in LAGS_S)
    squares = np.fft.irfft(np.abs(np.fft.rfft(x, 2 * BINS)) ** 2, 2 * BINS)[:, : high + 1]
    shape = squares / (squares[:, :1] + 1e-9) * (n / (n - np.arange(high + 1)))
    inner = shape[:, low:high]
    peaks = (inner >= shape[:, low - 1 : high - 1]) & (inner >= shape[:, low + 1 : high + 1])
    heights = np.where(peaks, inner, -1.0)
    best = heights.max(axis=1)
    first = (heights >= 0.9 * best[:, None]).argmax(axis=1)
    return np.maximum(best, 0.0), (low + first) / SLOW_RATE


def _kurtosis(x: Array) -> Array:
    squares = (x - x.mean(axis=1, keepdims=True)) ** 2
    kurtosis: Array = ((squares**2).mean(axis=1) + 1e-15) / (squares.mean(axis=1) ** 2 + 1e-15)
    return kurtosis


def _rms(x: Array) -> Array:
    rms: Array = np.sqrt((x * x).mean(axis=1))
    return rms
