"""What the run costs and how late it is: numbers for health events and the summary."""

from __future__ import annotations

import os
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import numpy as np

KEPT = 4096  # latencies: a moving picture, and a bound
PENDING = 4096  # arrivals not yet matched: more than any queue holds


@dataclass(frozen=True, slots=True)
class Cost:
    """Of this process."""

    cpu_percent: float  # of one core, since the last reading
    rss_mb: float


class Latencies:
    """From a sample's arrival to its leaving as twelve leads."""

    def __init__(self) -> None:
        self._arrivals: deque[tuple[int, float]] = deque(maxlen=PENDING)
        self._seconds: deque[float] = deque(maxlen=KEPT)

    def arrived(self, end: int) -> None:
        """The stream has come to sample `end`."""
        self._arrivals.append((end, time.monotonic()))

    def left(self, end: int) -> None:
        """The samples before `end` have left."""
        at = None
        while self._arrivals and self._arrivals[0][0] < end:
            at = self._arrivals.popleft()[1]
        if self._arrivals:
            at = self._arrivals[0][1]
        if at is not None:
            self._seconds.append(time.monotonic() - at)

    def percentiles_ms(self) -> tuple[float | None, float | None]:
        """p50 and p99."""
        if not self._seconds:
            return None, None
        p50, p99 = np.percentile(np.array(self._seconds) * 1000, [50, 99])
        return round(float(p50), 1), round(float(p99), 1)


class StartUp:
    """How soon the first sample came in, and how soon the first reconstructed one went out."""

    def __init__(self) -> None:
        self.first_input_s: float | None = None  # since the process was started
        self.first_reconstructed_s: float | None = None  # since the first input

    def input(self) -> None:
        if self.first_input_s is None:
            self.first_input_s = process_age_s()

    def reconstructed(self) -> None:
        if self.first_reconstructed_s is None and self.first_input_s is not None:
            self.first_reconstructed_s = round(process_age_s() - self.first_input_s, 3)


class CostMeter:
    def __init__(self) -> None:
        self._cpu_s, self._at = time.process_time(), time.monotonic()

    def read(self) -> Cost:
        cpu_s, at = time.process_time(), time.monotonic()
        share = (cpu_s - self._cpu_s) / max(at - self._at, 1e-9)
        self._cpu_s, self._at = cpu_s, at
        return Cost(round(100 * share, 2), resident_mb())


def process_age_s() -> float:
    """Seconds since this process was started, interpreter and imports included (Linux)."""
    try:
        started_ticks = int(Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19])
    except (OSError, IndexError):
        return float("nan")
    return round(time.clock_gettime(time.CLOCK_BOOTTIME) - started_ticks / os.sysconf("SC_CLK_TCK"), 3)


def resident_mb() -> float:
    """Resident memory of this process (Linux)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return float("nan")
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)
