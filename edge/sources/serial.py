"""A patch on a serial port, its port coming and going."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from edge.errors import Reason, SourceLost, SourceUnavailable
from edge.host_clock import now_ns
from edge.sources.conversation import PatchSource, Patience
from edge.sources.patch import Incoming
from firmware_bridge.framing import SerialDecoder, frame
from firmware_bridge.messages import Command

READ_BYTES = 4096
REST_S = 0.06  # after a small read: what follows works in tenths of a second, and each waking costs a cold cache
FEW_BYTES = 1024  # a small read: with 60 ms between them no port that gives so little overruns its 4 kB
GREET_EVERY_S = 1.0  # until the patch says who it is
SILENCE_S = 5.0  # a port that opens and says nothing for so long is no patch
STALL_S = 3.0  # a patch that stops talking for so long is asked to go on
NO_PORT = (errno.ENOTTY, errno.EISDIR, errno.ENOTDIR, errno.ENODEV, errno.ENXIO, errno.EIO, errno.EINVAL)
RETRY_S = (0.1, 2.0)  # first and longest wait between attempts to open the port again


class Decoder(Protocol):
    """What came over the line, as the messages of our wire; never raises on input."""

    def feed(self, data: bytes, /) -> Iterable[Incoming]: ...


@dataclass(frozen=True, slots=True)
class Language:
    """What is spoken on the line."""

    decoder: Callable[[], Decoder]  # for each time that the port is opened
    encode: Callable[[Command], bytes]  # what to send for a command; empty: nothing
    said: Callable[[], str] = str  # what the device last said in words
    start_s: float = 0.0  # what it takes to start the device


OURS = Language(SerialDecoder, frame)


class SerialPatch(PatchSource):
    """Source: a patch on the port `port`; `language` is for devices that do not speak our wire protocol."""

    def __init__(
        self,
        port: str,
        baud: int,
        channels: tuple[str, ...] = (),
        give_up_s: float = 60.0,
        *,
        language: Language = OURS,
    ) -> None:
        silence_s = SILENCE_S + language.start_s
        super().__init__(port, channels, Patience(GREET_EVERY_S, silence_s, STALL_S, give_up_s, RETRY_S))
        self._port, self._baud, self._language = port, baud, language
        self._decoder = language.decoder()
        self._serial: Any = None
        self._chunks: list[bytes] = []
        self._resting: asyncio.TimerHandle | None = None
        self._heard = 0  # bytes since the port was opened

    async def _open(self) -> None:
        import serial

        try:
            self._serial = serial.Serial(self._port, self._baud, timeout=0, write_timeout=1.0, exclusive=True)
        except (OSError, ValueError) as error:  # SerialException is an OSError
            raise _unavailable(self._port, self._baud, error) from error
        self._heard, self._decoder = 0, self._language.decoder()
        self._listen()

    async def _shut(self) -> None:
        port, self._serial = self._serial, None
        if self._resting is not None:
            self._resting.cancel()
        if port is None:
            return
        if port.is_open:
            asyncio.get_running_loop().remove_reader(port.fileno())
        port.close()

    def _is_open(self) -> bool:
        return self._serial is not None

    async def _deliver(self, commands: list[Command]) -> None:
        try:
            for command in commands:
                self._serial.write(self._language.encode(command))
        except OSError:
            self._gone = True
            self._arrived.set()

    def _incoming(self) -> Iterator[tuple[Incoming, int]]:
        chunks, self._chunks = self._chunks, []
        for chunk in chunks:
            self._heard += len(chunk)
            for message in self._decoder.feed(chunk):
                yield message, now_ns()

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

    def _vanished(self) -> str:
        return f"{self._port} vanished"

    def _way_back(self) -> str:
        return "plug the patch in and start again"

    def _mute(self) -> SourceLost:
        within_s = self._patience.silence_s
        if self._heard:
            text = (
                f"{self._port}: {self._heard} bytes came in {within_s:g} s at {self._baud} baud and no patch "
                "described itself in them: check --baud, and that this is the patch's port"
            )
            said = self._language.said()
            return SourceLost(text + (f" (it said: {said})" if said else ""), Reason.PROTOCOL)
        text = (
            f"{self._port} is open and silent: nothing came in {within_s:g} s; "
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
