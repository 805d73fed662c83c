"""The wire's frames, taken apart by hand as WIRE.md lays them out."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from pages import frames as apart

from edge.blocks import Origin, TwelveLeads
from edge.leads import LEADS
from edge.web import frames

ORIGIN = tuple(
    Origin.MEASURED if lead in ("II", "V1", "V5") else Origin.DERIVED if lead == "III" else Origin.RECONSTRUCTED
    for lead in LEADS
)


def twelve(n: int, start: int = 700, seed: int = 1) -> TwelveLeads:
    rng = np.random.default_rng(seed)
    mv = rng.normal(0, 1, (n, 12)).astype(np.float32)
    sd = np.repeat(rng.uniform(0, 0.2, (1, 12)), n, axis=0).astype(np.float32)
    return TwelveLeads(start, mv, sd, ORIGIN, {"II": 0.987, "V1": 0.0, "V5": 1.0}, enrolled=True)


def test_a_block_holds_every_sample_to_the_microvolt_lead_by_lead():
    block = twelve(500)
    (frame,) = frames.signal(block, 1234.5)
    kind, version, zero, size = struct.unpack_from("<BBHI", frame.data)
    start, told, n, step, flags = struct.unpack_from("<qdHBB", frame.data, 8)
    assert (kind, version, zero, size) == (2, 1, 0, len(frame.data) - 8)
    assert (start, told, n, step, flags) == (700, 1234.5, 500, 10, 1)
    assert frame.data[28:40] == bytes([3, 1, 2, 3, 3, 3, 1, 3, 3, 3, 1, 3])
    assert frame.data[40:52] == bytes([255, 99, 255, 255, 255, 255, 0, 255, 255, 255, 100, 255])
    uv = np.frombuffer(frame.data, "<i2", 12 * n, 52).reshape(12, n)
    np.testing.assert_array_equal(uv.T, np.rint(1000 * block.mv))
    sd = np.frombuffer(frame.data, "<u2", 12 * 50, 52 + 24 * n).reshape(12, 50)
    np.testing.assert_array_equal(sd.T, np.rint(1000 * block.sd[::10]))
    assert len(frame.data) == 52 + 24 * n + 24 * 50


@pytest.mark.parametrize("n", [1, 9, 10, 11, 999, 1000])
def test_whatever_its_length_a_block_is_whole_words_and_one_sd_for_every_10_samples(n):
    (frame,) = frames.signal(twelve(n), 0.0)
    assert len(frame.data) == 52 + 24 * n + 24 * -(-n // 10)
    assert len(frame.data) % 4 == 0


def test_a_long_block_is_told_in_parts_that_follow_each_other():
    parts = frames.signal(twelve(2300), 0.0)
    assert [(part.start, part.end) for part in parts] == [(700, 1700), (1700, 2700), (2700, 3000)]


def test_what_is_not_there_is_told_as_not_there_and_never_as_zero():
    block = twelve(50)
    block.mv[:25, LEADS.index("V6")] = np.nan
    block.sd[:, LEADS.index("V6")] = np.nan
    (frame,) = frames.signal(block, 0.0)
    uv = np.frombuffer(frame.data, "<i2", 600, 52).reshape(12, 50)[11]
    assert (uv[:25] == -32768).all()
    assert (uv[25:] != -32768).all()
    assert (np.frombuffer(frame.data, "<u2", 60, 52 + 1200).reshape(12, 5)[11] == 65535).all()


def test_an_amplifier_at_its_rail_does_not_turn_over():
    block = twelve(25)
    block.mv[0, 0], block.mv[1, 0] = 900.0, -900.0
    (frame,) = frames.signal(block, 0.0)
    assert list(np.frombuffer(frame.data, "<i2", 2, 52)) == [32767, -32767]


def test_hours_of_nothing_are_one_hole():
    nothing = np.broadcast_to(np.float32(np.nan), (5_000_000, 12))
    (frame,) = frames.signal(TwelveLeads(9, nothing, nothing, (Origin.UNAVAILABLE,) * 12), 0.0)
    assert frame.data == struct.pack("<BBHIqq", 3, 1, 0, 16, 9, 5_000_000)


def test_words_are_json_in_whole_words_of_four_bytes_without_an_angle_bracket():
    for name in ("<script>alert(1)</script>", "äöü", "😀", "a", "\udcff"):
        frame = frames.words(frames.Kind.HELLO, {"device": name})
        assert b"<" not in frame.data[8:]
        assert len(frame.data) % 4 == 0
        ((kind, told),) = apart(frame.data)
        assert kind == "hello"
        assert told["device"] == name.encode("utf-8", "replace").decode()


def test_a_number_that_is_none_is_a_bug_and_not_json():
    with pytest.raises(ValueError, match="JSON"):
        frames.as_json({"a": float("nan")})
    assert json.loads(frames.as_json({"a": None})) == {"a": None}
