"""What every source that is a patch does, whatever carries its messages: greet it, watch it, wait for its return."""

from __future__ import annotations

import abc
import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass

from edge.errors import Reason, SourceLost, SourceUnavailable
from edge.sources.items import Described, Item, Link, Restarted, Suspected
from edge.sources.patch import Incoming, PatchLink
from edge.timeline import Cause, Chunk
from firmware_bridge.messages import Command

BACK_S = 0.3  # of samples after which a link is back: by then the hole it left is on the timeline


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a source waits for what, in seconds."""

    greet_every_s: float  # until the patch says who it is
    silence_s: float  # a line that opens and says nothing for so long is no patch's
    stall_s: float  # a patch that stops talking for so long is asked to go on
    give_up_s: float  # without the line, or without samples
    retry_s: tuple[float, float]  # first and longest wait between attempts to open the line again
    renew_s: float | None = None  # a line that is up and brings no samples for so long is opened anew; None: never


class PatchSource(abc.ABC):
    """Source: a patch that speaks the wire protocol over some line, which comes and goes.

    A line that vanishes, or a patch that falls silent, is tried again for `give_up_s`; what was missed meanwhile is
    told by the patch's own index. A line says what it has by `_arrived`, and that it is gone by `_gone` besides.
    """

    def __init__(self, name: str, channels: tuple[str, ...], patience: Patience) -> None:
        self._name, self._patience = name, patience
        self._link = PatchLink(name, channels)
        self._arrived = asyncio.Event()
        self._gone = False
        self._down = False  # told so
        self._suspected = False  # the hole that the link's absence leaves is still to come
        self._since_down = 0  # samples
        self._back_samples = 0
        self._opened_s = self._greeted_s = self._samples_s = 0.0  # time.monotonic()

    @abc.abstractmethod
    async def _open(self) -> None:
        """Raises SourceUnavailable."""

    @abc.abstractmethod
    async def _shut(self) -> None:
        """Whatever state the line is in; never raises."""

    @abc.abstractmethod
    async def _deliver(self, commands: list[Command]) -> None:
        """Sends; a line that fails at it is `_gone`."""

    @abc.abstractmethod
    def _incoming(self) -> Iterable[tuple[Incoming, int]]:
        """What has come since the last call, and when (edge.host_clock.now_ns)."""

    @abc.abstractmethod
    def _is_open(self) -> bool: ...

    def _is_gone(self) -> bool:
        return self._gone

    @abc.abstractmethod
    def _mute(self) -> SourceLost:
        """What to say of a line on which no patch described itself."""

    @abc.abstractmethod
    def _vanished(self) -> str:
        """What to say of a line that is gone."""

    @abc.abstractmethod
    def _way_back(self) -> str:
        """What the user can do about one that stays away."""

    async def items(self) -> AsyncIterator[Item]:
        self._samples_s = time.monotonic()
        await self._opened()
        self._greet()
        while not self._link.ended:
            await self._send()
            await self._wait(self._patience.greet_every_s)
            for item in self._received():
                yield item
            if self._link.ended:
                break
            if self._is_gone():
                yield self._lost(self._vanished())
                try:
                    await self._reopen()
                except SourceLost:
                    for item in self._link.settle():
                        yield item
                    raise
                self._greet()
                continue
            self._check_patience()
            if self._is_silent():
                if self._link.described and not self._down:
                    yield self._lost(f"{self._name}: no samples for {self._patience.stall_s:g} s")
                if time.monotonic() - self._greeted_s >= self._patience.greet_every_s:
                    self._greet(silent=True)
        for item in self._link.settle():
            yield item

    async def close(self) -> None:
        if self._is_open():
            self._link.stop()
            await self._send()
        await self._shut()

    async def _opened(self) -> None:
        self._gone = False  # before, for a line may go away while it opens
        await self._open()
        self._opened_s = time.monotonic()

    async def _wait(self, timeout_s: float) -> None:
        with contextlib.suppress(TimeoutError):  # wait_for, up to 3.11, loses a stop that comes together with samples
            async with asyncio.timeout(timeout_s):
                await self._arrived.wait()
        self._arrived.clear()

    async def _send(self) -> None:
        commands = self._link.asking.take()
        if commands:
            await self._deliver(commands)

    def _received(self) -> Iterator[Item]:
        for message, at_ns in self._incoming():
            for item in self._link.feed(message, at_ns):
                yield from self._with_link(item)

    def _with_link(self, item: Item) -> Iterator[Item]:
        """`item`, and around it what it says of a link that was down."""
        match item:
            case Described():
                self._samples_s = time.monotonic()
                self._back_samples = round(BACK_S * item.rate)
            case Restarted():
                self._suspected = False  # a hole with a cause of its own
            case Chunk():
                self._samples_s = time.monotonic()
                if self._suspected:
                    self._suspected = False
                    yield Suspected(Cause.LINK)
        yield item
        if self._down and isinstance(item, Chunk):
            self._since_down += len(item.mv)
            if self._since_down >= self._back_samples:
                self._down = False
                yield Link(True, f"{self._name} is back")

    def _lost(self, text: str) -> Link:
        self._down, self._suspected, self._since_down = True, True, 0
        return Link(False, text)

    def _is_silent(self) -> bool:
        """Whether the patch has not said who it is, or has no samples for us any more."""
        return not self._link.described or time.monotonic() - self._samples_s > self._patience.stall_s

    def _check_patience(self) -> None:
        """Raises SourceLost where it is at its end; gives a line up that is there and brings nothing."""
        now, patience = time.monotonic(), self._patience
        if not self._link.described and now - self._opened_s > patience.silence_s:
            raise self._mute()
        silent_s = now - self._samples_s
        if self._link.described and silent_s > patience.stall_s + patience.give_up_s:
            text = f"{self._name}: the patch sent no samples for {silent_s:.0f} s: "
            raise SourceLost(text + "check its battery and its electrodes, and start again", Reason.SILENT)
        unheard_s = min(silent_s, now - self._opened_s) if self._link.described else 0.0
        if patience.renew_s is not None and unheard_s > patience.renew_s:
            self._gone = True
            self._arrived.set()

    def _greet(self, *, silent: bool = False) -> None:
        self._link.greet(silent=silent)
        self._greeted_s = time.monotonic()

    def _gives_up_at_s(self, now_s: float) -> float:
        """When a line that is gone by `now_s` is tried no more (both time.monotonic())."""
        return now_s + self._patience.give_up_s

    def _reopened(self) -> None:
        """The line is open again: samples are due from now on."""
        self._samples_s = time.monotonic()

    async def _reopen(self) -> None:
        await self._shut()
        now_s = time.monotonic()
        until_s, (wait_s, longest_s) = self._gives_up_at_s(now_s), self._patience.retry_s
        if until_s < now_s:
            raise self._away_for_good("")
        while True:
            await asyncio.sleep(min(wait_s, max(0.0, until_s - time.monotonic())))
            try:
                await self._opened()
            except SourceUnavailable as error:
                if time.monotonic() >= until_s:
                    raise self._away_for_good("" if error.reason is Reason.NOT_FOUND else f" ({error})") from error
                wait_s = min(2 * wait_s, longest_s)
            else:
                self._reopened()
                return

    def _away_for_good(self, why: str) -> SourceLost:
        text = f"{self._vanished()} and did not come back within {self._patience.give_up_s:g} s{why}: "
        return SourceLost(text + self._way_back(), Reason.UNPLUGGED)
