"""A patch on a serial port, its port coming and going."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

from edge.errors import Reason, SourceLost, SourceUnavailable
from edge.sources.items import Described, Item, Link, Restarted, Suspected
from edge.sources.patch import PatchLink
from edge.timeline import Cause, Chunk
from firmware_bridge.framing import SerialDecoder, frame

READ_BYTES = 4096
REST_S = 0.06  # after a small read: what follows works in tenths of a second, and each waking costs a cold cache
FEW_BYTES = 1024  # a small read: with 60 ms between them no port that gives so little overruns its 4 kB
GREET_EVERY_S = 1.0  # until the patch says who it is
SILENCE_S = 5.0  # a port that opens and says nothing for so long is no patch
STALL_S = 3.0  # a patch that stops talking for so long is asked to go on
BACK_S = 0.3  # of samples after which a link is back: by then the hole it left is on the timeline
NO_PORT = (errno.ENOTTY, errno.EISDIR, errno.ENOTDIR, errno.ENODEV, errno.ENXIO, errno.EIO, errno.EINVAL)
RETRY_S = (0.1, 2.0)  # first and longest wait between attempts to open the port again


class SerialPatch:
    """Source: a patch that speaks the wire protocol on the port `port`.

    A port that vanishes, or a patch that falls silent, is tried again for `give_up_s`; what was missed meanwhile is
    told by the patch's own index.
    """

    def __init__(self, port: str, baud: int, channels: tuple[str, ...] = (), give_up_s: float = 60.0) -> None:
        self._port, self._baud, self._give_up_s = port, baud, give_up_s
        self._link = PatchLink(port, channels)
        self._decoder = SerialDecoder()
        self._serial: Any = None
        self._arrived = asyncio.Event()
        self._chunks: list[bytes] = []
        self._resting: asyncio.TimerHandle | None = None
        self._gone = False
        self._heard = 0  # bytes since the port was opened
        self._down = False  # told so
        self._suspected = False  # the hole that the link's absence leaves is still to come
        self._since_down = 0  # samples
        self._back_samples = 0
        self._opened_s = self._greeted_s = self._samples_s = 0.0  # time.monotonic()

    async def items(self) -> AsyncIterator[Item]:
        self._open()
        self._greet()
        while not self._link.ended:
            self._send()
            await self._wait(GREET_EVERY_S)
            for item in self._received():
                yield item
            if self._link.ended:
                break
            if self._gone:
                yield self._lost(f"{self._port} vanished")
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
                    yield self._lost(f"{self._port}: no samples for {STALL_S:g} s")
                if time.monotonic() - self._greeted_s >= GREET_EVERY_S:
                    self._greet(silent=True)
        for item in self._link.settle():
            yield item

    def _received(self) -> Iterator[Item]:
        chunks, self._chunks = self._chunks, []
        for chunk in chunks:
            self._heard += len(chunk)
            for message in self._decoder.feed(chunk):
                for item in self._link.feed(message, time.monotonic_ns()):
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
                yield Link(True, f"{self._port} is back")

    def _lost(self, text: str) -> Link:
        self._down, self._suspected, self._since_down = True, True, 0
        return Link(False, text)

    def _is_silent(self) -> bool:
        """Whether the patch has not said who it is, or has no samples for us any more."""
        return not self._link.described or time.monotonic() - self._samples_s > STALL_S

    def _check_patience(self) -> None:
        """Raises SourceLost where it is at its end."""
        now = time.monotonic()
        if not self._link.described and now - self._opened_s > SILENCE_S:
            raise self._mute()
        if self._link.described and now - self._samples_s > STALL_S + self._give_up_s:
            text = f"{self._port}: the patch sent no samples for {now - self._samples_s:.0f} s: "
            raise SourceLost(text + "check its battery and its electrodes, and start again", Reason.SILENT)

    def _greet(self, *, silent: bool = False) -> None:
        self._link.greet(silent=silent)
        self._greeted_s = time.monotonic()

    async def close(self) -> None:
        if self._serial is not None:
            self._link.stop()
            self._send()
        self._close()

    def _open(self) -> None:
        import serial

        try:
            self._serial = serial.Serial(self._port, self._baud, timeout=0, write_timeout=1.0, exclusive=True)
        except (OSError, ValueError) as error:  # SerialException is an OSError
            raise _unavailable(self._port, self._baud, error) from error
        self._gone, self._heard, self._decoder = False, 0, SerialDecoder()
        self._opened_s = time.monotonic()
        self._listen()

    def _readable(self) -> None:
        try:
            data = self._serial.read(READ_BYTES)
        except OSError:
            data = b""
        if data:
            self._chunks.append(data)
            if self._link.streaming and len(data) < FEW_BYTES:
                self._rest()
        else:  # readable and nothing to read: the other end is gone
            self._gone = True
            asyncio.get_running_loop().remove_reader(self._serial.fileno())
        self._arrived.set()

    def _rest(self) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._serial.fileno())
        self._resting = loop.call_later(REST_S, self._listen)

    def _listen(self) -> None:
        asyncio.get_running_loop().add_reader(self._serial.fileno(), self._readable)

    async def _wait(self, timeout_s: float) -> None:
        with contextlib.suppress(TimeoutError):  # wait_for, up to 3.11, loses a stop that comes together with samples
            async with asyncio.timeout(timeout_s):
                await self._arrived.wait()
        self._arrived.clear()

    def _send(self) -> None:
        commands, self._link.outgoing = self._link.outgoing, []
        try:
            for command in commands:
                self._serial.write(frame(command))
        except OSError:
            self._gone = True
            self._arrived.set()

    async def _reopen(self) -> None:
        self._close()
        until, wait = time.monotonic() + self._give_up_s, RETRY_S[0]
        while True:
            await asyncio.sleep(min(wait, max(0.0, until - time.monotonic())))
            try:
                self._open()
            except SourceUnavailable as error:
                if time.monotonic() >= until:
                    why = "" if error.reason is Reason.NOT_FOUND else f" ({error})"
                    text = f"{self._port} vanished and did not come back within {self._give_up_s:g} s{why}: "
                    raise SourceLost(text + "plug the patch in and start again", Reason.UNPLUGGED) from error
                wait = min(2 * wait, RETRY_S[1])
            else:
                self._samples_s = time.monotonic()
                return

    def _close(self) -> None:
        port, self._serial = self._serial, None
        if self._resting is not None:
            self._resting.cancel()
        if port is None:
            return
        if port.is_open:
            asyncio.get_running_loop().remove_reader(port.fileno())
        port.close()

    def _mute(self) -> SourceLost:
        if self._heard:
            text = (
                f"{self._port}: {self._heard} bytes came in {SILENCE_S:g} s at {self._baud} baud and no patch "
                "described itself in them: check --baud, and that this is the patch's port"
            )
            return SourceLost(text, Reason.PROTOCOL)
        text = (
            f"{self._port} is open and silent: nothing came in {SILENCE_S:g} s; "
            "switch the patch on, or choose another port"
        )
        return SourceLost(text, Reason.SILENT)


def _unavailable(port: str, baud: int, error: Exception) -> SourceUnavailable:
    number = _errno(error)
    if number == errno.ENOENT:
        return SourceUnavailable(f"no such port: {port}; edge-run --list shows the ones there are", Reason.NOT_FOUND)
    if number in (errno.EACCES, errno.EPERM):
        text = (
            f"no permission for {port}: add yourself to the group dialout (sudo usermod -aG dialout $USER) "
            "and log in again"
        )
        return SourceUnavailable(text, Reason.PERMISSION)
    if number in (errno.EBUSY, errno.EAGAIN):
        return SourceUnavailable(f"{port} is in use by another program: end that first", Reason.BUSY)
    if number in NO_PORT:
        text = f"{port} is no serial port; edge-run --list shows the ones there are"
        return SourceUnavailable(text, Reason.NOT_FOUND)
    if isinstance(error, ValueError):
        return SourceUnavailable(f"{port} cannot run at {baud} baud: {error}", Reason.USAGE)
    return SourceUnavailable(f"{port} cannot be opened as a serial port: {error}", Reason.UNREADABLE)


def _errno(error: BaseException) -> int | None:
    """The operating system's number for `error`; pyserial leaves it with the error that caused its own."""
    number = getattr(error, "errno", None)
    if number is None and error.__context__ is not None and error.__context__.args:
        number = error.__context__.args[0]
    return number if isinstance(number, int) else None
