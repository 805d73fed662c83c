"""The few filters the live path needs, designed and run without scipy.signal, whose import costs more than all of them.

Same results as `butter`, `iirnotch`, `firwin` and `lfilter` there; the tests hold them to it.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Coefficients = tuple[tuple[float, ...], tuple[float, ...]]  # numerator, denominator; the latter begins with 1
Float64s = npt.NDArray[np.float64]


def high_pass(cutoff_hz: float, rate: float) -> Coefficients:
    """First-order Butterworth high-pass, by the bilinear transform."""
    c = math.tan(math.pi * cutoff_hz / rate)
    gain = 1 / (1 + c)
    return (gain, -gain), (1.0, (c - 1) / (c + 1))


def notch(frequency_hz: float, quality: float, rate: float) -> Coefficients:
    """Second-order notch whose width at -3 dB is `frequency_hz / quality`."""
    w = 2 * math.pi * frequency_hz / rate
    gain = 1 / (1 + math.tan(w / quality / 2))
    middle = -2 * gain * math.cos(w)
    return (gain, middle, gain), (1.0, middle, 2 * gain - 1)


def low_pass_taps(length: int, cutoff_hz: float, rate: float) -> Float64s:
    """Linear-phase low-pass of `length` taps: a sinc under a Hamming window, gain 1 at zero."""
    t = np.arange(length) - (length - 1) / 2
    taps = np.sinc(2 * cutoff_hz / rate * t) * np.hamming(length)
    unity: Float64s = taps / taps.sum()
    return unity


def recurse(filter_: Coefficients, x: Float64s, state: tuple[float, ...]) -> tuple[Float64s, tuple[float, ...]]:
    """Run a first- or second-order filter over `x` (n) from `state` on (direct form II transposed); the new state.

    One sample at a time, so the result is the same however the input is cut.
    """
    b, a = filter_
    out = []
    if len(b) == 2:
        (b0, b1), a1, (z,) = b, a[1], state
        for value in x.tolist():
            y = b0 * value + z
            z = b1 * value - a1 * y
            out.append(y)
        return np.array(out), (z,)
    (b0, b1, b2), (_, a1, a2), (z1, z2) = b, a, state
    for value in x.tolist():
        y = b0 * value + z1
        z1 = b1 * value - a1 * y + z2
        z2 = b2 * value - a2 * y
        out.append(y)
    return np.array(out), (z1, z2)
