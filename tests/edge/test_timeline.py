import tracemalloc

import numpy as np
import pytest
from however_cut import assert_same_however_cut, run
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.blocks import Block
from edge.timeline import BRIDGE_S, HELD_S, REORDER_S, Bridge, Cause, Chunk, Gap, Timeline

RATE = 500
LEADS = ("II", "V1")
WINDOW = round(REORDER_S * RATE)


def chunk(index, samples=10):
    """Samples that say which they are."""
    return Chunk(index, numbered(index, samples))


def numbered(index, samples):
    at = np.arange(index, index + samples, dtype=np.float32)
    return np.stack([at, -at], axis=1)


def placed(timeline, chunks):
    """What the timeline puts out, as one array of samples (NaN where lost); asserts that nothing overlaps or lacks."""
    blocks = [block for c in chunks for block in timeline.push(c)] + timeline.flush()
    at = 0
    for block in blocks:
        assert block.start == at
        assert np.array_equal(block.valid, np.isfinite(block.mv))
        at = block.end
    assert timeline.emitted == at
    return np.concatenate([b.mv for b in blocks]) if blocks else np.zeros((0, len(LEADS)))


def balanced(timeline):
    return timeline.emitted == timeline.received + sum(timeline.lost.values())


def test_chunks_in_order_go_straight_through():
    timeline = Timeline(LEADS, RATE)
    for k in range(5):
        assert [b.start for b in timeline.push(chunk(10 * k))] == [10 * k]
    assert (timeline.received, timeline.emitted, timeline.duplicates) == (50, 50, 0)
    assert timeline.flush() == []


def test_sample_zero_is_the_first_one_received():
    timeline = Timeline(LEADS, RATE)
    assert timeline.push(chunk(4_000_000))[0].start == 0
    assert timeline.origin == 4_000_000


def test_late_chunks_are_put_in_order():
    timeline = Timeline(LEADS, RATE)
    mv = placed(timeline, [chunk(0), chunk(30), chunk(20), chunk(40), chunk(10)])
    assert np.array_equal(mv, numbered(0, 50))
    assert not timeline.lost
    assert timeline.take_gaps() == []


def test_a_chunk_that_never_comes_is_given_up_once_more_than_the_reorder_window_has_come_after_it():
    timeline = Timeline(LEADS, RATE)
    timeline.push(chunk(0))
    assert timeline.push(chunk(20, WINDOW)) == []
    blocks = timeline.push(chunk(20 + WINDOW, 1))
    assert [(b.start, len(b.mv)) for b in blocks] == [(10, 10), (20, WINDOW), (20 + WINDOW, 1)]
    assert not blocks[0].valid.any()
    assert np.isnan(blocks[0].mv).all()
    assert timeline.take_gaps() == [Gap(10, 10, Cause.MISSING)]
    assert timeline.take_gaps() == [], "a gap is told once"
    assert balanced(timeline)


def test_what_comes_after_it_was_given_up_stays_lost():
    timeline = Timeline(LEADS, RATE)
    mv = placed(timeline, [chunk(0), chunk(20, 300), chunk(10)])
    assert np.isnan(mv[10:20]).all()
    assert (timeline.lost[Cause.MISSING], timeline.duplicates, timeline.received) == (10, 10, 310)


def test_a_hole_that_was_asked_for_is_waited_for_and_filled():
    timeline = Timeline(LEADS, RATE)
    timeline.push(chunk(0))
    timeline.await_again(10, 60)
    assert timeline.push(chunk(60, 5 * WINDOW)) == []
    assert [b.start for b in timeline.push(chunk(10, 20))] == [10]
    assert [b.start for b in timeline.push(chunk(30, 30))] == [30, 60]
    assert not timeline.lost
    assert balanced(timeline)


def test_a_hole_that_was_asked_for_in_vain_is_given_up_at_once_with_the_cause_of_the_whole():
    timeline = Timeline(LEADS, RATE)
    timeline.push(chunk(0))
    timeline.suspect(Cause.LINK)
    timeline.await_again(10, 60)
    timeline.push(chunk(60, 2 * WINDOW))
    timeline.push(chunk(10, 20))
    timeline.push(chunk(40, 20))
    blocks = timeline.forgo(10, 60)
    assert [(b.start, len(b.mv)) for b in blocks] == [(30, 10), (40, 20), (60, 2 * WINDOW)]
    assert timeline.take_gaps() == [Gap(30, 10, Cause.LINK)]
    assert timeline.push(chunk(30)) == [], "too late"
    assert timeline.duplicates == 10
    assert balanced(timeline)


def test_only_what_was_asked_for_is_waited_for():
    timeline = Timeline(LEADS, RATE)
    timeline.push(chunk(0))
    timeline.await_again(50, 100)
    blocks = timeline.push(chunk(100, 2 * WINDOW))
    assert [(b.start, len(b.mv)) for b in blocks] == [(10, 40)]
    assert [b.start for b in timeline.push(chunk(50, 50))] == [50, 100]
    assert timeline.lost == {Cause.MISSING: 40}


