from collections import Counter

import numpy as np
import pytest
from benches import Hands, Slow, variant

from edge.bench.turns import WARM_UP, Candidate, Clocks, take_turns, timing

WINDOWS = [np.full((24, 100), k, np.float32) for k in range(4)]


def candidate(engine, name="litert-float32", threads=1):
    return Candidate(variant(name), threads, engine, load_ms=2.0, first_ms=3.0)


def timed_for(seconds, clock, *engines, tell=lambda text, share: None):
    candidates = [candidate(engine) for engine in engines]
    take_turns(candidates, WINDOWS, seconds, clocks=Clocks(clock, clock), tell=tell)
    return [timing(c) for c in candidates]


def test_percentiles_are_of_the_windows_after_the_warm_up():
    clock = Hands()
    (told,) = timed_for(1.0, clock, Slow("a", clock, *[5.0] * 4, *[0.01] * 90, *[0.02] * 10))
    assert WARM_UP >= 4
    assert told.p50_ms == pytest.approx(10)
    assert told.p99_ms == told.worst_ms == pytest.approx(20)


def test_the_share_of_a_core_is_the_processors_time_of_a_window_over_the_hop_of_a_second():
    clock = Hands()
    (told,) = timed_for(1.0, clock, Slow("a", clock, 0.02))
    assert told.core_percent == pytest.approx(2.0)
    assert told.windows_per_s == pytest.approx(50)


def test_more_threads_can_take_more_of_a_core_than_time_passes():
    clock, processor = Hands(), Hands()

    class Threaded(Slow):
        def infer(self, x):
            processor.s += 0.03
            return super().infer(x)

    c = candidate(Threaded("a", clock, 0.01))
    take_turns([c], WINDOWS, 0.5, clocks=Clocks(clock, processor))
    assert timing(c).core_percent == pytest.approx(3.0)
    assert timing(c).p50_ms == pytest.approx(10)


def test_in_each_turn_every_candidate_has_the_same_window_once():
    clock, seen = Hands(), []
    engines = [Slow(name, clock, 0.01, seen=seen) for name in "abc"]
    told = timed_for(1.0, clock, *engines)
    assert len({t.windows for t in told}) == 1
    turns = [seen[k : k + 3] for k in range(3 * len(WINDOWS), len(seen), 3)]  # the warm-up goes window by window
    for k, turn in enumerate(turns):
        assert sorted(name for name, _ in turn) == ["a", "b", "c"]
        assert {window for _, window in turn} == {k % len(WINDOWS)}


def test_the_order_changes_from_turn_to_turn_so_that_nobody_always_follows_the_same_one():
    clock, seen = Hands(), []
    timed_for(3.0, clock, *[Slow(name, clock, 0.01, seen=seen) for name in "ab"])
    turns = Counter(seen[k][0] for k in range(2 * len(WINDOWS), len(seen), 2))
    assert min(turns["a"], turns["b"]) > 10


def test_each_has_one_window_at_least_however_slow_it_is():
    clock = Hands()
    told = timed_for(0.001, clock, Slow("a", clock, 7.0), Slow("b", clock, 9.0))
    assert [t.windows for t in told] == [1, 1]
    assert told[1].p95_ms == pytest.approx(9000)


def test_figures_so_far_are_kept_when_it_is_stopped():
    clock = Hands()

    class Stopped(Slow):
        def infer(self, x):
            if len(self.seen) == 30:
                raise KeyboardInterrupt
            return super().infer(x)

    c = candidate(Stopped("a", clock, 0.01))
    with pytest.raises(KeyboardInterrupt):
        take_turns([c], WINDOWS, 100.0, clocks=Clocks(clock, clock))
    assert timing(c).windows == 30 - len(WINDOWS)
    assert timing(c).p50_ms == pytest.approx(10)


def test_a_candidate_without_a_turn_has_no_figures_and_still_its_loading():
    told = timing(candidate(Slow("a", Hands(), 1.0), "onnx-int8", 2))
    assert (told.variant, told.threads, told.load_ms, told.first_ms, told.windows) == ("onnx-int8", 2, 2.0, 3.0, 0)
    assert told.p50_ms is None
    assert told.core_percent is None


def test_it_tells_how_far_it_is_and_comes_to_the_end():
    clock, told = Hands(), []
    timed_for(1.0, clock, Slow("a", clock, 0.1), tell=lambda text, share: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1.0
