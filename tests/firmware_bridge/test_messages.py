from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from random_messages import any_message, counts

from firmware_bridge.gatt import FROM_PATCH, MIN_MTU, SERVICE, TO_PATCH, samples_per_notification
from firmware_bridge.messages import (
    MAX_MESSAGE,
    NO_VALUE,
    Channel,
    Identity,
    Malformed,
    Message,
    Samples,
    Start,
    Unknown,
    decode,
    encode,
    full_scale,
    pack24,
    unpack24,
)

PATCH = Identity(1, 0, 7, 9, (1, 2, 3), 500_000, 24, 3, 0, "patch")


def samples(counts: np.ndarray) -> Samples:
    return Samples(0, 0, 0, counts.astype(np.int32))


@given(any_message)
def test_every_message_comes_back_as_it_was_sent(message: Message) -> None:
    assert decode(encode(message)) == message


@given(any_message)
def test_every_message_fits_one_notification(message: Message) -> None:
    assert len(encode(message)) <= MAX_MESSAGE


@given(any_message, st.binary(min_size=1, max_size=8))
def test_a_longer_body_of_a_later_minor_version_changes_nothing(message: Message, more: bytes) -> None:
    assert decode(encode(message) + more) == message


@given(any_message, st.data())
def test_a_body_that_ends_early_is_malformed_wherever_it_ends(message: Message, data: st.DataObject) -> None:
    whole = encode(message)
    kept = data.draw(st.integers(1, len(whole) - 1))
    assert decode(whole[:kept]) == Malformed(whole[0], kept)


@given(st.binary(max_size=300))
def test_any_bytes_are_some_message_and_never_an_error(data: bytes) -> None:
    decode(data)


def test_an_unknown_type_keeps_its_body() -> None:
    assert decode(b"\x42abc") == Unknown(0x42, b"abc")


@given(counts)
def test_codes_of_24_bits_survive_packing(counts: np.ndarray) -> None:
    assert np.array_equal(unpack24(pack24(counts)).reshape(counts.shape), counts)


def test_a_count_beyond_24_bits_saturates_and_is_never_taken_for_a_missing_sample() -> None:
    beyond = np.array([2**31 - 1, 2**23, -(2**23) - 1, -(2**31)], np.int32)
    assert unpack24(pack24(beyond)).tolist() == [full_scale(24), full_scale(24), -full_scale(24), -full_scale(24)]
    assert unpack24(pack24(np.array([NO_VALUE], np.int32))).tolist() == [NO_VALUE]


@pytest.mark.parametrize(("bits", "top"), [(12, 2047), (16, 32767), (24, 8388607)])
def test_a_channel_saturates_at_its_own_width(bits: int, top: int) -> None:
    assert full_scale(bits) == top


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (1, 13), (26, 3), (76, 1)])
def test_samples_that_no_message_can_carry_are_not_encoded(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="samples of"):
        encode(samples(np.zeros(shape)))


@pytest.mark.parametrize("name", ["seventeen bytes..", "sixteen bytes: é", "a\0b"])
def test_a_name_that_does_not_fit_is_not_cut_in_silence(name: str) -> None:
    with pytest.raises(ValueError, match="16 fit"):
        encode(Identity(1, 0, 7, 9, (1, 2, 3), 500_000, 24, 3, 0, name))


def test_a_name_cannot_steer_the_terminal_it_is_printed_on() -> None:
    sent = encode(PATCH)[:26] + b"\x1b[2Jx\xff".ljust(16, b"\0")
    received = decode(sent)
    assert isinstance(received, Identity)
    assert received.name == "�[2Jx�"


LEAD_II = Channel(0, 47_684, (-12, 0, 12, 0, 0, 0, 0, 0, 0))
V1 = Channel(1, 47_684, (-4, -4, -4, 12, 0, 0, 0, 0, 0))


@pytest.mark.parametrize(
    ("off", "ii", "v1"),
    [
        (0b00_0000_0000, False, False),
        (0b00_0000_0001, True, True),  # RA
        (0b00_0000_0010, False, True),  # LA: in V1 through Wilson's terminal
        (0b00_0000_1000, False, True),  # V1
        (0b01_0000_0000, False, False),  # V6
        (0b10_0000_0000, True, True),  # RL drives all
    ],
)
def test_a_channel_is_off_with_any_electrode_it_weighs_and_with_rl(off: int, ii: bool, v1: bool) -> None:
    assert (LEAD_II.is_off(off), V1.is_off(off)) == (ii, v1)


@pytest.mark.parametrize(
    ("mtu", "channels", "fit"),
    [
        (64, 1, 14),
        (64, 3, 4),
        (64, 8, 1),
        (64, 12, 1),
        (185, 3, 18),
        (185, 8, 6),
        (247, 3, 25),
        (247, 12, 6),
        (517, 3, 25),
    ],
)
def test_a_notification_holds_as_many_samples_as_its_bytes_say(mtu: int, channels: int, fit: int) -> None:
    assert samples_per_notification(mtu, channels) == fit
    assert len(encode(samples(np.zeros((fit, channels))))) <= mtu - 3


def test_too_small_an_mtu_or_no_channel_is_an_error() -> None:
    with pytest.raises(ValueError, match="needs 64"):
        samples_per_notification(MIN_MTU - 1, 3)
    with pytest.raises(ValueError, match="1 to 12"):
        samples_per_notification(MIN_MTU, 0)


def test_every_description_fits_the_smallest_notification() -> None:
    assert max(len(encode(PATCH)), len(encode(LEAD_II)), len(encode(Start(0)))) <= MIN_MTU - 3


def test_the_service_has_three_uuids_of_one_base() -> None:
    uuids = {SERVICE, FROM_PATCH, TO_PATCH}
    assert len(uuids) == 3
    assert len({(uuid[:4], uuid[8:]) for uuid in uuids}) == 1
