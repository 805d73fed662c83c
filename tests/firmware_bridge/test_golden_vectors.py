from __future__ import annotations

import make_vectors
import pytest
from cobs import cobs
from wire_vectors import VECTORS, message, vectors

from firmware_bridge.framing import Corrupt, NotificationDecoder, SerialDecoder, frame
from firmware_bridge.messages import TYPES, Unknown, decode, encode


def by_name(name: str) -> list:
    return [pytest.param(vector, id=vector.get("name")) for vector in vectors(name)]


@pytest.mark.parametrize("name", make_vectors.FILES)
def test_the_files_are_what_the_independent_encoder_writes(name: str) -> None:
    assert (VECTORS / name).read_text(encoding="utf-8") == make_vectors.text(name)


def test_no_file_is_left_out() -> None:
    assert {path.name for path in VECTORS.glob("*.json")} == set(make_vectors.FILES)


def test_every_message_type_has_a_vector() -> None:
    assert {vector["type"] for vector in vectors("messages.json")} == {kind.__name__ for kind in TYPES.values()}


@pytest.mark.parametrize("vector", by_name("messages.json"))
def test_fields_become_the_golden_bytes(vector: dict) -> None:
    assert encode(message(vector)).hex() == vector["hex"]
    assert frame(message(vector)).hex() == vector["serial"]


@pytest.mark.parametrize("vector", by_name("messages.json") + by_name("received.json"))
def test_the_golden_bytes_become_fields(vector: dict) -> None:
    data = bytes.fromhex(vector["hex"])
    assert decode(data) == message(vector)
    assert NotificationDecoder().feed(data) == [message(vector)]
    assert SerialDecoder().feed(bytes.fromhex(vector["serial"])) == [message(vector)]


@pytest.mark.parametrize("vector", by_name("serial.json"))
def test_a_line_is_cut_into_the_golden_messages(vector: dict) -> None:
    heard = SerialDecoder().feed(bytes.fromhex(vector["hex"]))
    expected = [what.split() for what in vector["says"]]
    assert len(heard) == len(expected)
    for item, (verdict, rest) in zip(heard, expected, strict=True):
        if verdict == "corrupt":
            assert item == Corrupt(int(rest))
        else:
            assert item == decode(bytes.fromhex(rest))
            assert not isinstance(item, Unknown)


@pytest.mark.parametrize("vector", vectors("cobs.json"))
def test_the_cobs_in_use_has_the_golden_blocks(vector: dict) -> None:
    plain, coded = bytes.fromhex(vector["plain"]), bytes.fromhex(vector["coded"])
    assert cobs.encode(plain) == coded
    assert cobs.decode(coded) == plain
