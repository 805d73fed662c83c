"""What `Decoder` promises, for streams of whole, broken and foreign frames."""

from __future__ import annotations

import pytest
from foreign_encoders import ads1293, cyton_packet, healthypi_batch, healthypi_single, openview_frame, polar_frame
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fuzz.decoders import TARGETS, try_input
from firmware_bridge import messages as wire
from firmware_bridge.framing import frame

code24 = st.integers(-(2**23), 2**23 - 1)
code32 = st.integers(-(2**31), 2**31 - 1)
FRAMES = {
    "cyton": st.one_of(
        st.builds(cyton_packet, st.integers(0, 255), st.lists(code24, min_size=8, max_size=8)),
        st.builds(
            lambda first, count: b"".join(cyton_packet(first + k, [k] * 8) for k in range(count)),
            st.integers(0, 255),
            st.integers(3, 8),
        ),
        st.just(b"OpenBCI V3\n$$$"),
    ),
    "openview": st.one_of(
        st.builds(healthypi_single, code32, padded=st.booleans()),
        st.builds(healthypi_batch, st.lists(code32, min_size=8, max_size=8), padded=st.booleans()),
        st.builds(ads1293, st.lists(code32, min_size=3, max_size=3), padded=st.booleans()),
        st.builds(openview_frame, st.integers(0, 255), st.binary(max_size=60)),
    ),
    "polar": st.builds(polar_frame, st.integers(0, 2**64 - 1), st.lists(code24, max_size=75)),
    "edge": st.one_of(
        st.builds(lambda token: frame(wire.Start(token)), st.integers(0, 255)),
        st.builds(lambda index: frame(wire.Event(0, index, 1)), st.integers(0, 2**32 - 1)),
    ),
}


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_frames_and_junk_in_any_order_keep_every_promise(name, data):
    """Nothing raises, each byte is taken or lost, and however the stream is cut the same comes out."""
    pieces = data.draw(st.lists(st.one_of(FRAMES[name], st.binary(max_size=30)), max_size=12))
    cut_short = data.draw(st.integers(0, 40))
    stream = b"".join(pieces)
    try_input(TARGETS[name], stream[: len(stream) - cut_short])
