"""A run seen by a page, from the run's first sample to what a browser is sent."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from pages import SECONDS, Served, blocks, frames, until, wait_for

from benchmarks.silent import Silent
from edge import runner
from edge.blocks import TwelveLeads
from edge.bundle import open_bundle
from edge.config import RunSettings
from edge.leads import LEAD, LEADS
from edge.montage import Montage
from edge.sinks.state import ViewState
from edge.sources.items import Described, Item
from edge.synthetic import synthesise
from edge.timeline import Chunk
from edge.web.page import Page

SENT = ("II", "V1", "V5")
RATE = 500


class Fed:
    """Source: an asystole from 20 to 35 s; it waits at 28 s until it may go on, and at 45 s until it may end."""

    def __init__(self) -> None:
        heart = synthesise("asystole", 45.0, float(RATE), seed=3, noise_uv=10)
        self._mv = heart.mv[:, [LEAD[lead] for lead in SENT]].astype(np.float32)
        self.at_28_s, self.go_on, self.at_its_end, self.end = (threading.Event() for _ in range(4))

    async def items(self) -> AsyncIterator[Item]:
        yield Described("<b>bed</b> 7", Montage.of_leads(SENT), float(RATE), "a test")
        for second in range(45):
            yield Chunk(second * RATE, self._mv[second * RATE : (second + 1) * RATE])
            await asyncio.sleep(0)
            if second == 28:
                self.at_28_s.set()
                while not self.go_on.is_set():
                    await asyncio.sleep(0.01)
        self.at_its_end.set()
        while not self.end.is_set():
            await asyncio.sleep(0.01)

    async def close(self) -> None:
        pass


class Kept:
    """Sink: all that the page was told too."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.blocks: list[TwelveLeads] = []

    def start(self, info: object) -> None: ...

    def event(self, event: dict[str, Any]) -> None:
        self.events.append(event)

    def twelve(self, block: TwelveLeads) -> None:
        self.blocks.append(block)

    raw = close = start


class Running(Served):
    """A run with its page; somebody looks at it from another thread, for signals come to the first."""

    def __init__(self) -> None:
        bundle, self.kept, self.source = open_bundle(), Kept(), Fed()
        s = RunSettings(port="/dev/none", serve="127.0.0.1:0")
        super().__init__(Page(s, state := ViewState()), state)
        sinks: list[Any] = [self.kept, *self.page.sinks]
        parts: tuple[Any, ...] = (self.source, s, bundle, bundle.choose(), Silent(bundle), sinks, state)
        self._parts, self.may_begin = parts, threading.Event()

    def go(self) -> None:
        assert self.may_begin.wait(SECONDS)
        asyncio.run(runner.Run(*self._parts).go())

    def end(self) -> None:
        for event in (self.may_begin, self.source.go_on, self.source.end):
            event.set()


@pytest.fixture(scope="module")
def run() -> Iterator[dict[str, Any]]:
    """One run, seen by a page from before its start to its end; what each step of it showed."""
    running = Running()
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as other:
        patch.setattr(
            "edge.web.client.MOST_SIGNAL", 10_000_000
        )  # nobody is skipped anything, on however slow a machine
        patch.setattr("edge.web.client.MOST_MINOR", 10_000)
        seeing = other.submit(look_on, running)
        try:
            running.go()
        finally:
            running.page.close()
        yield seeing.result(SECONDS) | {"kept": running.kept}


def look_on(running: Running) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    try:
        with running.socket() as line:
            seen["waiting"] = until(line, lambda name, told: name == "state")
            running.may_begin.set()
            seen["first"] = until(line, lambda name, told: name == "event" and told.get("state") == "on")
            assert running.source.at_28_s.wait(SECONDS)
            asystole = seen["first"][-1][1]["id"]
            wait_for(lambda: [a["id"] for a in running.ask("GET", "/api/run").told["state"]["alerts"]] == [asystole])
            seen["run"], seen["alerts"] = (running.ask("GET", path).told for path in ("/api/run", "/api/alerts"))
            seen["answer"] = running.ask("POST", f"/api/alerts/{asystole}/acknowledge", "{}")
            seen["then"] = until(line, lambda name, told: name == "event" and told.get("state") == "acknowledged")
            seen["shown"] = until(line, lambda name, told: name == "state" and bool(told["alerts"]))
            running.source.go_on.set()
            assert running.source.at_its_end.wait(SECONDS)
            seen["strip"] = running.ask("GET", f"/api/alerts/{asystole}/strip")
            with running.socket(f"/ws?run={seen['run']['hello']['run']}&after=20000") as again:
                seen["again"] = until(again, lambda name, told: name == "state")
            running.end()
            seen["last"] = until(line, lambda name, told: name == "over")
        return seen
    finally:
        running.end()


