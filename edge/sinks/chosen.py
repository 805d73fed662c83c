"""The sinks that the settings ask for; only their own libraries are imported."""

from __future__ import annotations

import contextlib

from edge.config import RunSettings
from edge.sinks.base import Sink
from edge.sinks.state import ViewState


def chosen_sinks(s: RunSettings, state: ViewState) -> list[Sink]:
    """What the settings ask for, in order. A sink that cannot be opened closes those before it."""
    made: list[Sink] = []
    with contextlib.ExitStack() as undo:
        if s.events:
            from edge.sinks.jsonl import Jsonl

            made.append(Jsonl(s.events))
            undo.callback(made[-1].close, {})
        if s.summary:
            from edge.sinks.jsonl import SummaryFile

            made.append(SummaryFile(s.summary))
        if s.record:
            from edge.sinks.recorder import Recorder

            made.append(Recorder(s.record, s.raw))
        if alerts_in := s.alert_dir or s.record:
            from edge.sinks.alert_log import AlertLog
            from edge.sinks.strips import Strips

            made += [AlertLog(alerts_in), Strips(alerts_in)]
        if s.view != "none" and s.events != "-":
            from edge.sinks.view import View

            made.append(View(s.view, state))
        undo.pop_all()
    return made
