"""One page that looks on: what waits for it, how much of that may be left out, and when it is given up."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from edge.web.frames import Frame, Kind, words

MOST_SIGNAL = 400_000  # bytes of signal that wait: half a minute; older ones make room
MOST_MINOR = 200  # beats and the like that wait
MOST_EVENTS = 400  # events that wait and may not be left out: a page that far behind is lost
MESSAGE = 1 << 16  # bytes that are sent as one
STUCK_S = 10.0  # in which not one message was taken


class Lost(Exception):
    """The page is to be dropped: it does not read."""


class Client:
    """What waits for one page. A slow one is skipped signal, never an alert; the state it gets is the newest."""

    def __init__(self, session: str = "") -> None:
        self.session = session  # by which it was let in
        self._waiting: deque[tuple[Frame, bool]] = deque()  # each with whether it may be left out
        self._signal_bytes = self._minor = self._major = 0  # of those that wait
        self._state: Frame | None = None
        self._left_out: list[Frame] = []  # the first and the last, since the last message
        self._left_out_count = 0
        self._ready = asyncio.Event()
        self._ending = False
        self.sent_frames = self.sent_bytes = self.skipped = 0

    @property
    def lost(self) -> bool:
        return self._major > MOST_EVENTS

    def put(self, frame: Frame, *, minor: bool = False) -> None:
        """`minor`: may be left out."""
        if frame.kind is Kind.STATE:
            self._state = frame
        elif frame.signal:
            self._signal_bytes += len(frame.data)
            while self._signal_bytes > MOST_SIGNAL:
                self._leave_out()
            self._waiting.append((frame, minor))
        elif minor and self._minor >= MOST_MINOR:
            self.skipped += 1
        else:
            self._minor += minor
            self._major += not minor
            self._waiting.append((frame, minor))
        self._ready.set()

    def end(self) -> None:
        """What waits is sent, and no more."""
        self._ending = True
        self._ready.set()

    async def feed(self, send: Callable[[bytes], Awaitable[None]]) -> None:
        """Sends what waits, as it comes, until `end`. Raises Lost where `send` takes too long."""
        while not (self._ending and not self._waiting):
            await self._ready.wait()
            self._ready.clear()
            while message := self.take():
                try:
                    await asyncio.wait_for(send(message), STUCK_S)
                except TimeoutError:
                    raise Lost from None
                if self.lost:
                    raise Lost

    def take(self) -> bytes:
        """The next frames, to be sent as one message; nothing where nothing waits."""
        parts: list[bytes] = []
        size = 0
        while self._waiting and size < MESSAGE:
            frame, minor = self._waiting.popleft()
            if frame.signal:
                self._signal_bytes -= len(frame.data)
                parts += self._skipped()
            elif minor:
                self._minor -= 1
            else:
                self._major -= 1
            parts.append(frame.data)
            size += len(frame.data)
        if self._state is not None and not self._waiting:
            parts.append(self._state.data)
            self._state = None
        message = b"".join(parts)
        self.sent_frames += len(parts)
        self.sent_bytes += len(message)
        return message

    def _leave_out(self) -> None:
        """The oldest signal makes room."""
        place = next(k for k, (frame, _) in enumerate(self._waiting) if frame.signal)
        oldest = self._waiting[place][0]
        del self._waiting[place]
        self._signal_bytes -= len(oldest.data)
        self.skipped += 1
        self._left_out_count += 1
        self._left_out = [*self._left_out[:1], oldest]

    def _skipped(self) -> list[bytes]:
        if not self._left_out:
            return []
        told = {"frames": self._left_out_count, "from": self._left_out[0].start, "to": self._left_out[-1].end}
        self._left_out, self._left_out_count = [], 0
        return [words(Kind.SKIPPED, told).data]
