from __future__ import annotations

from itertools import pairwise

import pytest
from a_run import info
from fake_sink import Remembers

from edge.errors import Reason
from edge.sinks.several import PROVEN_S, REST_S, Several


class Clock:
    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def running(clock: Clock, *sinks: Remembers) -> Several:
    several = Several(sinks, clock)
    several.start(info())
    several.began()
    return several


def tick(several: Several, sample: int) -> None:
    several.event({"type": "beat", "sample": sample})


def test_one_that_fails_is_told_once_rests_and_the_others_miss_nothing(clock):
    good, bad = Remembers(), Remembers()
    several = running(clock, good, bad)
    bad.broken = True
    for sample in range(5):
        tick(several, sample)
    assert [news.up for news in several.take_news()] == [False]
    assert len(good.told) == 6
    assert several.failure is not None
    assert not several.over


def test_it_is_tried_again_and_told_once_it_works(clock):
    sink = Remembers()
    several = running(clock, sink)
    sink.broken = True
    tick(several, 1)
    sink.broken = False
    tick(several, 2)
    assert ("beat", 2) not in sink.told, "it rests"
    clock.s += REST_S[0]
    tick(several, 3)
    assert ("beat", 3) in sink.told
    assert len(several.take_news()) == 1, "it may have written nothing yet"
    clock.s += PROVEN_S
    tick(several, 4)
    (news,) = several.take_news()
    assert news.up
    assert several.failure is None


def test_one_that_goes_on_failing_rests_longer_each_time_and_is_told_once(clock):
    sink = Remembers()
    several = running(clock, sink)
    sink.broken, tries = True, []
    original = sink._take
    sink._take = lambda what: (tries.append(clock.s), original(what))  # type: ignore[method-assign, func-returns-value]
    for step in range(600):
        tick(several, step)
        clock.s += 1
    waits = [b - a for a, b in pairwise(tries)]
    assert waits[:4] == [5, 10, 20, 40]
    assert set(waits[4:]) == {REST_S[1]}
    assert len(several.take_news()) == 1


def test_what_fails_at_the_start_ends_the_run(clock):
    several = Several([Remembers(broken=True), Remembers()], clock)
    several.start(info())
    assert several.over


def test_a_reader_that_went_away_ends_the_run(clock):
    sink = Remembers(reason=Reason.GONE)
    several = running(clock, sink)
    sink.broken = True
    tick(several, 1)
    assert several.over


def test_all_are_closed_and_one_that_still_fails_is_a_failure(clock):
    bad, good = Remembers(), Remembers()
    several = running(clock, bad, good)
    bad.broken = True
    tick(several, 1)
    several.close({})
    assert (bad.closed, good.closed) == (1, 1)
    assert several.failure is not None