def test_a_hole_that_nobody_fills_or_forgoes_is_given_up_all_the_same():
    timeline = Timeline(LEADS, RATE)
    timeline.push(chunk(0))
    timeline.await_again(10, 60)
    longest = round(HELD_S * RATE)
    assert timeline.push(chunk(60, longest)) == []
    assert [len(b.mv) for b in timeline.push(chunk(60 + longest, 1))] == [50, longest, 1]


def test_a_new_count_waits_for_nothing_of_the_old_one():
    timeline = Timeline(LEADS, RATE)
    timeline.push(chunk(0))
    timeline.await_again(10, 60)
    timeline.push(chunk(60, 10))
    assert timeline.restart(0)[-1].end == 70
    timeline.push(chunk(0))
    assert timeline.push(chunk(20, WINDOW + 1))
    assert timeline.lost[Cause.MISSING] == 60


def test_what_comes_twice_counts_once():
    timeline = Timeline(LEADS, RATE)
    mv = placed(timeline, [chunk(0), chunk(0), chunk(20), chunk(20), chunk(10), chunk(5)])
    assert np.array_equal(mv, numbered(0, 30))
    assert (timeline.received, timeline.duplicates) == (30, 30)


@pytest.mark.parametrize("last", [chunk(5, 30), chunk(0, 60), chunk(12, 3)])
def test_overlapping_chunks_fill_only_what_is_missing(last):
    timeline = Timeline(LEADS, RATE)
    first = [chunk(0), chunk(15, 5), chunk(25, 5)]
    mv = placed(timeline, [*first, last])
    known = {k for c in (*first, last) for k in range(c.index, c.index + len(c.mv))}
    expected = numbered(0, max(known) + 1)
    expected[[k for k in range(len(expected)) if k not in known]] = np.nan
    assert np.array_equal(mv, expected, equal_nan=True)
    assert balanced(timeline)


def test_a_gap_has_the_cause_suspected_and_the_next_one_has_none():
    timeline = Timeline(LEADS, RATE)
    timeline.push(chunk(0))
    timeline.suspect(Cause.LINK)
    timeline.push(chunk(20, 300))
    timeline.push(chunk(400, 300))
    assert timeline.take_gaps() == [Gap(10, 10, Cause.LINK), Gap(320, 80, Cause.MISSING)]


def test_what_the_sender_says_it_has_sent_is_missed_at_the_end():
    timeline = Timeline(LEADS, RATE)
    timeline.push(chunk(100))
    timeline.upto(110)
    assert timeline.flush() == []
    timeline.upto(135)
    blocks = timeline.flush()
    assert [(b.start, len(b.mv), bool(b.valid.any())) for b in blocks] == [(10, 25, False)]
    assert timeline.take_gaps() == [Gap(10, 25, Cause.MISSING)]
    assert balanced(timeline)


def test_what_is_said_to_have_been_sent_may_still_come():
    timeline = Timeline(LEADS, RATE)
    timeline.push(chunk(0))
    timeline.upto(30)
    assert [b.start for b in timeline.push(chunk(10, 20))] == [10]
    assert timeline.flush() == []
    assert not timeline.lost


def test_after_a_restart_the_sender_counts_anew_and_the_timeline_goes_on():
    timeline = Timeline(LEADS, RATE)
    timeline.push(chunk(700))
    timeline.push(chunk(720))  # a hole still open
    blocks = timeline.restart(lost=50)
    assert [(b.start, len(b.mv), bool(b.valid.any())) for b in blocks] == [
        (10, 10, False),
        (20, 10, True),
        (30, 50, False),
    ]
    assert timeline.take_gaps() == [Gap(10, 10, Cause.MISSING), Gap(30, 50, Cause.REBOOT)]
    (after,) = timeline.push(chunk(3))
    assert after.start == 80
    assert np.array_equal(after.mv, numbered(3, 10))
    assert balanced(timeline)


def test_a_restart_before_anything_came_is_no_loss():
    timeline = Timeline(LEADS, RATE)
    assert timeline.restart(lost=1000) == []
    assert timeline.push(chunk(0))[0].start == 0


def test_infinities_are_lost_like_nan():
    timeline = Timeline(LEADS, RATE)
    mv = numbered(0, 4)
    mv[1, 0], mv[2, 1] = np.inf, -np.inf
    (block,) = timeline.push(Chunk(0, mv))
    assert np.array_equal(block.valid, [[True, True], [False, True], [True, False], [True, True]])
    assert np.isnan(block.mv[~block.valid]).all()


def test_an_hour_lost_takes_no_hours_memory():
    timeline = Timeline(LEADS, RATE)
    timeline.push(chunk(0))
    hour = 3600 * RATE
    tracemalloc.start()
    blocks = timeline.push(chunk(10 + hour, WINDOW + 1))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sum(len(b.mv) for b in blocks) == hour + WINDOW + 1
    assert peak < 4_000_000, "an hour of two leads would be 14 MB"
    assert max(len(b.mv) for b in blocks) <= RATE
    assert timeline.lost[Cause.MISSING] == hour


