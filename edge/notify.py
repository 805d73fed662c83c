"""Tells systemd how the service is: started, alive, stopping. Nothing where systemd does not ask.

The protocol is sd_notify(3)'s: a datagram to the socket that NOTIFY_SOCKET names.
"""

from __future__ import annotations

import os
import socket

ABSTRACT = "@"  # in NOTIFY_SOCKET, for the zero byte that begins an abstract name


def ready() -> None:
    """The source is open, and what it measures is known."""
    _tell("READY=1")


def alive() -> None:
    """For the watchdog (WatchdogSec): to be told well within it, and only while there is progress."""
    _tell("WATCHDOG=1")


def stopping() -> None:
    _tell("STOPPING=1")


def _tell(state: str) -> None:
    """Never raises, never waits: a run does not fail, or pause, for want of somebody to tell."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", ABSTRACT)):
        return
    if address.startswith(ABSTRACT):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to:
            to.setblocking(False)
            to.sendto(state.encode(), address)
    except (OSError, ValueError):  # ValueError: a name that is none
        pass
