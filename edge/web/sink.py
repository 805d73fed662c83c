"""The run's side of the page: a sink that only packs what it is told, and hands it to the server's thread."""

from __future__ import annotations

import asyncio
import math
import re
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from edge.blocks import Block, TwelveLeads
from edge.events import Event
from edge.sinks.base import News, RunInfo
from edge.web import frames
from edge.web.hub import MINOR, Hub

MOST_WAITING = 1000  # calls: a minute of a run, or seconds of a replay at full speed; 12 MB
Post = Callable[[Callable[[], None]], None]  # to the server's event loop, from any thread


class PageSink:
    """Sink: twelve leads and events to the hub. Never raises, never waits: what finds the queue full is left out."""

    def __init__(self, hub: Hub, post: Post) -> None:
        self._hub, self._post = hub, post
        self._waiting: deque[Callable[[], None]] = deque()
        self._posted = False
        self._lock = threading.Lock()
        self._acknowledge: Callable[[str | None], None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news: deque[News] = deque(maxlen=8)
        self.left_out = 0  # blocks

    def acknowledge_by(self, acknowledge: Callable[[str | None], None]) -> None:
        self._acknowledge = acknowledge

    def acknowledge(self, alert: str | None) -> bool:
        """From any thread: somebody has seen it, or all. False where no run goes on."""
        loop, acknowledge = self._loop, self._acknowledge
        if loop is None or acknowledge is None:
            return False
        try:
            loop.call_soon_threadsafe(acknowledge, alert)
        except RuntimeError:  # closed meanwhile
            return False
        return True

    def start(self, info: RunInfo) -> None:
        self._loop = asyncio.get_running_loop()
        self._put(partial(self._hub.begin, {"phase": "live", **about(info)}))

    def raw(self, block: Block) -> None:
        pass

    def twelve(self, block: TwelveLeads) -> None:
        for frame in frames.signal(block, 1000 * time.time()):
            self._put(partial(self._hub.signal, frame), always=False)

    def event(self, event: Event) -> None:
        self._put(partial(self._hub.event, event), always=event["type"] not in MINOR)

    def close(self, summary: dict[str, Any]) -> None:
        self._loop = None
        self._put(partial(self._hub.begin, {"phase": "over"}))

    def report(self, news: News) -> None:
        """From any thread: what the server has to say of itself."""
        self._news.append(news)

    def take_news(self) -> list[News]:
        return [self._news.popleft() for _ in range(len(self._news))]

    def _put(self, call: Callable[[], None], *, always: bool = True) -> None:
        with self._lock:
            if len(self._waiting) >= MOST_WAITING and not always:
                self.left_out += 1
                return
            self._waiting.append(call)
            first, self._posted = not self._posted, True
        if first:  # the others go with it
            self._post(self._hand_on)

    def _hand_on(self) -> None:
        """In the server's thread."""
        with self._lock:
            calls, self._waiting, self._posted = self._waiting, deque(), False
        for call in calls:
            try:
                call()
            except Exception as error:  # noqa: BLE001  one of many: those after it are still told
                self.report(News(False, f"a bug in the page, {type(error).__name__}: {error}; please report it"))


_REPLAYED = re.compile(r"(?<=^replay ).*/(?=.)")  # the folders of a recording are nobody's business


def about(info: RunInfo) -> dict[str, Any]:
    """What HELLO says of a run that has begun."""
    device = info.device
    return {
        "device": device.name,
        "device_id": device.device_id,
        "firmware": device.firmware,
        "source": _REPLAYED.sub("", device.source),
        "montage": [*device.montage.names],
        "device_rate": device.rate,
        "start_utc": info.start_utc.isoformat(timespec="milliseconds"),
        "bundle": info.bundle,
        "engine": info.engine,
        "patient": info.patient,
        "delay_ms": round(info.delay_ms, 1) if math.isfinite(info.delay_ms) else None,
        "version": info.version,
    }
