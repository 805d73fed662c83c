"""How much a lead looks like a QRS complex at each moment: its energy around 11 Hz over a tenth of a second.

Pan & Tompkins (1985) band-pass, differentiate, square and integrate. Here one zero-phase kernel does the first two: the
second derivative of a Gaussian, whose gain peaks at 11 Hz, is 18 dB down at 2.5 Hz (the T wave) and nothing at 50 Hz.
It is applied to the differences between samples, so that a gap is a stretch of zeros and no step follows it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge.rhythm.history import History

SIGMA_S = 0.020  # of the Gaussian: its second derivative passes 1.41 / (2 pi SIGMA_S) = 11 Hz best
REACH = 4  # sigmas to either side: what is beyond is 1e-3 of the middle
WINDOW_S = 0.100  # of the integration: a QRS complex

Rows = npt.NDArray[np.float64]


def _kernel(rate: float) -> Rows:
    """The band-pass as an impulse response on first differences, gain 1 at its best frequency."""
    reach = round(REACH * SIGMA_S * rate)
    t = np.arange(-reach, reach + 1) / rate / SIGMA_S
    shape = (1 - t**2) * np.exp(-(t**2) / 2)
    shape -= shape.mean()  # exactly nothing of a constant
    best_hz = np.sqrt(2) / (2 * np.pi * SIGMA_S)
    gain = abs(np.sum(shape * np.exp(-2j * np.pi * best_hz * np.arange(len(shape)) / rate)))
    return np.asarray(np.cumsum(shape / gain))


def as_matrix(kernel: Rows, hop: int) -> Rows:
    """A filter as the matrix that makes `hop` outputs of `hop + len(kernel) - 1` inputs: one product for all leads."""
    taps = np.zeros((hop, hop + len(kernel) - 1))
    for k in range(hop):
        taps[k, k : k + len(kernel)] = kernel[::-1]
    return taps


class QrsEnergy:
    """From hops of samples (hop x leads, mV, NaN where lost) to the band-passed leads and their energy.

    `passed` and `energy` (both mV; energy as a root mean square) are held for `length` samples, on the timeline:
    their delay, `delay_samples`, is taken out.
    """

    def __init__(self, rate: float, leads: int, hop: int, length: int, start: int) -> None:
        kernel = _kernel(rate)
        half = len(kernel) // 2
        self._window = 2 * round(WINDOW_S * rate / 2) + 1
        self.delay_samples = half + self._window // 2
        self._hop = hop
        self._taps = as_matrix(kernel, hop)
        self._mean = as_matrix(np.full(self._window, 1 / self._window), hop)
        self._steps = np.zeros((hop + len(kernel) - 1, leads))
        self._last = np.full(leads, np.nan)
        self.passed = History(length, leads, start - half, 0.0)
        self.energy = History(length, leads, start - self.delay_samples, 0.0)

    def push(self, x: Rows) -> None:
        steps = np.empty_like(x)
        steps[0] = x[0] - self._last
        np.subtract(x[1:], x[:-1], out=steps[1:])
        self._last = x[-1].copy()
        steps[np.isnan(steps)] = 0.0  # into, within and out of a gap
        self._steps[: -self._hop] = self._steps[self._hop :]
        self._steps[-self._hop :] = steps
        self.passed.append(self._taps @ self._steps)
        recent = self.passed.view(self.passed.end - self._hop - self._window + 1, self.passed.end)
        self.energy.append(np.sqrt(self._mean @ (recent * recent)))
