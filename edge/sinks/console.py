"""What a person sees of a run: a live screen, a progress line, or lines for a log."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self, TextIO

from edge.blocks import TwelveLeads
from edge.config import VIEWS
from edge.errors import UsageError
from edge.sinks.glyphs import Glyphs, glyphs_for, printable
from edge.sinks.layout import Painter
from edge.sinks.state import ActiveAlert, ViewState
from edge.sinks.table import LeadScore, summary_table
from edge.sinks.terminal import Terminal, takes_more, terminal_size
from edge.sinks.trace import Traces
from edge.sinks.words import alert_words, clock, status_line

__all__ = ["VIEWS", "ActiveAlert", "Console", "LeadScore", "ViewState", "summary_table"]

REDRAW_HZ = 4.0  # at most; the pen moves a cell or two, and a slow SSH line keeps up
SHARE = 0.02  # of one core's time, at most: a slow device redraws less often
STATUS_S = 5.0  # between two lines of the plain view
PROGRESS_HZ = 4.0
FAST = 8.0  # x real time: faster, and a moving trace tells nothing
NOTE_S = 6.0  # how long a note stands
KEPT_NOTES = 50  # repeated when the live screen closes
REFRESH_S = 10.0  # everything is written anew, in case something else wrote on the screen


class Console:
    """Sink: shows `state`, which its owner keeps up to date, and the twelve leads.

    Never raises for a terminal that went away, and never waits for one that does not read.
    """

    def __init__(
        self,
        view: str,
        state: ViewState,
        stream: TextIO | None = None,
        *,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self.state = state
        self._stream = sys.stdout if stream is None else stream
        self._clock = clock_s
        self.mode = _mode(view, state, self._stream)
        self._glyphs: Glyphs = glyphs_for(getattr(self._stream, "encoding", None))
        self._began = clock_s()
        self._next = self._began + (STATUS_S if self.mode == "plain" else 0.0)
        self._refresh = self._began + REFRESH_S
        self._notes: deque[str] = deque(maxlen=KEPT_NOTES)
        self._note_until = 0.0
        self._closed = self.mode == "none"
        self._width = 0  # of the progress line that stands
        self._untold = 0  # lines that the stream did not take
        self._traces = Traces()
        self._painter = Painter(self._glyphs)
        self._terminal: Terminal | None = None
        if self.mode == "live":
            with self._guard():
                self._terminal = Terminal(self._stream, colour=not os.environ.get("NO_COLOR"))
                atexit.register(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def twelve(self, block: TwelveLeads) -> None:
        """Takes a stretch of the twelve leads."""
        if self.mode == "live" and not self._closed:
            self._traces.add(block)

    def update(self) -> None:
        """Draws if it is time to; cheap enough to be called for every block."""
        now = self._clock()
        if self._closed or now < self._next:
            return
        with self._guard():
            if self.mode == "live":
                self._draw(now)
            elif self.mode == "progress":
                self._next = now + 1 / PROGRESS_HZ
                self._progress()
            else:
                self._next = now + STATUS_S
                self._say(status_line(self.state, self._times_real()))

    def alert(self, alert: ActiveAlert, *, on: bool = True) -> None:
        """Tells of an alert's onset or end at once; `state.alerts` is what stands."""
        words = alert_words(alert, self.state.elapsed_s) if on else f"{alert.kind.replace('_', ' ')} over"
        self._tell(f"{clock(alert.since_s if on else self.state.elapsed_s)}  {'ALERT ' if on else ''}{words}", on=on)

    def note(self, text: str) -> None:
        """Tells of something that happened once."""
        self._tell(text, on=True)

    def close(self) -> None:
        """Puts the terminal back and leaves the notes and the last status on it. Closing twice does no harm."""
        if self._closed:
            return
        with self._guard():
            if self._terminal is not None:
                atexit.unregister(self.close)
                self._terminal.close()
                for note in self._notes:
                    self._say(note)
            if self.mode == "progress":
                self._progress()
                self._say("")
            if self.state.elapsed_s > 0:
                self._say(status_line(self.state, self._times_real()))
        self._closed = True

    def _tell(self, text: str, *, on: bool) -> None:
        if self._closed:
            return
        self._notes.append(text)
        if self.mode == "live":
            self._note_until = self._clock() + NOTE_S if on else self._note_until
            return
        with self._guard():
            if self.mode == "progress" and self._width and takes_more(self._stream):
                self._stream.write("\r" + " " * self._width + "\r")
                self._width = 0
            self._say(text)

    def _draw(self, now: float) -> None:
        terminal = self._terminal
        if terminal is None or terminal.behind:
            return
        began = time.thread_time()
        if now >= self._refresh:
            terminal.forget()
            self._refresh = now + REFRESH_S
        note = self._notes[-1] if self._notes and now < self._note_until else ""
        terminal.show(self._painter.paint(*terminal.size(), self.state, self._traces, note))
        self._next = now + max(1 / REDRAW_HZ, (time.thread_time() - began) / SHARE)

    def _progress(self) -> None:
        if not takes_more(self._stream):
            return
        state = self.state
        columns = terminal_size(self._stream)[0] - 1
        share = min(1.0, state.elapsed_s / state.total_s) if state.total_s else 0.0
        rate = self._times_real()
        text = f" {100 * share:3.0f} %  {clock(state.elapsed_s)}" + (f"  {rate:.1f} x real time" if rate else "")
        bar = max(0, min(40, columns - len(text)))
        filled = round(share * bar)
        text = (self._glyphs.full * filled + self._glyphs.empty * (bar - filled) + text)[:columns]
        self._stream.write("\r" + text + " " * max(0, self._width - len(text)))
        self._stream.flush()
        self._width = len(text)

    def _times_real(self) -> float | None:
        """How many times faster than real time a replay runs; None for a live source."""
        took = self._clock() - self._began
        return self.state.elapsed_s / took if self.state.total_s and took > 0 else None

    def _say(self, line: str) -> None:
        if not takes_more(self._stream):
            self._untold += 1
            return
        if self._untold:
            line = f"({self._untold} lines not shown: nothing read them)  {line}"
            self._untold = 0
        encoding = getattr(self._stream, "encoding", None) or "utf-8"
        self._stream.write(printable(line).encode(encoding, "replace").decode(encoding) + "\n")
        self._stream.flush()

    @contextlib.contextmanager
    def _guard(self) -> Iterator[None]:
        """A terminal that went away ends the view, not the run."""
        try:
            yield
        except OSError:
            self._closed = True
        except ValueError:  # a closed stream says it this way
            if not self._stream.closed:
                raise
            self._closed = True


def _mode(view: str, state: ViewState, stream: TextIO) -> str:
    if view not in VIEWS:
        raise UsageError(f"no view {view!r}: choose one of {', '.join(VIEWS)}")
    terminal = stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    if view in ("plain", "none"):
        return view
    if not terminal:
        return "plain"
    return "progress" if view == "auto" and state.speed >= FAST else "live"
