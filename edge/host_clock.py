"""The host's two clocks: one that only counts, and the one on the wall, which may be set."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

STEP_S = 0.1  # apart: NTP sets the clock from 0.128 s on, and slews (both clocks alike) below
STEADY_S = 0.05  # two checks in turn agree on a step


def now_ns() -> int:
    """Nanoseconds of a clock that nobody sets, and that goes on while the machine sleeps."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return time.monotonic_ns()


class UtcAnchor:
    """UTC as it was read once, and counted on since: a clock that is set does not bend what was measured.

    A step that lasts is taken over, and told.
    """

    def __init__(self, utc: datetime, at_ns: int) -> None:
        self._utc, self._at_ns = utc.astimezone(UTC), at_ns
        self._suspected_s: float | None = None

    def utc(self, host_s: float) -> datetime:
        """UTC when `now_ns` was `host_s` seconds."""
        return self._utc + timedelta(seconds=host_s - self._at_ns * 1e-9)

    def check(self, wall: datetime, at_ns: int) -> float | None:
        """Held against the wall's clock from time to time; seconds by which that was set, once it has stayed so."""
        step_s = (wall - self.utc(at_ns * 1e-9)).total_seconds()
        before, self._suspected_s = self._suspected_s, step_s if abs(step_s) >= STEP_S else None
        if before is None or self._suspected_s is None or abs(step_s - before) > STEADY_S:
            return None
        self._utc, self._at_ns, self._suspected_s = wall.astimezone(UTC), at_ns, None
        return step_s
