from __future__ import annotations

import numpy as np
import pytest
from device_vectors import heard, joined
from foreign_encoders import cyton_packet
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.decoders.base import Corrupt, Sampled
from firmware_bridge.decoders.cyton import Cyton

MS = 1_000_000
PERIOD_NS = 4 * MS
code = st.integers(-(2**23), 2**23 - 1)
rows = st.lists(st.lists(code, min_size=8, max_size=8), min_size=3, max_size=40)


def noise(count, seed=0):
    return np.random.default_rng(seed).integers(-(2**23), 2**23, (count, 8)).tolist()


def placed(items):
    """The index of every sample, and its codes."""
    blocks = [item for item in items if isinstance(item, Sampled)]
    index = [block.index + k for block in blocks for k in range(len(block.counts))]
    return index, [row for block in blocks for row in block.counts.tolist()]


@given(rows, st.integers(0, 255))
def test_any_samples_come_out_as_they_went_in(sent, counter):
    data = b"".join(cyton_packet(counter + k, row) for k, row in enumerate(sent))
    assert joined(heard(Cyton(), [(0, data)])) == [{"samples": 0, "counts": sent}]


@given(st.binary(max_size=400), rows)
def test_whatever_comes_first_three_packets_later_it_is_in_step(junk, sent):
    """Only a junk that ends like the packets that follow can cost one of them."""
    data = b"".join(cyton_packet(k, row) for k, row in enumerate(sent))
    decoder = Cyton()
    _, codes = placed(heard(decoder, [(0, junk + data)]))
    assert codes[-max(0, len(sent) - 3) :] == sent[-max(0, len(sent) - 3) :]


@settings(max_examples=60)
@given(st.integers(0, 2000), st.integers(100, 300), st.integers(0, 2**32))
def test_a_loss_of_any_length_is_counted_to_the_sample(lost, before, seed):
    """Packets come up to 16 ms late, in bunches, as a USB serial chip hands them over."""
    late = np.random.default_rng(seed).integers(0, 16 * MS, 4000)
    arrival = np.maximum.accumulate(np.arange(4000) * PERIOD_NS + late)
    sent = noise(1, seed)[0]
    numbers = [*range(before), *range(before + lost, before + lost + 400)]
    index, _ = placed(heard(Cyton(), [(int(arrival[k]), cyton_packet(k, sent)) for k in numbers]))
    assert index == numbers


@pytest.mark.parametrize("busy_s", [0.4, 0.6, 1.1, 3.0, 7.0])
def test_a_busy_host_loses_nothing(busy_s):
    sent = noise(4000)
    feeds = []
    for k, row in enumerate(sent):
        at_s = k / 250
        late = busy_s + 2.0 if 2.0 <= at_s < 2.0 + busy_s else at_s
        feeds.append((round(late * 1e9), cyton_packet(k, row)))
    index, codes = placed(heard(Cyton(), feeds))
    assert index == list(range(4000))
    assert codes == sent


@pytest.mark.parametrize("off", [-0.025, 0.025])
def test_the_board_s_own_clock_may_be_off_by_what_its_data_sheet_allows(off):
    feeds = [(round(k / (250 * (1 + off)) * 1e9), cyton_packet(k, [0] * 8)) for k in range(5000)]
    lost = feeds[:2000] + feeds[2700:]
    index, _ = placed(heard(Cyton(), lost))
    assert index == [*range(2000), *range(2700, 5000)]


def test_a_counter_gone_wrong_costs_its_packet_and_moves_nothing():
    feeds = [(k * PERIOD_NS, cyton_packet(k + (100 if k == 500 else 0), [k] * 8)) for k in range(1000)]
    items = heard(Cyton(), feeds)
    index, codes = placed(items)
    assert Corrupt(33) in items
    assert index == [k for k in range(1000) if k != 500]
    assert all(row == [k] * 8 for k, row in zip(index, codes, strict=True))


def test_a_host_that_was_suspended_goes_on_with_what_the_counter_says():
    """The clock stood still for longer than the board's samples fit into."""
    feeds = [(k * PERIOD_NS, cyton_packet(k, [0] * 8)) for k in range(300)]
    feeds += [((k - 200) * PERIOD_NS, cyton_packet(k, [0] * 8)) for k in range(500, 900)]
    index, _ = placed(heard(Cyton(), feeds))
    assert index[:300] == list(range(300))
    assert index[-1] == 899


def test_bytes_lost_within_a_packet_cost_that_packet():
    packets = [cyton_packet(k, row) for k, row in enumerate(noise(20))]
    packets[10] = packets[10][:7] + packets[10][12:]
    items = heard(Cyton(), [(0, b"".join(packets))])
    index, _ = placed(items)
    assert index == [*range(10), *range(11, 20)]
    assert sum(item.bytes_lost for item in items if isinstance(item, Corrupt)) == 28


def test_a_constant_signal_full_of_headers_and_footers_is_not_mistaken():
    """C0 A0 in the same place of every packet, and a stream joined in its middle."""
    row = [-4_153_184] * 8  # C0 A0 A0
    data = b"".join(cyton_packet(k, row, footer=0xC0) for k in range(30))
    for start in range(1, 33):
        index, codes = placed(heard(Cyton(), [(0, data[start:])]))
        assert codes == [row] * 29
        assert index == list(range(29))


def test_long_silence_and_endless_junk_take_no_memory():
    decoder = Cyton()
    for k in range(200):
        decoder.feed(b"\xa0\x00" * 2000, k)
    assert decoder.held < 2000
