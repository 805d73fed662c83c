"""A sink in a thread of its own: a memory card that takes its time does not hold up the stream."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from edge.blocks import Block, TwelveLeads
from edge.errors import OutputError
from edge.events import Event
from edge.sinks.base import Hurrying, News, Reporting, RunInfo, Sink

MAX_WAITING = 3000  # blocks and events: a minute of a patch's messages, 4 MB; a card that needs longer has failed
WAKE_S = 0.1  # a thread that is woken for every block costs more than what it writes; an alert does wake it
MINOR = ("beat", "rhythm", "classification", "health")  # events that may be left out; the others are few, and matter


class Queued:
    """Sink: hands on to `sink`, in order. What finds the queue full is left out and counted, but never an alert.

    A block that is left out is a gap in what the sink writes. Errors: those of the sink, with the call after.
    """

    def __init__(
        self, sink: Sink, name: str, most: int = MAX_WAITING, *, raw: bool = True, twelve: bool = True
    ) -> None:
        """`raw`, `twelve`: whether the sink does anything with those."""
        self._sink, self._most = sink, most
        self.name = name
        self._takes_raw, self._takes_twelve = raw, twelve
        self.left_out = 0  # blocks and events
        self._waiting: deque[Callable[[], None]] = deque()
        self._changed = threading.Condition()
        self._ending = self._full = self._urgent = False
        self._error: Exception | None = None
        self._news: list[News] = []
        self._thread: threading.Thread | None = None

    @property
    def waiting(self) -> int:
        """Blocks and events."""
        return len(self._waiting)

    def start(self, info: RunInfo) -> None:
        self._sink.start(info)
        self._thread = threading.Thread(target=self._work, name=self.name, daemon=True)
        self._thread.start()

    def raw(self, block: Block) -> None:
        if not self._takes_raw:
            return
        mine = replace(block, mv=block.mv.copy(), valid=block.valid.copy())  # the pipeline may go on in the same arrays
        self._put(lambda: self._sink.raw(mine))

    def twelve(self, block: TwelveLeads) -> None:
        if not self._takes_twelve:
            return
        mine = replace(block, mv=block.mv.copy(), sd=block.sd.copy())
        self._put(lambda: self._sink.twelve(mine))

    def event(self, event: Event) -> None:
        if event["type"] == "start":  # nothing waits yet, and what fails at the start is to be told at once
            self._sink.event(event)
        else:
            self._put(lambda: self._sink.event(event), always=event["type"] not in MINOR)

    def hurry(self) -> None:
        if isinstance(self._sink, Hurrying):
            self._sink.hurry()

    def close(self, summary: dict[str, Any]) -> None:
        """When all that waits is handed on."""
        self.hurry()
        if self._thread is not None:
            with self._changed:
                self._ending = True
                self._changed.notify()
            self._thread.join()
            self._thread = None
        try:
            self._sink.close(summary)
        finally:
            self._raise_error()

    def take_news(self) -> list[News]:
        with self._changed:
            news, self._news = self._news, []
        return news + (self._sink.take_news() if isinstance(self._sink, Reporting) else [])

    def _put(self, call: Callable[[], None], *, always: bool = False) -> None:
        self._raise_error()
        with self._changed:
            full = len(self._waiting) >= self._most
            if full and not self._full:
                self._news.append(
                    News(False, f"{self.name}: writing is slower than the stream, and parts are left out")
                )
            self._full |= full
            if full and not always:
                self.left_out += 1
                return
            self._waiting.append(call)
            self._urgent |= always
            if always or len(self._waiting) == 1:
                self._changed.notify()

    def _raise_error(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ending)
                self._changed.wait_for(lambda: self._urgent or self._ending, WAKE_S)
                self._urgent = False
                if not self._waiting and self._ending:
                    return
            while (call := self._next()) is not None:
                try:
                    call()
                except Exception as error:  # noqa: BLE001  raised where the sink was called
                    if self._error is None or not isinstance(error, OutputError):
                        self._error = error

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            if self._waiting:
                return self._waiting.popleft()
            if self._full:
                self._full = False
                text = f"{self.name}: writing keeps up again; {self.left_out} blocks and events were left out"
                self._news.append(News(True, text))
            return None
