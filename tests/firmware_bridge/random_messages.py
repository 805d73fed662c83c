"""Messages of every type with every field anywhere in its range, for hypothesis."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from firmware_bridge import messages as wire

U8, U16, U32, U64 = (st.integers(0, 2**bits - 1) for bits in (8, 16, 32, 64))

names = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=16).filter(
    lambda text: len(text.encode()) <= 16 and text.isprintable()
)
counts = st.integers(1, wire.MAX_CHANNELS).flatmap(
    lambda channels: st.integers(1, wire.samples_that_fit(wire.MAX_MESSAGE, channels)).flatmap(
        lambda count: npst.arrays(np.int32, (count, channels), elements=st.integers(-(1 << 23), (1 << 23) - 1))
    )
)
weights = st.tuples(*[st.integers(-128, 127)] * wire.WEIGHTED)

identities = st.builds(wire.Identity, U8, U8, U64, U32, st.tuples(U8, U8, U8), U32, U8, U8, U16, names)
any_message = st.one_of(
    identities,
    st.builds(wire.Channel, U8, U32, weights),
    st.builds(wire.Samples, U32, U64, U16, counts),
    st.builds(wire.Status, U64, U32, U8, U16, U16, U8, U32),
    st.builds(wire.Event, U64, U32, U8),
    st.builds(wire.Ack, U8, U8, U8),
    st.builds(wire.Hello, U8, U8, U8),
    st.builds(wire.Start, U8),
    st.builds(wire.Stop, U8),
    st.builds(wire.SetRate, U8, U32),
    st.builds(wire.Resend, U8, U32, U32),
)
