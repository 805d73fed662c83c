"""Being asked to stop, in the middle of a step that must be finished first."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any

from edge.stopping import stop_signals


class Interrupt:
    """While entered, Ctrl-C, SIGTERM and a hang-up set `asked`; the second time they interrupt at once."""

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():  # Python takes signals nowhere else
            for number in stop_signals():
                self._before[number] = signal.signal(number, self._take)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _take(self, number: int, at: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        print("\nstopping after this step (once more: at once, from the last state)", file=sys.stderr, flush=True)
