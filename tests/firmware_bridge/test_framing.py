from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from random_messages import any_message

from firmware_bridge.framing import MAX_FRAME, Corrupt, NotificationDecoder, SerialDecoder, frame
from firmware_bridge.messages import Malformed, Message, Start, encode

HELLO = Start(1)


def cut(data: bytes, rng: random.Random) -> list[bytes]:
    """The same bytes in random pieces, empty ones among them."""
    places = sorted(rng.choices(range(len(data) + 1), k=rng.randint(0, 40)))
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


def heard(pieces: list[bytes]) -> list:
    decoder = SerialDecoder()
    return [item for piece in pieces for item in decoder.feed(piece)]


@given(st.lists(any_message, max_size=8), st.integers(0, 2**32))
def test_messages_come_through_however_the_bytes_are_cut(sent: list[Message], seed: int) -> None:
    data = b"".join(frame(message) for message in sent)
    assert heard(cut(data, random.Random(seed))) == sent
    assert heard([data[k : k + 1] for k in range(len(data))]) == sent


@given(st.lists(st.one_of(st.binary(max_size=400), any_message.map(frame)), max_size=8), st.integers(0, 2**32))
def test_garbage_never_raises_and_means_the_same_however_it_is_cut(parts: list[bytes], seed: int) -> None:
    data = b"".join(parts)
    assert heard(cut(data, random.Random(seed))) == heard([data])


@given(any_message, st.data())
def test_a_flipped_bit_is_never_a_message_and_its_bytes_are_counted(message: Message, data: st.DataObject) -> None:
    whole = bytearray(frame(message))
    whole[data.draw(st.integers(0, len(whole) - 2))] ^= 1 << data.draw(st.integers(0, 7))
    out = heard([b"\0", bytes(whole), frame(HELLO)])
    assert out[-1] == HELLO
    assert all(isinstance(item, Corrupt) for item in out[:-1])
    zeros_made = whole.count(0) - 1
    assert sum(item.bytes_lost for item in out[:-1]) == len(whole) - 1 - zeros_made


@given(any_message, st.data())
def test_half_a_frame_at_the_start_is_not_counted_as_corruption(message: Message, data: st.DataObject) -> None:
    whole = frame(message)
    half = whole[data.draw(st.integers(1, len(whole) - 1)) :]
    assert heard([half, frame(HELLO)]) == [HELLO]


@given(any_message, st.data())
def test_half_a_frame_later_on_is(message: Message, data: st.DataObject) -> None:
    whole = frame(message)
    kept = data.draw(st.integers(1, len(whole) - 2))
    assert heard([frame(HELLO), whole[:kept] + b"\0", frame(HELLO)]) == [HELLO, Corrupt(kept), HELLO]


def test_a_line_without_a_delimiter_takes_no_memory_and_is_counted() -> None:
    decoder = SerialDecoder()
    for _ in range(1000):
        assert decoder.feed(b"\xaa" * 1000) == []
        assert len(decoder._held) <= MAX_FRAME
    assert decoder.feed(b"\0" + frame(HELLO)) == [Corrupt(1_000_000), HELLO]


def test_a_notification_that_is_empty_is_malformed() -> None:
    assert NotificationDecoder().feed(b"") == [Malformed(0, 0)]


@given(any_message)
def test_a_notification_is_a_bare_message(message: Message) -> None:
    assert NotificationDecoder().feed(encode(message)) == [message]
