from __future__ import annotations

import numpy as np
import pytest
from device_vectors import heard, joined
from foreign_encoders import ads1293, healthypi_batch, healthypi_single, openview_frame
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.decoders.base import Corrupt, Sampled
from firmware_bridge.decoders.openview import OpenView

code = st.integers(-(2**31), 2**31 - 1)


def total(items):
    return sum(len(item.counts) for item in items if isinstance(item, Sampled))


@given(st.lists(st.lists(code, min_size=3, max_size=3), min_size=1, max_size=30), st.booleans())
def test_any_three_channels_come_out_as_they_went_in(sent, padded):
    data = b"".join(ads1293(row, padded=padded) for row in sent)
    assert joined(heard(OpenView(), [(0, data)])) == [{"samples": 0, "counts": sent}]


@given(st.lists(st.lists(code, min_size=8, max_size=8), min_size=1, max_size=10))
def test_any_batches_come_out_as_they_went_in(sent):
    data = b"".join(healthypi_batch(batch) for batch in sent)
    flat = [[value] for batch in sent for value in batch]
    assert joined(heard(OpenView(), [(0, data)])) == [{"samples": 0, "counts": flat}]


@given(st.binary(max_size=300), st.lists(code, min_size=2, max_size=20))
def test_junk_before_frames_costs_at_most_the_first(junk, sent):
    """As half a frame that ends in the first one's bytes does."""
    items = heard(OpenView(), [(0, junk + b"".join(healthypi_single(value) for value in sent))])
    assert total(items) >= len(sent) - 1


@pytest.mark.parametrize(
    ("make", "channels", "rate"),
    [
        (lambda: healthypi_single(7), 1, 125.0),
        (lambda: healthypi_batch(range(8)), 1, 125.0),
        (lambda: ads1293([1, 2, 3]), 3, 128.0),
    ],
)
def test_the_first_frame_tells_which_board_it_is(make, channels, rate):
    decoder = OpenView()
    assert decoder.device is None
    decoder.feed(make(), 0)
    assert len(decoder.device.channels) == channels
    assert decoder.device.rate == rate


def test_the_scale_of_the_ads1293_is_its_data_sheet_s():
    """Half of ADCmax is 0 V, and all of it is 2.4 V / 3.5."""
    decoder = OpenView()
    decoder.feed(ads1293([6_075_000, 12_150_000, 0]), 0)
    device = decoder.device
    mv = [
        (value - device.zero) * scale * 1e-3
        for value, scale in zip((6_075_000, 12_150_000), device.uv_per_count, strict=False)
    ]
    assert mv == pytest.approx([0.0, 2400 / 3.5])


def test_another_board_s_frames_on_the_same_line_are_no_samples():
    items = heard(OpenView(), [(0, ads1293([1, 2, 3]) + healthypi_single(5) + ads1293([4, 5, 6]))])
    assert joined(items) == [
        {"samples": 0, "counts": [[1, 2, 3]]},
        {"corrupt": 29},
        {"samples": 1, "counts": [[4, 5, 6]]},
    ]


def test_a_loss_is_told_by_the_clock_to_two_samples():
    late = np.random.default_rng(0).integers(0, 16_000_000, 2000)
    numbers = [*range(500), *range(800, 2000)]
    feeds = [(k * 8_000_000 + int(late[k]), healthypi_single(k)) for k in numbers]
    blocks = [item for item in heard(OpenView(), feeds) if isinstance(item, Sampled)]
    for block in blocks:
        assert abs(block.index - int(block.counts[0, 0])) <= 2


def test_a_busy_host_loses_nothing():
    feeds = [(max(k * 8_000_000, 9 * 10**9 if k > 400 else 0), healthypi_single(k)) for k in range(2000)]
    items = heard(OpenView(), feeds)
    assert joined(items) == [{"samples": 0, "counts": [[k] for k in range(2000)]}]


def test_a_board_that_is_faster_than_it_says_loses_nothing():
    """HealthyPi 5's amplifier samples at 128 Hz where its maker says 125."""
    feeds = [(round(k / 128 * 1e9), healthypi_single(k)) for k in range(10_000)]
    assert total(heard(OpenView(), feeds)) == 10_000
    assert joined(heard(OpenView(), feeds))[0]["samples"] == 0


def test_a_frame_of_an_unknown_board_is_counted_as_lost():
    frame = openview_frame(9, bytes(30))
    assert heard(OpenView(), [(0, frame)]) == [Corrupt(len(frame))]
