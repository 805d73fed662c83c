"""Several sinks as one, of which any may fail and come back."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from edge.blocks import Block, TwelveLeads
from edge.errors import OutputError, Reason
from edge.events import Event
from edge.sinks.base import Hurrying, News, Reporting, RunInfo, Sink

REST_S = (5.0, 60.0)  # first and longest rest of a sink that fails: a disk is not made room on in less
PROVEN_S = 3.0  # without an error, after which a sink works again: most write within one


@dataclass(slots=True)
class _Trouble:
    """A sink that failed: it rests, then is tried."""

    error: OutputError
    rest_s: float
    until_s: float  # of the clock, when its rest is over


class Several:
    """Sink: tells each of several. One that fails rests for a while and is tried again; the others miss nothing.

    Raises nothing. `failure` is the error of a sink that does not work, of the first there was; `over` says that a run
    should end with it: it did not even begin, or there is nobody any more who would read on.
    """

    def __init__(self, sinks: Sequence[Sink], clock: Callable[[], float] = time.monotonic) -> None:
        self._all, self._clock = list(sinks), clock
        self._reporting = [sink for sink in sinks if isinstance(sink, Reporting)]
        self._troubles: dict[int, _Trouble] = {}  # by the sink's place
        self._began = False
        self._last: OutputError | None = None
        self._news: list[News] = []
        self.over = False

    @property
    def failure(self) -> OutputError | None:
        return self._last or next((trouble.error for trouble in self._troubles.values()), None)

    def take_news(self) -> list[News]:
        """Which sinks have failed, or work again, since the last call."""
        news, self._news = self._news, []
        for sink in self._reporting:
            news += sink.take_news()
        return news

    def start(self, info: RunInfo) -> None:
        self._each(lambda sink: sink.start(info))

    def began(self) -> None:
        """What fails from now on is tried again."""
        self._began = True

    def hurry(self) -> None:
        """The run ends: none of them waits for anybody any more."""
        for sink in self._all:
            if isinstance(sink, Hurrying):
                sink.hurry()

    def raw(self, block: Block) -> None:
        self._each(lambda sink: sink.raw(block))

    def twelve(self, block: TwelveLeads) -> None:
        self._each(lambda sink: sink.twelve(block))

    def event(self, event: Event) -> None:
        self._each(lambda sink: sink.event(event))

    def close(self, summary: dict[str, Any]) -> None:
        """All of them; one that was tried, and failed no more, has come back."""
        now_s = self._clock()
        for place, sink in enumerate(self._all):
            trouble = self._troubles.get(place)
            if trouble is not None and now_s >= trouble.until_s and not self.over:
                del self._troubles[place]
            try:
                sink.close(summary)
            except OutputError as error:
                self._last = self.failure or error

    def _each(self, tell: Callable[[Sink], None]) -> None:
        now_s = self._clock()
        for place, sink in enumerate(self._all):
            trouble = self._troubles.get(place)
            if trouble is not None and (self.over or now_s < trouble.until_s):
                continue
            try:
                tell(sink)
            except OutputError as error:
                self._failed(place, error, now_s)
            else:
                if trouble is not None and now_s >= trouble.until_s + PROVEN_S:
                    del self._troubles[place]
                    self._news.append(News(True, f"works again: {trouble.error}"))

    def _failed(self, place: int, error: OutputError, now_s: float) -> None:
        before = self._troubles.get(place)
        rest_s = REST_S[0] if before is None else min(2 * before.rest_s, REST_S[1])
        self._troubles[place] = _Trouble(error if before is None else before.error, rest_s, now_s + rest_s)
        self.over |= not self._began or error.reason is Reason.GONE
        if before is None:
            self._news.append(News(False, f"{error}; trying again"))
