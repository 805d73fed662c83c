"""From the host's clock, by which a patch's samples are timed, to the one of Lab Streaming Layer."""

from __future__ import annotations

from collections.abc import Callable

from edge.host_clock import now_ns

READINGS = 9  # of both clocks, of which the one that took the least time counts: it was not interrupted
AGAIN_S = 10.0  # of signal between two comparisons: a machine that sleeps stops LSL's clock, and not the other


class LslClock:
    """LSL's clock is the machine's monotonic one, and ours goes on while the machine sleeps: the rest is an offset."""

    def __init__(self, local_clock: Callable[[], float], host_ns: Callable[[], int] = now_ns) -> None:
        self._local, self._host = local_clock, host_ns
        self._offset_s, self.off_by_s = self._compare()
        self._due_s = self._host() * 1e-9 + AGAIN_S

    def local_s(self, host_s: float) -> float:
        """LSL's time when the host's clock showed `host_s`."""
        if host_s >= self._due_s:
            self._offset_s, self.off_by_s = self._compare()
            self._due_s = host_s + AGAIN_S
        return host_s + self._offset_s

    def _compare(self) -> tuple[float, float]:
        """LSL's clock less the host's, and by how much that may be wrong."""
        best: tuple[float, float] | None = None
        for _ in range(READINGS):
            before_ns = self._host()
            local_s = self._local()
            after_ns = self._host()
            width_s = (after_ns - before_ns) * 1e-9
            if best is None or width_s < 2 * best[1]:
                best = local_s - 0.5e-9 * (before_ns + after_ns), width_s / 2
        assert best is not None
        return best
