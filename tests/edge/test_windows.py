import itertools

import numpy as np
import pytest
from however_cut import bits, cuttings, pieces

from edge.blocks import Block
from edge.windows import OverlapAdd, Settled, Window, Windows

RATE = 500
LEADS = ("II", "V1")
LENGTH, HOP = 1000, 500


def block_of(valid, start=0):
    """Samples that say where they are, NaN where `valid` (n, or n x leads) does not hold."""
    valid = np.asarray(valid, bool)
    valid = np.stack([valid, valid], axis=1) if valid.ndim == 1 else valid
    at = np.arange(start, start + len(valid), dtype=np.float32)
    mv = np.where(valid, at[:, None] + np.float32([0, 0.5]), np.float32(np.nan))
    return Block(start, RATE, LEADS, mv, valid)


def worked(block, edges=None, window=LENGTH, hop=HOP):
    stage = Windows(window, hop)
    out = []
    for piece in pieces(edges or [0, len(block.mv)]):
        out += stage.push(block.cut(block.start + piece.start, block.start + piece.stop))
    return out + stage.flush()


def windows_of(items):
    return [item for item in items if isinstance(item, Window)]


def with_gaps(total, *gaps):
    valid = np.ones(total, bool)
    for first, last in gaps:
        valid[first:last] = False
    return valid


GAPPED = with_gaps(12_000, (0, 3), (2500, 2501), (4100, 4700), (5000, 5010), (6010, 7000), (11_990, 12_000))


@pytest.mark.parametrize("hop", [50, 333, 500, 1000])
def test_no_window_touches_a_gap_and_every_run_that_holds_one_is_covered_to_its_end(hop):
    items = worked(block_of(GAPPED), hop=hop)
    covered = np.zeros(len(GAPPED), bool)
    for window in windows_of(items):
        span = slice(window.start, window.start + LENGTH)
        assert GAPPED[span].all()
        assert window.present.all()
        assert np.array_equal(window.mv[:, 0], np.arange(LENGTH) + window.start)
        covered[span] = True
    alive = np.diff(GAPPED.astype(int), prepend=0, append=0)
    for first, last in zip(np.flatnonzero(alive == 1), np.flatnonzero(alive == -1), strict=True):
        assert covered[first:last].all() == (last - first >= LENGTH)
        assert covered[first:last].any() == (last - first >= LENGTH)


@pytest.mark.parametrize("hop", [50, 333, 500, 1000])
def test_a_run_has_a_window_each_hop_and_at_most_one_more(hop):
    starts = [w.start for w in windows_of(worked(block_of(np.ones(4321, bool)), hop=hop))]
    regular = list(range(0, 4321 - LENGTH + 1, hop))
    assert starts == (regular if regular[-1] + LENGTH == 4321 else [*regular, 4321 - LENGTH])


@pytest.mark.parametrize(("samples", "count"), [(1, 0), (999, 0), (1000, 1), (1001, 2), (1500, 2), (1501, 3)])
def test_short_runs(samples, count):
    items = worked(block_of(np.ones(samples, bool), start=77))
    assert len(windows_of(items)) == count
    assert items[-1] == Settled(77 + samples)


def test_a_lead_that_drops_out_leaves_the_others_going():
    valid = np.ones((6000, 2), bool)
    valid[2250:2260, 1] = False
    items = windows_of(worked(block_of(valid)))
    assert [w.start for w in items] == list(range(0, 5001, HOP))
    for window in items:
        touched = window.start < 2260 and window.start + LENGTH > 2250
        assert window.present.tolist() == [True, not touched]


def test_a_window_comes_before_what_it_reaches_into_is_settled():
    items = worked(block_of(GAPPED), hop=333)
    settled = regular = 0
    for item in items:
        if isinstance(item, Settled):
            assert item.end >= settled
            settled = item.end
        else:
            assert item.start + LENGTH > settled
            regular += item.start >= settled
    assert settled == len(GAPPED), "all of the timeline is settled at the end, gaps too"
    assert regular >= len(windows_of(items)) - 3, "only the last window of a run reaches below what is settled"


