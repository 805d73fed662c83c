"""A patch's clock held against the host's, through a line that delays each message, and none by less than it takes."""

from __future__ import annotations

from collections import deque
from itertools import pairwise

MAX_DRIFT = 500e-6  # of the patch's clock against the host's: ten times a watch crystal's; more is a clock gone wrong
WINDOW_S = 5.0  # of which the promptest message counts: one in hundreds is hardly delayed, whatever the jitter
KEPT = 120  # windows, ten minutes: a crystal keeps its rate for so long
DRIFT_FROM_S = 20.0  # of signal: over less, jitter looks like drift

Point = tuple[float, float]  # the patch's clock, s; the host's less the patch's, s


class ClockFit:
    """The line that lies as high as it can below every message's (clock sent, clock received): one boot of a patch.

    Delay has one sign, so the promptest messages tell the offset and how it drifts, and late ones tell nothing. The
    least delay itself cannot be seen: the line is that much late, a few milliseconds on a serial port.
    """

    def __init__(self) -> None:
        self._points: deque[Point] = deque(maxlen=KEPT)  # the lowest of each window
        self._lowest: Point | None = None  # of the window that is open
        self._opened_s = 0.0
        self._at, self._offset, self.drift = 0.0, 0.0, 0.0  # the line: offset at `_at`, and s a second

    @property
    def known(self) -> bool:
        return self._lowest is not None

    def heard(self, clock_s: float, host_s: float) -> None:
        """A message whose last sample was taken at the patch's `clock_s` came at the host's `host_s`."""
        point = clock_s, host_s - clock_s
        if self._lowest is None:
            self._lowest, self._opened_s = point, clock_s
        elif clock_s - self._opened_s >= WINDOW_S:
            self._points.append(self._lowest)
            self._lowest, self._opened_s = point, clock_s
        elif point[1] < self._lowest[1]:
            self._lowest = point

    def refit(self) -> None:
        """Take in what was heard."""
        if self._lowest is None:
            return
        points = [*self._points, self._lowest]
        (self._at, self._offset), self.drift = min(points, key=lambda p: p[1]), 0.0
        if points[-1][0] - points[0][0] >= DRIFT_FROM_S:
            self._lean(points)

    def host_s(self, clock_s: float) -> float:
        """When the host's clock showed what, as of the last refit."""
        return clock_s + self._offset + self.drift * (clock_s - self._at)

    def _lean(self, points: list[Point]) -> None:
        # Moon, Skelly and Towsley 1999: of all lines below the points, the one that minimises the sum of distances is
        # the edge of their lower hull above which their mean lies.
        mean = sum(x for x, _ in points) / len(points)
        for (x, y), (x_next, y_next) in pairwise(_lower_hull(points)):
            if x_next >= mean:
                self._at, self._offset, self.drift = x, y, (y_next - y) / (x_next - x)
                break
        if abs(self.drift) > MAX_DRIFT:
            self.drift = max(-MAX_DRIFT, min(MAX_DRIFT, self.drift))
            self._at, self._offset = points[-1]


def _lower_hull(points: list[Point]) -> list[Point]:
    """Andrew 1979's monotone chain; the points come in order of x."""
    hull: list[Point] = []
    for x, y in points:
        while len(hull) > 1:
            (xa, ya), (xb, yb) = hull[-2:]
            if (xb - xa) * (y - ya) > (yb - ya) * (x - xa):
                break
            hull.pop()
        hull.append((x, y))
    return hull
