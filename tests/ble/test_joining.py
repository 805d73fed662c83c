from __future__ import annotations

import numpy as np

from edge.sources.items import Upto
from edge.sources.joining import MOST, joined
from edge.timeline import Chunk


def chunk(index, samples=4, clock_us=0, came_ns=0):
    mv = np.arange(index, index + samples, dtype=np.float32)[:, None]
    return Chunk(index, mv, clock_us, came_ns)


def spans(items):
    return [(i.index, len(i.mv)) if isinstance(i, Chunk) else i for i in joined(items)]


def test_what_follows_is_one_and_keeps_the_first_clock_and_the_last_arrival():
    (one,) = joined([chunk(0, clock_us=10, came_ns=1), chunk(4, clock_us=20, came_ns=2), chunk(8, 1, 30, 3)])
    assert (one.index, one.clock_us, one.came_ns) == (0, 10, 3)
    np.testing.assert_array_equal(one.mv[:, 0], np.arange(9))


def test_a_hole_a_repetition_and_a_word_between_keep_chunks_apart():
    assert spans([chunk(0), chunk(8), chunk(8), Upto(12), chunk(12), chunk(16)]) == [
        (0, 4),
        (8, 4),
        (8, 4),
        Upto(12),
        (12, 8),
    ]


def test_samples_that_came_again_do_not_lend_their_time_to_live_ones():
    assert spans([chunk(0), chunk(4, came_ns=None), chunk(8, came_ns=None)]) == [(0, 4), (4, 8)]


def test_a_burst_does_not_become_one_piece():
    sizes = [len(item.mv) for item in joined(chunk(k, 16) for k in range(0, 1600, 16))]
    assert sizes == [MOST] * 25


def test_nothing_comes_of_nothing():
    assert spans([]) == []
