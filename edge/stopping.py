"""The signals that ask a program for something: most of all to end in good order."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
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


@contextlib.contextmanager
def handled(
    actions: Mapping[signal.Signals, Callable[[], object]], at_once: Callable[[], object] | None = None
) -> Iterator[None]:
    """In an event loop each of these signals calls its action; what follows is not disturbed by another one.

    at_once: done when a signal to stop comes, though the loop is in the midst of something: it may do no more than note
    it. The action follows when the loop goes on.
    """
    import asyncio

    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in actions}
    for number, action in actions.items():
        loop.add_signal_handler(number, action)
        if at_once is not None and number in stop_signals():
            signal.signal(number, lambda *_: at_once())  # the loop learns of it by its own way, a file descriptor
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)


@contextlib.contextmanager
def ignored(number: signal.Signals) -> Iterator[None]:
    """A signal that means nothing yet, or nothing any more, does not end the program."""
    if threading.current_thread() is not threading.main_thread():  # Python takes signals nowhere else
        yield
        return
    before = signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(number, before)