def everything(run: dict[str, Any]) -> list[tuple[str, Any]]:
    return [*run["waiting"], *run["first"], *run["then"], *run["shown"], *run["last"]]


def test_a_page_that_is_early_waits_and_is_told_who_sends_when_that_is_known(run):
    hellos = [told for name, told in everything(run) if name == "hello"]
    assert [hello["phase"] for hello in hellos] == ["waiting", "live", "over"]
    assert (hellos[0]["device"], hellos[0]["kind"], hellos[0]["montage"]) == ("", "port", [])
    assert (hellos[1]["device"], hellos[1]["montage"], hellos[1]["rate"]) == ("<b>bed</b> 7", [*SENT], 500)
    assert len({hello["run"] for hello in hellos}) == 1
    assert set(hellos[0]) == set(hellos[1])


def test_every_sample_of_the_twelve_leads_comes_once_in_its_place(run):
    told = blocks(everything(run))
    assert [start for start, _ in told] == list(np.cumsum([0, *(len(uv) for _, uv in told)]))[:-1]
    shown, kept = np.concatenate([uv for _, uv in told]), np.concatenate([b.mv for b in run["kept"].blocks])
    assert len(shown) == len(kept) == 45 * RATE
    here = np.isfinite(kept)
    np.testing.assert_array_equal(shown[here], np.rint(1000 * kept[here]))
    assert (shown[~here] == -32768).all()


def test_the_events_are_those_that_every_sink_is_told(run):
    kept = [event for event in run["kept"].events if event["type"] not in ("summary", "health")]
    told = [told for name, told in everything(run) if name == "event" and told["type"] not in ("summary", "health")]
    assert told == json.loads(json.dumps(kept))


def test_an_alert_is_acknowledged_by_its_id_and_the_run_says_so_to_all(run):
    assert run["answer"].status == 202
    states = [event["state"] for event in run["kept"].events if event["type"] == "alert"]
    assert states == ["on", "acknowledged", "off"]
    assert run["shown"][-1][1]["alerts"][0]["state"] == "acknowledged"


def test_what_is_asked_by_http_is_what_the_socket_says(run):
    state = run["run"]["state"]
    assert state["alerts"][0]["kind"] == "asystole"
    assert run["run"]["hello"]["montage"] == [*SENT]
    assert run["alerts"]["active"] == [told for name, told in run["first"] if name == "event"][-1:]
    assert [one["type"] for one in run["alerts"]["log"]] == ["alert"]


def test_an_alerts_strip_is_the_signal_around_it(run):
    assert run["strip"].headers["content-type"] == "application/octet-stream"
    told = blocks(frames(run["strip"].body))
    alert = next(event for event in run["kept"].events if event["type"] == "alert")
    assert told[0][0] <= alert["onset"] - 10 * RATE < told[0][0] + len(told[0][1])
    last = told[-1][0] + len(told[-1][1])
    assert last - RATE < alert["sample"] + 10 * RATE <= last
    kept = np.concatenate([b.mv for b in run["kept"].blocks])[told[0][0] : last, LEADS.index("V5")]
    np.testing.assert_array_equal(np.concatenate([uv for _, uv in told])[:, LEADS.index("V5")], np.rint(1000 * kept))


def test_a_page_that_comes_back_gets_what_it_lacks_and_the_alerts_in_force(run):
    told = run["again"]
    assert blocks(told)[0][0] <= 20_000 < blocks(told)[0][0] + len(blocks(told)[0][1])
    assert blocks(told)[0][0] > 19_000
    assert {told["type"] for name, told in told if name == "event"} >= {"start", "rhythm", "beat"}


def test_the_end_is_told_before_the_socket_closes(run):
    assert run["last"][-1][1] == {"how": "ended", "text": "the run is over", "staying": False}
    assert [told["type"] for name, told in run["last"] if name == "event"][-1] == "summary"
