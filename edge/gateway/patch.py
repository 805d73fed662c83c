"""One patch as its supervisor sees it: a process that is kept alive, and what it last told."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import json
import os
import signal
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edge.config import RunSettings
from edge.events import Event
from edge.gateway.births import Births
from edge.gateway.link import FAILED, pair, received, told, view_of_json
from edge.gateway.mail import Mail
from edge.gateway.rest import Rest
from edge.gateway.worker import Order, Wanted
from edge.sinks.state import ViewState
from edge.web.frames import Frame, Kind

AT_ONCE = 32  # messages of one patch before another one's turn
SILENT_S = 30.0  # a process that tells nothing of itself for so long hangs
KILL_AFTER_S = 8.0  # a process that was asked to end and has not
NEVER_AGAIN = (2, 3)  # exit codes: settings, or files, that will be as wrong the next time


class Phase(enum.Enum):
    STARTING = "starting"
    WAITING = "waiting"  # for its patch
    LIVE = "live"
    RESTING = "resting"  # between two attempts
    DONE = "done"
    REFUSED = "refused"  # until its settings change
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process ended."""

    code: int  # negative: by this signal
    text: str
    lived_s: float


class Watch:
    """Who hears of the patches; of which each takes what it needs."""

    def phase(self, patch: Patch) -> None:
        """It has entered another phase."""

    def begun(self, patch: Patch, about: dict[str, Any]) -> None:
        """A run has begun: its patch has described itself."""

    def signal(self, patch: Patch, frame: Frame) -> None:
        """Twelve leads, or a hole."""

    def event(self, patch: Patch, event: Event) -> None:
        """A line of `--events`."""

    def view(self, patch: Patch) -> None:
        """How it stands has been told."""

    def mail(self, patch: Patch, mail: Mail) -> None:
        """A message for MQTT."""


class Patch:
    """Keeps one patch's process alive until `stop`."""

    def __init__(
        self, name: str, settings: RunSettings, wanted: Wanted, births: Births, watching: Sequence[Watch]
    ) -> None:
        self.name, self.settings, self._wanted = name, settings, wanted
        self._births, self._watching = births, watching
        self.phase = Phase.STARTING
        self.pid: int | None = None
        self.state = ViewState(source=settings.port or settings.ble or settings.replay or "")
        self.reason = ""  # why it does not run
        self.rest_s = 0.0  # before it is tried again
        self.restarts = 0
        self._heard_s = 0.0  # time.monotonic()
        self._hung = False
        self._over: dict[str, Any] = {}
        self._link: socket.socket | None = None
        self._leaving = asyncio.Event()

    async def keep(self) -> None:
        """Until `stop`, or until there is nothing more to do."""
        rest = Rest()
        while True:
            self._enter(Phase.STARTING, self.reason)
            ending = await self._live()
            if self._leaving.is_set():
                return self._enter(Phase.STOPPED)
            if ending.code == 0 and (self.settings.replay or self.settings.duration):
                return self._enter(Phase.DONE)
            if ending.code in NEVER_AGAIN:
                return self._enter(Phase.REFUSED, ending.text)
            self.rest_s = rest.after(ending.lived_s)
            self._enter(Phase.RESTING, ending.text)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), self.rest_s)
                return self._enter(Phase.STOPPED)
            self.restarts += 1

    async def stop(self, keeping: asyncio.Task[None]) -> None:
        """Asks the process to end in good order, and makes sure that it does."""
        self._leaving.set()
        self._signal(signal.SIGTERM)
        _, late = await asyncio.wait([keeping], timeout=KILL_AFTER_S)
        if late:
            self._signal(signal.SIGKILL)
            await asyncio.wait([keeping])

    def look(self) -> None:
        """From time to time: a process that hangs is ended, to be started again."""
        if self.pid is not None and time.monotonic() - self._heard_s > SILENT_S:
            self._hung = True
            self._signal(signal.SIGKILL)

    def acknowledge(self, alert: str | None) -> bool:
        """Somebody has seen it, or all; False where no process goes on."""
        if self._link is None:
            return False
        with contextlib.suppress(OSError):
            self._link.send(json.dumps({"acknowledge": alert}).encode())
            return True
        return False

    async def _live(self) -> Ending:
        """One process, from its birth to its end."""
        began_s = time.monotonic()
        ours, theirs = pair()
        with ours:
            try:
                with theirs:
                    order = Order(self.name, self.settings, self._wanted)
                    pid = await self._births.bear(order, theirs)
            except OSError as error:
                return Ending(-1, str(error), 0.0)
            self._link, self.pid, self._over, self._hung = ours, pid, {}, False
            self._heard_s = time.monotonic()
            if self._leaving.is_set():
                self._signal(signal.SIGTERM)
            code = await self._ended(pid, ours)
            self.pid = self._link = None
            self.state.reconnecting = True  # to whoever looks on, the patch is away
            while self._read(ours):  # what it said last
                pass
        return Ending(code, self._why(code), time.monotonic() - began_s)

    async def _ended(self, pid: int, link: socket.socket) -> int:
        """Reads what the process tells until it has ended; returns its exit code."""
        loop = asyncio.get_running_loop()
        over = asyncio.Event()
        descriptor = os.pidfd_open(pid)
        loop.add_reader(link, self._readable, link)
        loop.add_reader(descriptor, over.set)
        try:
            await over.wait()
        finally:
            loop.remove_reader(link)
            loop.remove_reader(descriptor)
            os.close(descriptor)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def _readable(self, link: socket.socket) -> None:
        if not self._read(link):
            asyncio.get_running_loop().remove_reader(link)

    def _read(self, link: socket.socket) -> int:
        """How many messages there were; 0 at their end."""
        count = 0
        for message in received(link, AT_ONCE):
            if message is None:
                return 0
            count += 1
            self._heard_s = time.monotonic()
            if isinstance(message, Mail):
                for one in self._watching:
                    one.mail(self, message)
            else:
                self._take(message)
        return count

    def _take(self, frame: Frame) -> None:
        if frame.signal:
            for one in self._watching:
                one.signal(self, frame)
            return
        words = told(frame)
        match frame.kind:
            case Kind.HELLO:
                self._enter(Phase.LIVE)
                for one in self._watching:
                    one.begun(self, words)
            case Kind.EVENT:
                for one in self._watching:
                    one.event(self, words)
            case Kind.STATE:
                self.state = view_of_json(words)
                if self.phase is Phase.STARTING:
                    self._enter(Phase.WAITING)
                for one in self._watching:
                    one.view(self)
            case Kind.OVER:
                self._over = words

    def _enter(self, phase: Phase, reason: str = "") -> None:
        self.phase, self.reason = phase, reason
        for one in self._watching:
            one.phase(self)

    def _why(self, code: int) -> str:
        if self._hung:
            return f"its process told nothing for {SILENT_S:g} s and was ended"
        if self._over.get("how") == FAILED:
            return str(self._over["text"])
        if code < 0:
            return f"its process was ended by {signal.Signals(-code).name}"
        return "its process ended" + (f" with {code}" if code else "")

    def _signal(self, number: signal.Signals) -> None:
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)
