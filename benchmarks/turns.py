"""Times of several calls, taken in turns, so that whatever else the machine does falls on all of them alike.

Each is called once unmeasured just before it is measured: the one before it may have filled the caches.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Call = Callable[[], Any]


def times(calls: Sequence[Call], rounds: int, warm_up: int = 5) -> npt.NDArray[np.float64]:
    """Seconds (rounds x calls)."""
    took = np.zeros((rounds, len(calls)))
    for turn in range(-warm_up, rounds):
        for k, call in enumerate(calls):
            call()
            began = time.perf_counter()
            call()
            if turn >= 0:
                took[turn, k] = time.perf_counter() - began
    return took


def medians(calls: Sequence[Call], rounds: int, warm_up: int = 5) -> npt.NDArray[np.float64]:
    """Seconds (calls)."""
    middle: npt.NDArray[np.float64] = np.median(times(calls, rounds, warm_up), axis=0)
    return middle
