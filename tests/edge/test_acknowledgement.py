"""Who has seen an alert says so with the patch's button, or from outside with a signal."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np

from benchmarks.silent import Silent
from edge import runner
from edge.alerts import AlertSettings
from edge.bundle import open_bundle
from edge.config import RunSettings
from edge.leads import LEAD
from edge.montage import Montage
from edge.sinks.state import ViewState
from edge.sources.items import Button, Described, Item
from edge.stopping import ignored
from edge.synthetic import synthesise
from edge.timeline import Chunk

SENT = ("II", "V1", "V5")
RATE = 500


class Fed:
    """Source: an asystole from 20 to 35 s, and at some second whatever `press` makes."""

    def __init__(self, at_s: int, press: Callable[[], Item | None]) -> None:
        self._at_s, self._press = at_s, press
        heart = synthesise("asystole", 45.0, float(RATE), seed=3, noise_uv=10)
        self._mv = heart.mv[:, [LEAD[lead] for lead in SENT]].astype(np.float32)

    async def items(self) -> AsyncIterator[Item]:
        yield Described("a patch", Montage.of_leads(SENT), float(RATE), "a test")
        for second in range(45):
            yield Chunk(second * RATE, self._mv[second * RATE : (second + 1) * RATE])
            if second == self._at_s and (item := self._press()) is not None:
                yield item
            await asyncio.sleep(0)

    async def close(self) -> None:
        pass


class Kept:
    """Sink: the events, and what the view showed of the alerts when each came."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def event(self, event: dict[str, Any]) -> None:
        self.events.append(event)

    def start(self, info: object) -> None: ...

    raw = twelve = close = start


def run(source: Fed, **alerts: Any) -> tuple[list[dict[str, Any]], ViewState]:
    bundle, kept, state = open_bundle(), Kept(), ViewState()
    settings = RunSettings(alerts=AlertSettings(**alerts))
    asyncio.run(
        runner.Run(source, settings, bundle, bundle.choose(), Silent(bundle), [kept], state).go()  # type: ignore[list-item]
    )
    return kept.events, state


def states(events: list[dict[str, Any]]) -> list[str]:
    return [event["state"] for event in events if event["type"] == "alert"]


def test_the_patchs_button_acknowledges_what_is_on() -> None:
    events, state = run(Fed(28, lambda: Button(29 * RATE)))
    assert states(events) == ["on", "acknowledged", "off"]
    assert [event["type"] for event in events if event["type"] in ("button", "alert")][1:3] == ["button", "alert"]
    assert state.alerts == ()


def test_the_button_acknowledges_what_is_over_and_was_latched() -> None:
    events, state = run(Fed(42, lambda: Button(43 * RATE)))
    assert states(events) == ["on", "off", "acknowledged"]
    assert state.alerts == ()


def test_what_nobody_acknowledged_is_still_shown_at_the_end_as_over() -> None:
    events, state = run(Fed(99, lambda: None))
    assert states(events) == ["on", "off"]
    assert [(alert.kind, alert.priority) for alert in state.alerts] == [("asystole, over", "high")]


def test_where_nothing_latches_what_is_over_is_gone() -> None:
    _, state = run(Fed(99, lambda: None), latch_high=False)
    assert state.alerts == ()


def test_a_button_with_nothing_to_acknowledge_is_told_and_nothing_else() -> None:
    events, _ = run(Fed(5, lambda: Button(6 * RATE)))
    assert states(events) == ["on", "off"]
    assert [event["type"] for event in events].count("button") == 1


def test_usr1_does_what_the_button_does() -> None:
    events, _ = run(Fed(28, lambda: os.kill(os.getpid(), signal.SIGUSR1)))
    assert states(events) == ["on", "acknowledged", "off"]


def test_usr1_before_and_after_a_run_ends_nothing() -> None:
    before = signal.getsignal(signal.SIGUSR1)
    with ignored(signal.SIGUSR1):
        os.kill(os.getpid(), signal.SIGUSR1)
        run(Fed(99, lambda: None))
        os.kill(os.getpid(), signal.SIGUSR1)
    assert signal.getsignal(signal.SIGUSR1) == before


def test_an_alert_is_counted_once_whatever_becomes_of_it() -> None:
    events, _ = run(Fed(28, lambda: Button(29 * RATE)))
    assert events[-1]["alerts"] == {"asystole": 1}
    assert events[-1]["suppressed"] == {}
