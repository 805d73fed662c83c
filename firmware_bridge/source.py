"""The signal that a virtual patch samples."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

Millivolts = npt.NDArray[np.float32]
Bits = npt.NDArray[np.uint16]


class Source(Protocol):
    """What the electrodes see."""

    rate_mhz: int  # samples a second, times 1000

    def take(self, samples: int, /) -> tuple[Millivolts, Bits]:
        """The next samples (n x channels, mV, NaN where unknown) and electrode-off bits (n); fewer only at the end."""
        ...

    def at_rate(self, rate_mhz: int, /) -> Source | None:
        """The same signal from here on at another rate, or None where that cannot be had."""
        ...


class Recorded:
    """Source: an array of millivolts (n x channels), once or over and over, whole or for `seconds`."""

    def __init__(
        self,
        mv: Millivolts,
        rate_mhz: int,
        *,
        loop: bool = False,
        seconds: float | None = None,
        resample: Callable[[int], Millivolts] | None = None,  # the whole recording at another rate_mhz
    ) -> None:
        self.rate_mhz = rate_mhz
        self._mv, self._loop, self._seconds, self._resample = mv, loop and len(mv) > 0, seconds, resample
        limit = math.inf if seconds is None else round(seconds * rate_mhz / 1000)
        self._end = limit if self._loop else min(limit, len(mv))
        self._at = 0

    def take(self, samples: int, /) -> tuple[Millivolts, Bits]:
        stop = int(min(self._at + samples, self._end))
        mv = self._mv[np.arange(self._at, stop) % len(self._mv)] if self._loop else self._mv[self._at : stop]
        self._at = stop
        return mv, np.zeros(len(mv), np.uint16)

    def at_rate(self, rate_mhz: int, /) -> Recorded | None:
        if self._resample is None:
            return None
        mv, at = self._resample(rate_mhz), round(self._at * rate_mhz / self.rate_mhz)
        other = Recorded(mv, rate_mhz, loop=self._loop, seconds=self._seconds, resample=self._resample)
        other._at = int(min(at, other._end))
        return other