@st.composite
def arrivals(draw):
    """Chunks of one recording, some dropped, some twice, none more than the reorder window out of place."""
    sizes = draw(st.lists(st.integers(1, 40), min_size=1, max_size=60))
    starts = np.cumsum([0, *sizes])
    kept = []
    for k, size in enumerate(sizes):
        copies = 1 if k == 0 else draw(st.sampled_from([0, 1, 1, 1, 1, 2]))
        for _ in range(copies):
            late = draw(st.integers(0, WINDOW - 40)) if k else -1
            kept.append((int(starts[k]) + late, k, chunk(int(starts[k]), size)))
    return int(starts[-1]), [c for _, _, c in sorted(kept, key=lambda entry: entry[:2])]


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(arrivals())
def test_whatever_is_dropped_doubled_or_late_every_sample_is_right_or_counted_lost(arrived):
    total, chunks = arrived
    timeline = Timeline(LEADS, RATE)
    mv = placed(timeline, chunks)
    came = np.zeros(total, bool)
    for c in chunks:
        came[c.index : c.index + len(c.mv)] = True
    came = came[: np.flatnonzero(came)[-1] + 1]
    expected = numbered(0, len(came))
    expected[~came] = np.nan
    assert np.array_equal(mv, expected, equal_nan=True)
    assert timeline.received == came.sum()
    assert timeline.duplicates == sum(len(c.mv) for c in chunks) - came.sum()
    assert timeline.emitted == timeline.received + sum(timeline.lost.values())
    gaps = timeline.take_gaps()
    assert sum(g.samples for g in gaps) == (~came).sum()
    for gap in gaps:
        assert not came[gap.start : gap.start + gap.samples].any()


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.lists(st.tuples(st.integers(-300, 3000), st.integers(0, 60)), max_size=40))
def test_even_chunks_from_anywhere_leave_the_books_balanced(numbers):
    timeline = Timeline(LEADS, RATE)
    placed(timeline, [chunk(index, samples) for index, samples in numbers])
    assert balanced(timeline)
    assert timeline.received + timeline.duplicates == sum(samples for _, samples in numbers)


def block_of(mv, start=0):
    mv = np.asarray(mv, np.float32)
    mv = mv[:, None] if mv.ndim == 1 else mv
    return Block(start, RATE, LEADS[: mv.shape[1]], mv, np.isfinite(mv))


def bridged(mv):
    return run(Bridge(RATE), block_of(mv), [0, len(mv)])


def test_a_hole_of_20_ms_is_bridged_by_a_line_and_stays_invalid():
    longest = 10  # samples at 500 Hz
    x = np.arange(50, dtype=np.float32)
    x[20 : 20 + longest] = np.nan
    out = bridged(x)
    assert np.allclose(out.mv[:, 0], np.arange(50), atol=1e-5)
    assert np.array_equal(np.flatnonzero(~out.valid[:, 0]), np.arange(20, 20 + longest))


def test_a_longer_hole_stays_a_hole():
    x = np.arange(50, dtype=np.float32)
    x[20:31] = np.nan
    assert np.array_equal(bridged(x).mv[:, 0], x, equal_nan=True)


def test_a_hole_with_nothing_on_one_side_is_not_bridged():
    x = np.ones(50, np.float32)
    x[:4] = x[-3:] = np.nan
    assert np.array_equal(bridged(x).mv[:, 0], x, equal_nan=True)


def test_bridging_leaves_the_callers_samples_as_they_are():
    x = np.ones((50, 2), np.float32)
    x[10:13] = np.nan
    before = x.copy()
    bridged(x)
    assert np.array_equal(x, before, equal_nan=True)


def test_bridging_is_the_same_however_the_input_is_cut():
    rng = np.random.default_rng(4)
    mv = rng.normal(0, 1, (1200, 2)).astype(np.float32)
    for first in rng.integers(0, 1200, 25).tolist():
        mv[first : first + int(rng.integers(1, 15)), int(rng.integers(0, 2))] = np.nan
    for first in rng.integers(0, 1200, 10).tolist():
        mv[first : first + int(rng.integers(1, 40))] = np.nan
    out = assert_same_however_cut(lambda: Bridge(RATE), block_of(mv, start=99))
    filled = np.isfinite(out.mv) & ~out.valid
    assert filled.any()
    assert (out.start, len(out.mv)) == (99, len(mv))
    assert np.array_equal(out.valid, np.isfinite(mv))


def test_no_more_than_the_longest_bridge_is_held_back():
    stage = Bridge(RATE)
    mv = np.ones((400, 1), np.float32)
    mv[100:200] = np.nan
    out = 0
    for at in range(400):
        out += sum(len(b.mv) for b in stage.push(block_of(mv[at : at + 1], start=at)))
        assert at + 1 - out <= round(BRIDGE_S * RATE)
