"""When the samples of a live run were taken, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from edge.bundle import RATE
from edge.host_clock import UtcAnchor, now_ns
from edge.sample_time import SampleTime
from edge.timeline import Chunk

TELL_AFTER_S = 5.0  # of signal: by then the offset is known to milliseconds; then at ten times as much, drift too
TELL_EVERY_S = 600.0  # … and so often
SAME_CLOCK_S = 60.0  # a source whose clock is further off than that has one of its own, and the wall's says nothing


class RunClock:
    """Follows one run: UTC as it was at the start, and the samples' places between its source's two clocks."""

    def __init__(self, at_ns: int | None) -> None:
        """`at_ns`: what the source's clock (`Chunk.came_ns`) showed when the run began; None where it has none."""
        self.start_utc = datetime.now(UTC)
        late_s = 0.0 if at_ns is None else (now_ns() - at_ns) * 1e-9  # a pipeline takes a while to make
        self._of_host = at_ns is not None and abs(late_s) < SAME_CLOCK_S
        if self._of_host:
            self.start_utc -= timedelta(seconds=late_s)
        self._anchor = None if at_ns is None else UtcAnchor(self.start_utc, at_ns)
        self._time = SampleTime()
        self._first_us: int | None = None  # the sender's clock at its first samples
        self._reads_clock: bool | None = None  # None: not known yet
        self._tell_at_s = TELL_AFTER_S
        self._line_s = 0.0  # of the timeline, up to here

    def heard(self, chunk: Chunk, origin: int, rate: float) -> None:
        """`chunk` is on the timeline, whose sample 0 is the sender's `origin`."""
        if chunk.came_ns is None:
            return
        self._line_s = (chunk.index + len(chunk.mv) - origin) / rate
        if self._reads_clock is None:
            self._look(chunk.clock_us)
            return
        clock_s = self._line_s
        if self._reads_clock and chunk.clock_us is not None:
            clock_s = chunk.clock_us * 1e-6 + len(chunk.mv) / rate
        self._time.heard(self._line_s, clock_s, chunk.came_ns * 1e-9)

    def _look(self, clock_us: int | None) -> None:
        """Whether the sender has a clock that goes: not all have, and then their samples are one."""
        if self._first_us is None:
            self._first_us = clock_us or 0
        else:
            self._reads_clock = clock_us is not None and clock_us > self._first_us

    def restart(self) -> None:
        """The sender has begun anew."""
        self._time.restart()
        self._first_us = self._reads_clock = None

    def utc(self, sample: int) -> datetime | None:
        """When the sample `sample` (at 500 Hz) of the timeline was taken; None where nothing tells."""
        if self._anchor is None or not self._time.known:
            return None
        return self._anchor.utc(self._time.host_s(sample / RATE))

    def host_s(self, sample: int) -> float | None:
        """The same by the host's own clock (`edge.host_clock.now_ns`), s; None too where the source has another."""
        return self._time.host_s(sample / RATE) if self._of_host and self._time.known else None

    @property
    def of_host(self) -> bool:
        """Whether `host_s` tells, or will tell, anything."""
        return self._of_host

    def due(self) -> dict[str, Any] | None:
        """Fields of an event, where there is one to be told: from time to time, and when the host's clock was set."""
        set_by_s = self._anchor.check(datetime.now(UTC), now_ns()) if self._anchor and self._of_host else None
        if set_by_s is None and (self._line_s < self._tell_at_s or not self._time.known):
            return None
        if self._line_s >= self._tell_at_s:
            self._tell_at_s = min(10 * self._line_s, self._line_s + TELL_EVERY_S)
        return self.told(set_by_s)

    def told(self, set_by_s: float | None = None) -> dict[str, Any] | None:
        """Fields of an event: where sample 0 is, how the patch's clock goes, and by how much the host's was set."""
        start = self.utc(0)
        if start is None:
            return None
        told: dict[str, Any] = {"start_utc": start.isoformat(timespec="milliseconds")}
        told["drift_ppm"] = round(self._time.drift_ppm, 1)
        told["clock_set_s"] = None if set_by_s is None else round(set_by_s, 3)
        return told
