from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from a_run import info, signal_mv, twelve
from fake_sink import Remembers

from edge.blocks import Block
from edge.errors import OutputError
from edge.sinks.queued import Queued


def raw(start: int) -> Block:
    return Block(start, 500.0, ("II",), np.full((10, 1), start, np.float32), np.ones((10, 1), bool))


def event(kind: str, sample: int = 0) -> dict[str, object]:
    return {"type": kind, "sample": sample}


def until(condition: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.005)


def test_all_is_handed_on_in_order_and_none_is_missing_at_the_end():
    sink = Remembers()
    queued = Queued(sink, "rec")
    queued.start(info())
    queued.event(event("start"))
    for k in range(200):
        queued.raw(raw(10 * k))
        queued.event(event("beat", k))
    queued.twelve(twelve(signal_mv(0.1), 0))
    queued.close({})
    expected = [what for k in range(200) for what in (("raw", 10 * k), ("beat", k))]
    assert sink.told == ["start", ("start", 0), *expected, ("twelve", 0)]
    assert (sink.closed, queued.left_out) == (1, 0)


def test_a_sink_that_stands_still_holds_nobody_up_and_loses_no_alert():
    sink = Remembers()
    queued = Queued(sink, "rec", most=20)
    queued.start(info())
    sink.may_go_on.clear()
    began_s = time.monotonic()
    for k in range(1000):
        queued.raw(raw(10 * k))
        if k % 100 == 0:
            queued.event(event("alert", k))
    assert time.monotonic() - began_s < 1.0
    assert [news.up for news in queued.take_news()] == [False]
    sink.may_go_on.set()
    until(lambda: any(news.up for news in queued.take_news()))
    queued.close({})
    assert [what for what in sink.told if what[0] == "alert"] == [("alert", 100 * k) for k in range(10)]
    blocks = [what for what in sink.told if what[0] == "raw"]
    assert 15 <= len(blocks) <= 21
    assert queued.left_out == 1000 - len(blocks)


def test_an_error_comes_with_the_call_after_and_it_goes_on_when_the_sink_does():
    sink = Remembers()
    queued = Queued(sink, "rec")
    queued.start(info())
    sink.broken = True
    queued.raw(raw(0))
    until(lambda: queued._error is not None)
    with pytest.raises(OutputError, match="no space left"):
        queued.raw(raw(10))
    sink.broken = False
    queued.raw(raw(20))
    queued.close({})
    assert sink.told == ["start", ("raw", 20)]


def test_what_fails_at_the_start_fails_at_once():
    sink = Remembers(broken=True)
    queued = Queued(sink, "rec")
    with pytest.raises(OutputError):
        queued.start(info())
    queued.close({})
    started = Queued(sink, "rec")
    sink.broken = False
    started.start(info())
    sink.broken = True
    with pytest.raises(OutputError):
        started.event(event("start"))
    started.close({})


def test_what_fails_last_is_told_at_the_end():
    sink = Remembers()
    queued = Queued(sink, "rec")
    queued.start(info())
    sink.broken = True
    queued.raw(raw(0))
    with pytest.raises(OutputError):
        queued.close({})
    assert sink.closed == 1


def test_samples_are_as_they_were_when_they_were_told():
    kept: list[Block] = []
    sink = Remembers()
    sink.raw = kept.append  # type: ignore[method-assign]
    queued = Queued(sink, "rec")
    queued.start(info())
    block = raw(7)
    queued.raw(block)
    block.mv[:] = 0
    queued.close({})
    assert (kept[0].mv == 7).all()
