"""A patch on a serial port, its port coming and going."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import time
from collections.abc import AsyncIterator
from typing import Any

from edge.errors import Reason, SourceLost, SourceUnavailable
from edge.sources.items import Item, Link, Suspected
from edge.sources.patch import PatchLink
from edge.timeline import Cause
from firmware_bridge.framing import SerialDecoder, frame

READ_BYTES = 4096
GREET_EVERY_S = 1.0  # until the patch says who it is
SILENCE_S = 5.0  # a port that opens and says nothing for so long is no patch
STALL_S = 3.0  # a patch that stops talking for so long is asked to go on
RETRY_S = (0.1, 2.0)  # first and longest wait between attempts to open the port again


class SerialPatch:
    """Source: a patch that speaks the wire protocol on the port `port`.

    A port that vanishes is tried again for `give_up_s`; what was missed meanwhile is told by the patch's own index.
    """

    def __init__(self, port: str, baud: int, channels: tuple[str, ...] = (), give_up_s: float = 60.0) -> None:
        self._port, self._baud, self._give_up_s = port, baud, give_up_s
        self._link = PatchLink(port, channels)
        self._serial: Any = None
        self._arrived = asyncio.Event()
        self._chunks: list[bytes] = []
        self._gone = False
        self._heard = 0  # bytes since the port was opened

    async def items(self) -> AsyncIterator[Item]:
        self._open()
        decoder = SerialDecoder()
        opened = last_heard = greeted = time.monotonic()
        self._link.greet()
        while not self._link.ended:
            self._send()
            await self._wait(GREET_EVERY_S)
            now = time.monotonic()
            chunks, self._chunks = self._chunks, []
            for chunk in chunks:
                self._heard += len(chunk)
                for message in decoder.feed(chunk):
                    for item in self._link.feed(message, time.monotonic_ns()):
                        last_heard = now
                        yield item
            if self._gone and not self._link.ended:
                yield Link(False, f"{self._port} vanished")
                await self._reopen()
                decoder = SerialDecoder()
                self._link.greet()
                opened = last_heard = greeted = time.monotonic()
                yield Suspected(Cause.LINK)
                yield Link(True, f"{self._port} is back")
                continue
            if not self._link.described and now - opened > SILENCE_S:
                raise self._mute()
            waiting = not self._link.described or now - last_heard > STALL_S
            if waiting and now - greeted >= GREET_EVERY_S:
                self._link.greet()
                greeted = now

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
        self._gone, self._heard = False, 0
        asyncio.get_running_loop().add_reader(self._serial.fileno(), self._readable)

    def _readable(self) -> None:
        try:
            data = self._serial.read(READ_BYTES)
        except OSError:
            data = b""
        if data:
            self._chunks.append(data)
        else:  # readable and nothing to read: the other end is gone
            self._gone = True
            asyncio.get_running_loop().remove_reader(self._serial.fileno())
        self._arrived.set()

    async def _wait(self, timeout_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._arrived.wait(), timeout_s)
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
            await asyncio.sleep(wait)
            try:
                self._open()
            except SourceUnavailable as error:
                if time.monotonic() > until:
                    text = f"{self._port} vanished and did not come back within {self._give_up_s:g} s: plug the patch in and start again"
                    raise SourceLost(text, Reason.UNPLUGGED) from error
                wait = min(2 * wait, RETRY_S[1])
            else:
                return

    def _close(self) -> None:
        port, self._serial = self._serial, None
        if port is None:
            return
        if port.is_open:
            asyncio.get_running_loop().remove_reader(port.fileno())
        port.close()

    def _mute(self) -> SourceLost:
        if self._heard:
            return SourceLost(
                f"{self._port}: {self._heard} bytes came in {SILENCE_S:g} s at {self._baud} baud and no patch described "
                "itself in them: check --baud, and that this is the patch's port",
                Reason.PROTOCOL,
            )
        return SourceLost(
            f"{self._port} is open and silent: nothing came in {SILENCE_S:g} s; switch the patch on, or choose another port",
            Reason.SILENT,
        )


def _unavailable(port: str, baud: int, error: Exception) -> SourceUnavailable:
    number = getattr(error, "errno", None)
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
    if isinstance(error, ValueError):
        return SourceUnavailable(f"{port} cannot run at {baud} baud: {error}", Reason.USAGE)
    return SourceUnavailable(f"{port} cannot be opened as a serial port: {error}", Reason.UNREADABLE)
