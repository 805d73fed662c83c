"""All pages that look on, and what one that joins is told first. Lives in the server's thread, and only there."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from edge.bundle import RATE
from edge.events import Event
from edge.leads import LEADS
from edge.web.alert_book import ALERTS, AlertBook
from edge.web.client import Client
from edge.web.frames import Frame, Kind, words
from edge.web.recent import Recent

MOST_CLIENTS = 32  # pages: 0.4 MB each that reads slowly
MINOR = ("beat", "st", "classification", "health", "time")  # events that a slow page may miss
AGAIN = ("start", "rhythm", "link", "summary")  # events of which a page that joins is told the last
BEATS = 64  # last ones, for a page that joins: 15 s at 250 a minute

NOTHING: dict[str, Any] = {  # of HELLO, before a patch has described itself
    **dict.fromkeys(("device", "device_id", "firmware", "bundle", "engine", "patient"), ""),
    **dict.fromkeys(("device_rate", "start_utc", "delay_ms")),
    "montage": [],
}


@dataclass(slots=True)
class Counts:
    """What went out to all pages together."""

    joined: int = 0
    frames: int = 0
    bytes: int = 0
    skipped: int = 0  # frames that a slow page was not sent
    dropped: int = 0  # pages that did not read
    refused: int = 0  # pages too many


class Hub:
    """Hands on to every page what the run tells, and keeps what a page needs that comes later."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        """`told`: of HELLO, what is known before the patch has described itself."""
        self.hello: dict[str, Any] = {"run": secrets.token_hex(8), "phase": "waiting", "rate": RATE, "leads": [*LEADS]}
        self.hello |= NOTHING | dict(told)
        self.recent, self.alerts = Recent(), AlertBook()
        self.state: dict[str, Any] = {}
        self._state_frame: Frame | None = None
        self._again: dict[str, Frame] = {}
        self._beats: deque[Frame] = deque(maxlen=BEATS)
        self._over: Frame | None = None
        self._clients: set[Client] = set()
        self._gone = Counts()

    @property
    def clients(self) -> int:
        return len(self._clients)

    def counts(self) -> dict[str, int]:
        """Sums over the pages that are there and those that were."""
        all_told = asdict(self._gone) | {"clients": len(self._clients)}
        for client in self._clients:
            all_told["frames"] += client.sent_frames
            all_told["bytes"] += client.sent_bytes
            all_told["skipped"] += client.skipped
        return all_told

    def begin(self, told: Mapping[str, Any]) -> None:
        """The patch has described itself, or the run has changed its phase."""
        self.hello |= told
        self._tell(words(Kind.HELLO, self.hello))

    def signal(self, frame: Frame) -> None:
        self.recent.add(frame)
        self._tell(frame)

    def event(self, event: Event) -> None:
        kind = event["type"]
        frame = words(Kind.EVENT, event, event["sample"])
        if kind in ALERTS:
            self.alerts.add(event)
            if event["state"] == "on":
                self.recent.mark(event)
        elif kind == "beat":
            self._beats.append(frame)
        elif kind in AGAIN:
            self._again[kind] = frame
        self._tell(frame, minor=kind in MINOR)

    def tell_state(self, state: dict[str, Any]) -> None:
        self.state = state
        self._state_frame = words(Kind.STATE, state)
        self._tell(self._state_frame)

    def over(self, told: Mapping[str, Any]) -> None:
        self._over = words(Kind.OVER, told)
        self._tell(self._over)

    def join(self, run: str = "", after: int = 0, session: str = "") -> Client | None:
        """A page that comes, or comes back and has of `run` all up to sample `after`; None: there are too many.

        session: by which it was let in.
        """
        if len(self._clients) >= MOST_CLIENTS:
            self._gone.refused += 1
            return None
        client = Client(session)
        client.put(words(Kind.HELLO, self.hello))
        for frame in self._again.values():
            client.put(frame)
        signal = self.recent.joining(after if run == self.hello["run"] else 0)
        for frame in signal:
            client.put(frame)
        for frame in self._beats:
            if signal and frame.start >= signal[0].start:
                client.put(frame, minor=True)
        for told in self.state.get("alerts", ()):
            client.put(words(Kind.EVENT, self.alerts.last(told["id"])))
        for last in (self._state_frame, self._over):
            if last is not None:
                client.put(last)
        self._clients.add(client)
        self._gone.joined += 1
        return client

    def leave(self, client: Client, *, dropped: bool = False) -> None:
        self._clients.discard(client)
        self._gone.frames += client.sent_frames
        self._gone.bytes += client.sent_bytes
        self._gone.skipped += client.skipped
        self._gone.dropped += dropped

    def log_out(self, session: str) -> None:
        """The pages that this session let in are sent no more."""
        for client in self._clients:
            if session and client.session == session:
                client.end()

    def end(self) -> None:
        """Every page is sent what waits for it, and then no more."""
        for client in self._clients:
            client.end()

    def _tell(self, frame: Frame, *, minor: bool = False) -> None:
        for client in self._clients:
            client.put(frame, minor=minor)
