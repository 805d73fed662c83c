"""A pseudo-terminal: for a host, a serial port like any other, that can be pulled out and put back."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import struct
import termios
import time
import tty
from pathlib import Path

from edge.errors import OutputError, Reason

READ_BYTES = 4096  # a pseudo-terminal hands over no more at once


class Pty:
    """The device's side of a serial port. `path` is what a host opens: the symbolic link `link`, or the pty itself.

    Nothing blocks but `read` and `wait_writable`, for as long as they are told. The host's side is held open here
    too, so that a host may come and go; only `pull_out` hangs up on it. Errors: OutputError from `plug_in`.
    """

    def __init__(self, link: Path | None = None) -> None:
        self._link = link
        self._ours: int | None = None
        self._hosts: int | None = None
        self._name = ""

    @property
    def plugged_in(self) -> bool:
        return self._ours is not None

    @property
    def path(self) -> str:
        return str(self._link) if self._link is not None else self._name

    def plug_in(self) -> None:
        """A new pty, under the same link."""
        try:
            self._ours, self._hosts = os.openpty()
        except OSError as error:
            raise OutputError(f"no pseudo-terminal to be had ({error.strerror}): close some", Reason.BUSY) from None
        tty.setraw(self._hosts)
        os.set_blocking(self._ours, False)
        self._name = os.ttyname(self._hosts)
        try:
            if self._link is not None:
                _point(self._link, self._name)
        except OutputError:
            self._hang_up()
            raise

    def pull_out(self) -> None:
        """Hang up on the host and take the link away."""
        if self._link is not None and self.plugged_in:
            with contextlib.suppress(OSError):
                if str(self._link.readlink()) == self._name:
                    self._link.unlink()
        self._hang_up()

    def read(self, timeout_s: float) -> bytes:
        """What the host has written, waiting for it at most `timeout_s`."""
        if self._ours is None:
            time.sleep(timeout_s)
            return b""
        if not select.select([self._ours], [], [], timeout_s)[0]:
            return b""
        return os.read(self._ours, READ_BYTES)

    def write(self, data: bytes) -> int:
        """How many bytes of `data` the kernel's buffer had room for."""
        if self._ours is None:
            return 0
        try:
            return os.write(self._ours, data)
        except BlockingIOError:
            return 0

    def wait_writable(self, timeout_s: float) -> None:
        if self._ours is not None:
            select.select([], [self._ours], [], timeout_s)

    def unread(self) -> int:
        """Bytes that wait for the host, as far as the kernel tells: a moment of 0 may be followed by more."""
        if self._hosts is None:
            return 0
        (count,) = struct.unpack("i", fcntl.ioctl(self._hosts, termios.FIONREAD, struct.pack("i", 0)))
        return int(count)

    def _hang_up(self) -> None:
        for descriptor in (self._ours, self._hosts):
            if descriptor is not None:
                os.close(descriptor)
        self._ours = self._hosts = None


def _point(link: Path, name: str) -> None:
    """Makes `link` a symbolic link to `name`; one that leads nowhere is replaced, anything else is left alone."""
    try:
        if link.is_symlink() and (not link.exists() or str(link.readlink()) == name):
            link.unlink()  # left behind by one that was killed; the kernel gives its pty's name away again
        link.symlink_to(name)
    except FileExistsError:
        leads = f" and leads to {link.readlink()}" if link.is_symlink() else ""
        raise OutputError(f"{link} exists{leads}: remove it, or choose another path", Reason.BUSY) from None
    except OSError as error:
        raise OutputError(f"cannot make the link {link}: {error.strerror}", Reason.UNWRITABLE) from None
