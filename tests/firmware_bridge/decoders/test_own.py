from __future__ import annotations

import numpy as np
import pytest
from device_vectors import heard
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge import messages as wire
from firmware_bridge.decoders.base import Corrupt, Event, Happened, Sampled, Status
from firmware_bridge.decoders.own import Own
from firmware_bridge.framing import SerialDecoder, frame

IDENTITY = wire.Identity(1, 0, 7, 1, (1, 0, 0), 500_000, 24, 2, 0, "a patch")
CHANNELS = (
    wire.Channel(0, 47_684, (-12, 0, 12, 0, 0, 0, 0, 0, 0)),
    wire.Channel(1, 22_352, (-4, -4, -4, 12, 0, 0, 0, 0, 0)),
)


def samples(index, count=5):
    return wire.Samples(index % 2**32, 0, 0, np.arange(2 * count, dtype=np.int32).reshape(count, 2))


def line(*messages):
    return b"\0" + b"".join(map(frame, messages))


def described():
    decoder = Own()
    decoder.feed(line(IDENTITY, *CHANNELS), 0)
    return decoder


def test_a_patch_describes_itself_before_its_samples_count():
    decoder = Own()
    assert decoder.feed(line(samples(0), IDENTITY, CHANNELS[0]), 0) == []
    assert decoder.device is None
    decoder.feed(line(CHANNELS[1]), 0)
    assert (decoder.device.name, decoder.device.rate, decoder.device.rail) == ("a patch", 500.0, 2**23 - 1)
    assert decoder.device.uv_per_count == pytest.approx((0.047684, 0.022352))


def test_samples_are_numbered_from_the_first_across_the_index_s_turn():
    first = 2**32 - 8
    items = described().feed(line(*[samples(first + k) for k in (0, 5, 10, 20)]), 0)
    assert [item.index for item in items] == [0, 5, 10, 20]


def test_a_new_boot_counts_from_anew():
    decoder = described()
    again = wire.Identity(1, 0, 7, 2, (1, 0, 0), 500_000, 24, 2, 0, "a patch")
    items = decoder.feed(line(samples(700), again, *CHANNELS, samples(3)), 0)
    assert [type(item) for item in items] == [Sampled, Event, Sampled]
    assert items[1].kind == Happened.RESTARTED
    assert items[2].index == 0


def test_battery_and_button_are_told():
    decoder = described()
    status = wire.Status(0, 5, 80, 3900, 0, wire.STREAMING, 0)
    items = decoder.feed(line(samples(0), status, wire.Event(0, 3, wire.BUTTON)), 0)
    assert items[1:] == [Status(battery_percent=80), Event(Happened.BUTTON, 3)]


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_no_bytes_raise_and_each_is_accounted_for(pieces):
    decoder = described()
    taken = decoder.taken
    items = heard(decoder, [(k, piece) for k, piece in enumerate(pieces)])
    lost = sum(item.bytes_lost for item in items if isinstance(item, Corrupt))
    assert decoder.taken - taken + lost + decoder.held == sum(map(len, pieces))


def test_what_is_sent_at_the_start_is_a_hello_and_a_start():
    (start,) = Own.link.start
    assert [type(message) for message in SerialDecoder().feed(b"\0" + start)] == [wire.Hello, wire.Start]
