"""What is measured of a few seconds of ECG to judge its quality; `edge.quality` says what it means."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge.dsp.baseline import CUTOFF_HZ
from edge.dsp.design import high_pass, low_pass_taps

Array = npt.NDArray[np.float64]

SHORTEST_S = 0.5  # with less signal than this nothing can be said
FLAT_MV = 0.006  # peak to peak over a second; one count of a 5 uV converter still toggles
STILL_MV = 0.0004  # between two samples: less is the same count
FROZEN_S, FROZEN_SHARE = 0.2, 0.5  # runs of one value this long, and how much of a second they may take
RAIL_S, RAIL_MV, RAIL_SAMPLES = 0.01, 1.0, 10  # plateaus of 10 ms at an extreme, 1 mV or more from the median
MAINS_HZ = (50.0, 60.0)
FILTERS = {5: 0.4, 15: 0.2, 40: 0.1}  # low-pass cut-off in Hz: length in s


class Measures:
    """Measures of a window, for all its leads at once."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._b, self._a = high_pass(CUTOFF_HZ, rate)
        self._kernels = [low_pass_taps(round(s * rate) | 1, f, rate) for f, s in FILTERS.items()]
        self._spectra: dict[int, list[npt.NDArray[np.complex128]]] = {}  # of the kernels, by length
        turn = 2j * np.pi * np.arange(round(rate)) / rate
        self._mains = np.exp(-np.outer(turn, MAINS_HZ))

    def of(self, mv: Array, samples: int) -> dict[str, Array]:
        """Measures (leads) by name of a window's last `samples`, or of its last second where that is more.

        Those the rule weighs are in decades, log10 of mV or of a ratio; all but `not_qrs`, a share.
        """
        samples = max(samples, round(self.rate))
        x = np.ascontiguousarray(mv.T)
        found = self._stillness(x, samples)
        if len(mv) < SHORTEST_S * self.rate:
            return found | {"short": np.ones(len(x))}
        below_5, below_15, below_40 = self._low_pass(x)
        ecg = below_40 - below_5
        high = (x - below_40)[:, -samples:]
        height = np.abs(ecg)
        peak = self._peak(height)
        noise = _middle(np.abs(high), 0.75) / 1.15  # the sd, were it normal; QRS complexes fill less than a quarter
        squares = ecg * ecg
        power = squares.mean(axis=1) + 1e-9
        return (
            found
            | {
                "short": np.zeros(len(x)),
                "mains": self._mains_share(high),
                "noise": np.log10(noise + 1e-4),
                "noise_to_qrs": np.log10((noise + 1e-3) / (peak + 0.02)),
                "between": np.log10((_middle(height[:, -samples:], 0.5) + 1e-3) / (peak + 0.02)),
                "low_kurtosis": -np.log10((squares * squares).mean(axis=1) / power**2 + 1e-3),  # kSQI (Clifford 2012)
                "not_qrs": -((below_15 - below_5) ** 2).mean(axis=1) / power,  # pSQI (Li 2008)
                "wander": np.log10(np.ptp(_means(x, round(self.rate)), axis=1) + 1e-3),
                "step": np.log10(self._step(x, samples) + 1e-3),
                "range": np.log10(np.ptp(x[:, -samples:], axis=1) + 1e-3),
                "weakness": -np.log10(peak + 1e-3),
            }
        )

    def _low_pass(self, x: Array) -> list[Array]:
        """Zero-phase low-passes of `x` (leads x n), its ends held."""
        longest = len(self._kernels[0]) // 2
        padded = np.concatenate([np.repeat(x[:, :1], longest, 1), x, np.repeat(x[:, -1:], longest, 1)], axis=1)
        size = -(-(padded.shape[1] + longest) // 256) * 256  # a length the FFT is quick at
        if size not in self._spectra:
            self._spectra = {size: [np.fft.rfft(kernel, size) for kernel in self._kernels]}
        spectrum = np.fft.rfft(padded, size)
        out = []
        for kernel, response in zip(self._kernels, self._spectra[size], strict=True):
            first = longest + len(kernel) // 2
            out.append(np.fft.irfft(spectrum * response, size)[:, first : first + x.shape[1]])
        return out

    def _peak(self, height: Array) -> Array:
        """The height of a QRS: the median over the window's whole seconds of each one's highest."""
        second = min(round(self.rate), height.shape[1])
        whole = height.shape[1] // second
        peaks = height[:, -whole * second :].reshape(len(height), whole, second).max(axis=2)
        median: Array = np.median(peaks, axis=1)
        return median

    def _step(self, x: Array, samples: int) -> Array:
        """The largest lasting change: of the mean over 100 ms, across another 100 ms, which is longer than most QRS."""
        tenth = round(0.1 * self.rate)
        means = _means(x, tenth)
        steps: Array = np.abs(means[:, 2 * tenth :] - means[:, : -2 * tenth])[:, -samples:].max(axis=1)
        return steps

    def _mains_share(self, high: Array) -> Array:
        high = high[:, -len(self._mains) :]
        n = high.shape[1]
        lines = np.abs(high @ self._mains[:n]) ** 2 * 2 / n
        share: Array = lines.sum(axis=1) / ((high * high).sum(axis=1) + 1e-9)
        return share

    def _stillness(self, x: Array, samples: int) -> dict[str, Array]:
        """Flat and railed, told on the signal before the baseline filter, whose inverse is exact."""
        steps = np.zeros_like(x)
        steps[:, 1:] = (x[:, 1:] + self._a[1] * x[:, :-1]) / self._b[0]
        raw = np.cumsum(steps, axis=1)
        still = np.abs(steps) < STILL_MV
        frozen = _runs_of(still, round(FROZEN_S * self.rate))[:, -samples:].mean(axis=1) > FROZEN_SHARE
        flat = np.ptp(raw[:, -samples:], axis=1) < FLAT_MV
        top, bottom = raw.max(axis=1, keepdims=True), raw.min(axis=1, keepdims=True)
        middle = _middle(raw, 0.5)[:, None]
        slack = 0.01 * (top - bottom)
        at_rail = (raw >= np.maximum(top - slack, middle + RAIL_MV)) | (
            raw <= np.minimum(bottom + slack, middle - RAIL_MV)
        )
        plateau = _runs_of(still & at_rail, round(RAIL_S * self.rate))
        return {"frozen": frozen | flat, "railed": plateau[:, -samples:].sum(axis=1) >= RAIL_SAMPLES}


def _middle(x: Array, share: float) -> Array:
    """The value that `share` of each row lies below."""
    at = int(share * x.shape[1])
    middle: Array = np.partition(x, at, axis=1)[:, at]
    return middle


def _means(x: Array, n: int) -> Array:
    """Moving means over `n` samples (or over all there are), as many as fit."""
    n = min(n, x.shape[1])
    total = np.concatenate([np.zeros((len(x), 1)), np.cumsum(x, axis=1)], axis=1)
    means: Array = (total[:, n:] - total[:, :-n]) / n
    return means


def _runs_of(flags: npt.NDArray[np.bool_], shortest: int) -> npt.NDArray[np.bool_]:
    """`flags` (leads x n) without the runs shorter than `shortest`."""
    long = np.zeros_like(flags)
    edges = np.diff(flags.astype(np.int8), axis=1, prepend=0, append=0)
    for row, change in zip(long, edges, strict=True):
        first, last = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
        wanted = last - first >= shortest
        for a, b in zip(first[wanted].tolist(), last[wanted].tolist(), strict=True):
            row[a:b] = True
    return long
