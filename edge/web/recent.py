"""The last minute of signal as pages get it, and the signal around each of the last alerts, in the same bytes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from edge.bundle import RATE
from edge.events import Event
from edge.web.frames import Frame

JOIN_S = 15.0  # of signal for a page that joins: as much as a wide screen shows at 25 mm/s
KEPT_S = 65.0  # of signal: 30 s of evidence, the time to know them, and ten before; 0.9 MB
BEFORE_S = AFTER_S = 10.0  # of a strip, before the onset and after the alert was told
MOST_STRIPS = 16  # of 0.3 MB each; the recording has them all
MOST_HOLES = 64  # frames that hold no signal count for nothing in seconds, but take memory


@dataclass(slots=True)
class _Strip:
    """Frames between two samples of the timeline, still growing or whole."""

    first: int
    last: int
    frames: list[Frame] = field(default_factory=list)

    def take(self, frame: Frame) -> None:
        if frame.end > self.first and frame.start < self.last:
            self.frames.append(frame)


class Recent:
    """Keeps frames of signal in the order of the timeline; a strip shares them, and copies nothing."""

    def __init__(self) -> None:
        self._frames: deque[Frame] = deque()
        self._strips: dict[str, _Strip] = {}  # by alert, the oldest first

    @property
    def end(self) -> int:
        """The end of the last of it."""
        return self._frames[-1].end if self._frames else 0

    def add(self, frame: Frame) -> None:
        self._frames.append(frame)
        while self.end - self._frames[0].end >= KEPT_S * RATE or len(self._frames) > KEPT_S * 10 + MOST_HOLES:
            self._frames.popleft()
        for strip in self._strips.values():
            strip.take(frame)

    def joining(self, after: int = 0) -> list[Frame]:
        """What a page is shown that comes now; of a page that has all up to `after`, what it lacks."""
        first = max(after, self.end - round(JOIN_S * RATE))
        return [frame for frame in self._frames if frame.end > first]

    def mark(self, event: Event) -> None:
        """An alert is on: its strip begins, with what is kept of the signal before it."""
        if event["id"] in self._strips:
            return
        strip = _Strip(event["onset"] - round(BEFORE_S * RATE), event["sample"] + round(AFTER_S * RATE))
        for frame in self._frames:
            strip.take(frame)
        self._strips[event["id"]] = strip
        while len(self._strips) > MOST_STRIPS:
            del self._strips[next(iter(self._strips))]

    def strip_of(self, alert: str) -> bytes | None:
        """Frames back to back; None of an alert that is not known, or not any more."""
        strip = self._strips.get(alert)
        return None if strip is None else b"".join(frame.data for frame in strip.frames)
