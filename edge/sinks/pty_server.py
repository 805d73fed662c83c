"""A virtual patch on a pseudo-terminal, in a thread of its own."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from edge.errors import OutputError, Reason
from edge.sinks.pty import Pty
from firmware_bridge.faults import Fault, Unplug
from firmware_bridge.framing import SerialDecoder
from firmware_bridge.line_faults import Frame
from firmware_bridge.link import Link
from firmware_bridge.messages import Hello, Start
from firmware_bridge.patch import VirtualPatch

PATIENCE_S = 10.0  # without a byte taken: at full speed the host is given up
LINGER_S = 2.0  # without a byte taken: what is left unread is given up
NAP_S = 0.1  # at most, so that `close` is soon noticed
SETTLE_S = 0.02
SETTLED = 3  # times in turn that nothing is unread: the kernel moves what is left in pieces


class PtyServer:
    """Serves a patch on a pty until its signal ends, or until `close`.

    `path` is what a host opens: the link asked for, or the pty itself. `speed` is signal seconds a second, or
    `math.inf`: as fast as the host reads, without loss. At any other speed, what the host leaves unread beyond the
    kernel's buffer (some 20 kB) is lost and counted as "overrun", as a UART's would be.

    With `wait_for_host` the signal begins with the host's first Hello or Start, so that nothing is sent before
    anybody listens; after an `Unplug` nothing is sent before it has greeted again. With `stay_open` the pty remains,
    and commands are answered, when the signal has ended. Errors: OutputError, on entering and from `wait`.
    """

    def __init__(
        self,
        patch: VirtualPatch,
        faults: Sequence[Fault] = (),
        *,
        path: str | Path | None = None,
        speed: float = 1.0,
        seed: int = 0,
        wait_for_host: bool = True,
        stay_open: bool = False,
    ) -> None:
        if path is None and any(isinstance(fault, Unplug) for fault in faults):
            raise ValueError("the fault unplug needs a path for the pty, which comes back under another name")
        self._link, self._patch, self.log = Link(patch, faults, seed=seed), patch, patch.log
        self._pty = Pty(Path(path) if path is not None else None)
        self._pace = speed * self._link.clock_ratio  # patch seconds a second
        self._wait_for_host, self._stay_open = wait_for_host, stay_open
        self._greeted = not wait_for_host
        self._began_s: float | None = None  # time.monotonic() at the first sample
        self._returned_s = 0.0  # the same, at the last return of the link
        self._commands = SerialDecoder()
        self._rest = b""  # of a frame whose beginning is written
        self._error: OutputError | None = None
        self._closing, self._done = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="virtual patch", daemon=True)

    def __enter__(self) -> PtyServer:
        self._pty.plug_in()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def path(self) -> str:
        return self._pty.path

    @property
    def finished(self) -> bool:
        """Whether the signal has ended and all of it is on the line."""
        return self._link.finished

    def wait(self, timeout_s: float | None = None) -> bool:
        """Until all is served and the pty is gone, or for `timeout_s`; whether it is."""
        done = self._done.wait(timeout_s)
        if done and self._error is not None:
            raise self._error
        return done

    def close(self) -> None:
        """Hang up now, whatever is left."""
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._closing.is_set() and (self._stay_open or not self._link.finished):
                self._listen(self._nap_s())
                if self._is_due():
                    self._step()
            self._drain()
        except OutputError as error:
            self._error = error
        except OSError as error:
            self._error = OutputError(f"{self.path}: {error.strerror}", Reason.UNWRITABLE)
        finally:
            self._pty.pull_out()
            self._done.set()

    def _listen(self, timeout_s: float) -> None:
        for message in self._commands.feed(self._pty.read(timeout_s)):
            self._greeted |= isinstance(message, Hello | Start)
            for sent in self._link.command(message):
                self._put(sent)

    def _nap_s(self) -> float:
        if self._is_due():
            return 0.0
        if self._began_s is None or self._link.finished or math.isinf(self._pace):
            return NAP_S
        return min(NAP_S, max(0.0, self._began_s + self._next_s / self._pace - time.monotonic()))

    @property
    def _next_s(self) -> float:
        """The patch's time at which it has the next message together."""
        return self._patch.elapsed_s + self._patch.until_message / self._patch.rate

    def _is_due(self) -> bool:
        if self._link.finished or (self._began_s is None and not self._greeted):
            return False
        if self._began_s is None:
            self._began_s = time.monotonic()
        if not math.isinf(self._pace):
            return self._began_s + self._next_s / self._pace <= time.monotonic()
        waits = self._pty.plugged_in and not self._greeted
        if waits and time.monotonic() - self._returned_s > PATIENCE_S:
            raise OutputError(f"{self.path}: the host did not come back within {PATIENCE_S:g} s", Reason.SILENT)
        return not waits

    def _step(self) -> None:
        frames = self._link.advance(self._patch.until_message)
        self._follow_link()
        for sent in frames:
            if self._greeted:
                self._put(sent)
            else:
                self._link.lost(sent, "unplug")

    def _follow_link(self) -> None:
        if self._pty.plugged_in and not self._link.up:
            self._drain()
            self._pty.pull_out()
            self._rest, self._commands = b"", SerialDecoder()
        elif self._link.up and not self._pty.plugged_in:
            self._pty.plug_in()
            self._returned_s = time.monotonic()
            self._greeted = not self._wait_for_host

    def _put(self, sent: Frame) -> None:
        written = self._write_all(sent.data) if math.isinf(self._pace) else self._offer(sent.data)
        if written:
            self._link.arrived(sent)
        else:
            self._link.lost(sent, "overrun")
            if not sent.fate.again:
                self._patch.drop(sent.fate.samples)

    def _offer(self, data: bytes) -> bool:
        """Whole frames or nothing, whatever room the kernel has left: none is waited for."""
        self._rest = self._rest[self._pty.write(self._rest) :] if self._rest else b""
        count = 0 if self._rest else self._pty.write(data)
        if count:
            self._rest = data[count:]
        return count > 0

    def _write_all(self, data: bytes) -> bool:
        last_s = time.monotonic()
        while data and not self._closing.is_set():
            count = self._pty.write(data)
            data = data[count:]
            if count:
                last_s = time.monotonic()
            elif time.monotonic() - last_s > PATIENCE_S:
                raise OutputError(f"{self.path}: the host reads nothing any more", Reason.SILENT)
            else:
                self._pty.wait_writable(NAP_S)
        return not data

    def _drain(self) -> None:
        """Give the host time to read what is written, as long as it does."""
        last_s, before, settled = time.monotonic(), -1, 0
        while settled < SETTLED and time.monotonic() - last_s < LINGER_S and not self._closing.is_set():
            self._listen(SETTLE_S)
            self._rest = self._rest[self._pty.write(self._rest) :] if self._rest else b""
            unread = self._pty.unread() + len(self._rest)
            settled = 0 if unread else settled + 1
            if unread != before:
                last_s, before = time.monotonic(), unread