def test_windows_and_marks_are_the_same_however_the_input_is_cut():
    valid = np.stack([GAPPED, GAPPED], axis=1)[:7500]
    valid[1300:1310, 0] = False
    valid[3000:3500, 1] = False
    block = block_of(valid, start=901)
    whole = worked(block, hop=333)
    for edges in cuttings(len(valid)):
        settled = -1
        cut = worked(block, edges, hop=333)
        # a mark within a gap comes as often as the gap comes in pieces; between windows only the last one counts
        for a, b in zip(_condensed(whole), _condensed(cut), strict=True):
            assert type(a) is type(b)
            if isinstance(a, Settled):
                assert a == b
                assert a.end > settled
                settled = a.end
            else:
                assert a.start == b.start
                assert bits(a.mv) == bits(b.mv)
                assert bits(a.present) == bits(b.present)


def _condensed(items):
    """Consecutive `Settled` marks as the last one of them."""
    out = []
    for marks, group in itertools.groupby(items, lambda item: isinstance(item, Settled)):
        items = list(group)
        out += items[-1:] if marks else items
    return out


@pytest.mark.parametrize("hop", [0, -1, 1001])
def test_a_hop_that_leaves_holes_or_goes_nowhere_is_refused(hop):
    with pytest.raises(ValueError, match="hop"):
        Windows(LENGTH, hop)


def test_no_more_than_a_window_is_held():
    stage = Windows(LENGTH, 100)
    for at in range(0, 20_000, 250):
        stage.push(block_of(np.ones(250, bool), start=at))
        assert len(stage._held.mv) <= LENGTH


def joined(total, starts, value, window=LENGTH):
    """`value(start)` (window x columns) of each window, joined over 0 to `total`."""
    sums = OverlapAdd(window, 2)
    for start in starts:
        sums.add(start, value(start))
    return sums.settle(total)


@pytest.mark.parametrize("hop", [50, 333, 500, 1000])
def test_what_all_windows_agree_on_comes_out_as_it_is(hop):
    ramp = np.linspace(-3, 5, 4321)
    both = np.stack([ramp, np.full(4321, 0.7)], axis=1)
    starts = [*range(0, 4321 - LENGTH + 1, hop), 4321 - LENGTH]
    values, known = joined(4321, starts, lambda start: both[start : start + LENGTH])
    assert known.all()
    assert np.abs(values - both).max() < 1e-12


def test_windows_that_differ_are_joined_without_a_step():
    values, _ = joined(2500, [0, 500, 1000, 1500], lambda start: np.full((LENGTH, 2), start / 500))
    assert np.abs(np.diff(values, axis=0)).max() < 0.004, "a raised cosine of 500 samples rises by 0.003 a sample"
    assert values[0, 0] == 0
    assert values[-1, 0] == 3
    assert values[1000, 0] == pytest.approx(1.0, abs=0.01), "in its middle a window counts alone"


def test_what_no_window_reaches_is_unknown():
    values, known = joined(3000, [1500], lambda start: np.ones((LENGTH, 2)))
    assert np.array_equal(known, (np.arange(3000) >= 1500) & (np.arange(3000) < 2500))
    assert (values[~known] == 0).all()


def test_settling_bit_by_bit_gives_the_same():
    rng = np.random.default_rng(6)
    outputs = {start: rng.normal(0, 1, (LENGTH, 2)) for start in (0, 500, 1000, 1200)}
    whole, _ = joined(2200, outputs, outputs.__getitem__)
    sums, parts = OverlapAdd(LENGTH, 2), []
    for start, settled in ((0, 500), (500, 1000), (1000, 1000), (1200, 2200)):
        sums.add(start, outputs[start])
        parts += [sums.settle(end)[0] for end in range(sums.start, settled + 1, 100)]
    assert np.array_equal(np.concatenate(parts), whole)
