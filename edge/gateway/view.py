"""The patches in the terminal: a line each, that stands; or lines for a log."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TextIO

from edge.events import Event
from edge.gateway.patch import Patch, Phase, Watch
from edge.gateway.rest import FIRST_S
from edge.sinks.glyphs import printable
from edge.sinks.terminal import takes_more, terminal_size
from edge.sinks.words import alert_words, clock, latency_words, lost_words

REDRAW_S = 1.0
LINE_S = 60.0  # between two lines of each patch in a log
NAME_CELLS = 12
TOLD = (Phase.LIVE, Phase.RESTING, Phase.DONE, Phase.REFUSED, Phase.STOPPED)
NOTES = 3  # last ones, below the patches


class GatewayView(Watch):
    """`live` redraws in place; else what changes is a line, and how all stand once a minute."""

    def __init__(self, *, live: bool | None = None, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        tty = self._stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._live = tty if live is None else live
        self._patches: dict[str, Patch] = {}
        self._reasons: dict[str, str] = {}  # why each patch last rested
        self._notes: list[str] = []
        self._drawn = 0  # lines that stand
        self._due_s = time.monotonic() + (0.0 if self._live else LINE_S)

    def say(self, text: str) -> None:
        if self._live:
            self._notes = [*self._notes, text][-NOTES:]
            self._due_s = 0.0
        else:
            self._write(f"{printable(text)}\n")

    def phase(self, patch: Patch) -> None:
        self._patches[patch.name] = patch
        if patch.phase is Phase.STOPPED:
            self._patches.pop(patch.name)
        if patch.phase in TOLD and self._is_new(patch):
            again = f"; again in {patch.rest_s:g} s" if patch.phase is Phase.RESTING else ""
            self.say(f"{patch.name}: {patch.phase.value}" + (f", {patch.reason}" if patch.reason else "") + again)

    def _is_new(self, patch: Patch) -> bool:
        """What fails again and again for the same reason is told once, until it has lived well between."""
        again, before = patch.rest_s > FIRST_S, self._reasons.get(patch.name, "")
        if patch.phase is Phase.RESTING:
            self._reasons[patch.name] = patch.reason
            return not again or patch.reason != before
        return patch.phase is not Phase.LIVE or not again

    def event(self, patch: Patch, event: Event) -> None:
        if event["type"] in ("alert", "technical") and event["state"] != "acknowledged":
            what = event["kind"].replace("_", " ")
            words = f"ALERT {what} ({event['priority']})" if event["state"] == "on" else f"{what} over"
            self.say(f"{patch.name}: {clock(event['t'])}  {words}")
        elif event["type"] in ("link", "output"):
            self.say(f"{patch.name}: {event['text']}")

    def view(self, patch: Patch) -> None:
        now_s = time.monotonic()
        if now_s < self._due_s:
            return
        self._due_s = now_s + (REDRAW_S if self._live else LINE_S)
        lines = [printable(line(one)) for one in self._patches.values()]
        self._draw(lines) if self._live else self._write("".join(f"{one}\n" for one in lines))

    def _draw(self, lines: list[str]) -> None:
        columns, rows = terminal_size(self._stream)
        shown = [*lines, *map(printable, self._notes)][: rows - 1]
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        self._write(up + "".join(f"\r\x1b[K{one[: columns - 1]}\n" for one in shown) + "\x1b[J")
        self._drawn = len(shown)

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # a terminal that went away ends nothing
            if takes_more(self._stream):
                self._stream.write(text)
                self._stream.flush()


def line(patch: Patch) -> str:
    """Everything about one patch in one line."""
    state = patch.state
    facts = [f"{patch.name:{NAME_CELLS}}", f"{patch.phase.value:8}"]
    if patch.reason:
        return "  ".join([*facts, patch.reason])
    if patch.phase is not Phase.LIVE:
        return "  ".join([*facts, state.source])
    rate = " --" if state.heart_rate_bpm is None else f"{state.heart_rate_bpm:3.0f}"
    facts += [clock(state.elapsed_s), f"{rate} /min", f"{state.rhythm:8}", lost_words(state), latency_words(state)]
    if state.battery_percent is not None:
        facts.append(f"battery {state.battery_percent:.0f} %")
    if state.reconnecting:
        facts.append("reconnecting")
    if patch.restarts:
        facts.append(f"restarted {patch.restarts} x")
    facts += [alert_words(alert, state.elapsed_s) for alert in sorted(state.alerts, key=lambda a: a.rank)]
    return "  ".join(facts)
