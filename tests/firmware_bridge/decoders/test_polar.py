from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from device_vectors import heard
from foreign_encoders import polar_frame, polar_frames
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.decoders.base import Corrupt, Event, Happened, Sampled
from firmware_bridge.decoders.polar import PolarH10

SHARED = Path(__file__).parents[3].parent / "shared" / "data"
NS_2026 = 820_454_400 * 10**9  # since 2000
microvolts = st.lists(st.integers(-(2**23), 2**23 - 1), min_size=1, max_size=78)


@given(microvolts, st.integers(0, 2**64 - 1))
def test_any_frame_is_its_microvolts(sent, stamp_ns):
    (block,) = PolarH10().feed(polar_frame(stamp_ns, sent), 0)
    assert block == Sampled(0, np.array(sent, np.int32)[:, None])


@given(st.lists(st.binary(max_size=260), max_size=20), st.lists(st.integers(0, 10**12), min_size=20, max_size=20))
def test_no_notification_raises_and_each_byte_is_accounted_for(notifications, times):
    decoder = PolarH10()
    items = heard(decoder, list(zip(times, notifications, strict=False)))
    lost = sum(item.bytes_lost for item in items if isinstance(item, Corrupt))
    assert decoder.taken + lost == sum(map(len, notifications))


@pytest.mark.parametrize("rate", [129.0, 130.0, 130.16, 131.0])
def test_a_night_of_lost_frames_is_counted_to_the_sample(rate):
    """Whatever the strap's real rate: its period is learnt from the frames."""
    rng = np.random.default_rng(1)
    sent = np.arange(73 * 4000)
    frames = polar_frames(sent, rate, NS_2026)
    kept = np.flatnonzero(rng.random(len(frames)) > 0.1)
    kept = kept[(kept < 2000) | (kept > 2100)]  # and a minute out of reach
    feeds = [(int(k * 73 / rate * 1e9) + int(rng.integers(0, 400_000_000)), frames[k]) for k in kept]
    blocks = heard(PolarH10(), feeds)
    first = int(blocks[0].counts[0, 0])
    for block in blocks:
        assert block.index + first == block.counts[0, 0]


def test_a_strap_that_will_not_start_says_why():
    (told,) = PolarH10().feed(bytes.fromhex("f002000d00"), 0)
    assert (told.kind, told.text) == (Happened.REFUSED, "the strap does not start an ECG: the device is in its charger")


def test_a_strap_that_stops_is_told():
    assert [item.kind for item in PolarH10().feed(b"\x01\x00", 0) if isinstance(item, Event)] == [Happened.STOPPED]


@pytest.mark.skipif(not (SHARED / "polar.ecgz").exists(), reason="no shared recordings beside the checkout")
def test_ten_minutes_of_a_real_strap_come_out_sample_for_sample(monkeypatch):
    monkeypatch.setattr(sys, "path", [str(SHARED), *sys.path])
    from ecgdata import load

    (record,) = load("polar")
    sent = np.rint(1000 * record.mv[:, 0]).astype(np.int64)
    frames = polar_frames(sent, record.rate, NS_2026)
    blocks = heard(PolarH10(), [(round(k * 73 / record.rate * 1e9), frame) for k, frame in enumerate(frames)])
    assert [block.index for block in blocks] == list(range(0, 73 * len(frames), 73))
    assert np.array_equal(np.concatenate([block.counts[:, 0] for block in blocks]), sent[: 73 * len(frames)])
