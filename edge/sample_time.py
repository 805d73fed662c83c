"""When a sample was taken, by the host's clock: the timeline's seconds, through the patch's clock, without steps."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque

from edge.clock_fit import ClockFit

FIRST_REFIT_S = 1.0  # of signal; each later one twice as long after the last
REFIT_S = 5.0  # … up to this
MAX_STEER = 0.02  # s a second that the time of samples may be put right: 50 ms of jitter are gone in a few seconds
JUMP_S = 0.5  # further off it is no jitter: put right at once,
MAX_PACE = 0.05  # by which a patch's samples may be off its own clock: a converter's oscillator is 2 %
CRAWL = 0.1  # … or, where it would go backwards, by going on so slowly until it is right
NODES = 512  # where the map bends: 40 minutes back, further than any event reaches

Node = tuple[float, float, float]  # timeline, s; host, s; host seconds a timeline second from there on


class SampleTime:
    """A map from the timeline's seconds to the host's, from a second after the first message on.

    It never goes backwards, and what it has said of a sample it says again.
    """

    def __init__(self) -> None:
        self._fit = ClockFit()
        self._nodes: deque[Node] = deque(maxlen=NODES)
        self._refit_at_s, self._refit_s = 0.0, FIRST_REFIT_S
        self._last: tuple[float, float] | None = None  # timeline and patch's clock, s, at the last refit
        self._guessed = False  # the only node is from a first message, which may have lain in a buffer

    @property
    def known(self) -> bool:
        return bool(self._nodes) and not self._guessed

    @property
    def drift_ppm(self) -> float:
        """By how much the patch's clock lags behind the host's."""
        return self._fit.drift * 1e6

    def restart(self) -> None:
        """The patch has begun anew, and its clock with it."""
        self._fit, self._last = ClockFit(), None
        self._refit_s = FIRST_REFIT_S

    def heard(self, line_s: float, clock_s: float, host_s: float) -> None:
        """A message that ends at `line_s` of the timeline, and at `clock_s` of the patch's clock, came at `host_s`."""
        self._fit.heard(clock_s, host_s)
        if self._last is None:
            self._bend(line_s, clock_s, 1.0)
        elif line_s >= self._refit_at_s:
            since_line_s, since_clock_s = self._last
            pace = (clock_s - since_clock_s) / (line_s - since_line_s) if line_s > since_line_s else 1.0
            self._bend(line_s, clock_s, pace)

    def host_s(self, line_s: float) -> float:
        """Seconds of `edge.host_clock.now_ns` at which the sample at `line_s` was taken; once it is `known`."""
        place = bisect_right(self._nodes, line_s, key=lambda node: node[0]) - 1
        at_s, host_s, pace = self._nodes[max(place, 0)]
        return host_s + pace * (line_s - at_s)

    def _bend(self, line_s: float, clock_s: float, pace: float) -> None:
        """From here on towards what the fit says of the end of the next stretch."""
        self._fit.refit()
        now_s = self._fit.host_s(clock_s)
        pace = max(1.0 - MAX_PACE, min(1.0 + MAX_PACE, pace))
        straight = pace * (1.0 + self._fit.drift)
        if self._guessed:
            self._nodes.clear()
        self._guessed = not self._nodes and self._last is None
        if self._nodes:
            line_s = max(line_s, self._nodes[-1][0])
            said_s = self.host_s(line_s)
            off_s = now_s - said_s
            if off_s < JUMP_S:
                now_s = said_s
                most = MAX_STEER if off_s > -JUMP_S else 1.0
                straight += max(-most, min(most, off_s / self._refit_s))
        self._nodes.append((line_s, now_s, max(straight, CRAWL)))
        self._last, self._refit_at_s = (line_s, clock_s), line_s + self._refit_s
        self._refit_s = min(2 * self._refit_s, REFIT_S)
