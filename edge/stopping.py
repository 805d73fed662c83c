"""The signals that ask a program to end in good order."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


def stop_signals() -> tuple[signal.Signals, ...]:
    """Ctrl-C, SIGTERM, and the terminal's hang-up unless nohup took care of that."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return signal.SIGINT, signal.SIGTERM
    return signal.SIGINT, signal.SIGTERM, signal.SIGHUP


@contextlib.contextmanager
def stopped_after() -> Iterator[None]:
    """A stop that is asked for within comes at the end: an engine's import makes an ImportError of it."""
    asked: list[int] = []

    def remember(number: int, at: FrameType | None) -> None:
        asked.append(number)

    before = {}
    if threading.current_thread() is threading.main_thread():  # Python takes signals nowhere else
        before = {number: signal.signal(number, remember) for number in stop_signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if asked:
            raise KeyboardInterrupt
