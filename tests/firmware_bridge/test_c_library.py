from __future__ import annotations

import re

import pytest
from c_library import C, Driver
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_messages import any_message
from wire_vectors import line, message, vectors

from firmware_bridge import messages as wire
from firmware_bridge.framing import Corrupt, SerialDecoder, frame
from firmware_bridge.messages import Message, decode, encode

one_run = settings(  # every example is a process: few of them, and none spent on shrinking
    max_examples=10,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def check_vectors(driver: Driver) -> None:
    both_ways, received = vectors("messages.json"), vectors("received.json")
    assert driver.ask(*[f"encode {line(message(v))}" for v in both_ways]) == [v["hex"] for v in both_ways]
    every = both_ways + received
    assert driver.ask(*[f"decode {v['hex']}" for v in every]) == [line(message(v)) for v in every]
    assert driver.ask(*[f"frame {v['hex']}" for v in every]) == [v["serial"] for v in every]
    heard = driver.ask(*[f"feed {v['serial']}" for v in every])
    assert heard == [f"message {v['hex']}" for v in every]


def check_lines(driver: Driver) -> None:
    cases = vectors("serial.json")
    assert driver.ask(*[f"feed {v['hex']}" for v in cases]) == [" ".join(v["says"]) for v in cases]
    blocks = vectors("cobs.json")
    assert driver.ask(*[f"cobs {v['plain'] or '-'}" for v in blocks]) == [v["coded"] for v in blocks]
    assert driver.ask(*[f"uncobs {v['coded']}" for v in blocks]) == [v["plain"] or "-" for v in blocks]


def test_the_golden_vectors_hold_both_ways_under_the_sanitizers(sanitized: Driver) -> None:
    check_vectors(sanitized)


def test_golden_lines_and_blocks_are_cut_the_same_under_the_sanitizers(sanitized: Driver) -> None:
    check_lines(sanitized)


def test_the_golden_vectors_hold_on_a_big_endian_machine(big_endian: Driver) -> None:
    check_vectors(big_endian)
    check_lines(big_endian)


def test_message_sizes_are_python_s(sanitized: Driver) -> None:
    numbers = [int(word) for word in sanitized.ask("sizes")[0].split()]
    assert dict(zip(numbers[::2], numbers[1::2], strict=True)) == wire.MIN_SIZE


def test_the_header_s_constants_are_python_s() -> None:
    text = (C / "eb_wire.h").read_text() + (C / "eb_command.h").read_text()
    defined = {
        name: int(value, 0) for name, value in re.findall(r"#define EB_(\w+) \(?(-?\w+?)[uL]*\)?(?: |$)", text, re.M)
    }
    named = {re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).upper(): kind for kind in wire.TYPES.values()}
    expected = {name: kind.TYPE for name, kind in named.items()}
    expected |= {f"{name}_SIZE": wire.MIN_SIZE[kind.TYPE] for name, kind in named.items()}
    expected |= {name: bit for bit, name in enumerate(wire.ELECTRODES)}
    limits = ("MAJOR", "MINOR", "MAX_MESSAGE", "MAX_CHANNELS", "MAX_NAME", "NO_VALUE", "WEIGHT_UNIT")
    bits = ("CAN_SET_RATE", "CAN_RESEND", "HAS_BUTTON", "STREAMING", "CHARGING")
    values = ("UNKNOWN_BATTERY", "BUTTON", "OK", "UNKNOWN_COMMAND", "BAD_ARGUMENT", "NOT_AVAILABLE")
    expected |= {name: getattr(wire, name) for name in limits + bits + values}
    expected |= {"WEIGHTS": wire.WEIGHTED, "FULL_SCALE": wire.full_scale(24)}
    expected |= {"MAX_VALUES": wire.samples_that_fit(wire.MAX_MESSAGE, 1)}
    assert defined == expected


@one_run
@given(st.lists(any_message, min_size=50, max_size=50))
def test_random_messages_go_from_python_to_c_and_back(sanitized: Driver, sent: list[Message]) -> None:
    read = sanitized.ask(*[f"decode {encode(m).hex()}" for m in sent])
    assert read == [line(m) for m in sent]
    written = sanitized.ask(*[f"encode {text}" for text in read])
    assert [decode(bytes.fromhex(text)) for text in written] == sent


@one_run
@given(st.lists(st.binary(min_size=1, max_size=60), min_size=50, max_size=50), st.sampled_from(sorted(wire.TYPES)))
def test_random_bytes_mean_the_same_in_c_and_in_python(sanitized: Driver, bodies: list[bytes], kind: int) -> None:
    received = [*bodies, *[bytes([kind]) + body for body in bodies]]
    for data, said in zip(received, sanitized.ask(*[f"decode {data.hex()}" for data in received]), strict=True):
        ours = decode(data)
        if isinstance(ours, wire.Identity):  # Python makes the name printable
            assert said.split()[:-1] == line(ours).split()[:-1]
        else:
            assert said == line(ours)


@one_run
@given(
    st.lists(st.lists(st.one_of(st.binary(max_size=300), any_message.map(frame)), max_size=6), min_size=30, max_size=30)
)
def test_a_random_line_is_cut_the_same_in_c_and_in_python(sanitized: Driver, lines: list[list[bytes]]) -> None:
    streams = [b"".join(parts) for parts in lines]
    for data, said in zip(streams, sanitized.ask(*[f"feed {data.hex() or '-'}" for data in streams]), strict=True):
        words = said.split()
        theirs = [
            Corrupt(int(rest)) if verdict == "corrupt" else decode(bytes.fromhex(rest))
            for verdict, rest in zip(words[::2], words[1::2], strict=True)
        ]
        assert theirs == SerialDecoder().feed(data)


def test_a_count_beyond_24_bits_saturates_in_c_as_in_python(sanitized: Driver) -> None:
    beyond = (2**31 - 1, 2**23, -(2**23) - 1, -(2**31))
    sent = sanitized.ask("encode samples 0 0 0 1 4 " + " ".join(map(str, beyond)))[0]
    assert sanitized.ask(f"decode {sent}") == ["samples 0 0 0 1 4 8388607 8388607 -8388607 -8388607"]


@pytest.mark.parametrize("shape", ["0 3", "3 0", "1 13", "26 3", "76 1", "255 255"])
def test_samples_that_no_message_can_carry_are_not_encoded(sanitized: Driver, shape: str) -> None:
    assert sanitized.ask(f"encode samples 0 0 0 {shape}") == ["short"]


def test_a_buffer_too_small_is_told_and_never_overrun(sanitized: Driver) -> None:
    every = vectors("messages.json")
    assert set(sanitized.ask(*[f"room {v['hex']}" for v in every])) == {"0"}
    assert set(sanitized.ask(*[f"small {line(message(v))}" for v in every])) == {"0"}


@pytest.mark.parametrize("coded", ["-", "00", "05010203", "0301", "03010001", "ff0102"])
def test_a_block_that_is_no_cobs_is_invalid(sanitized: Driver, coded: str) -> None:
    assert sanitized.ask(f"uncobs {coded}") == ["invalid"]


def test_the_library_takes_nothing_of_libc_but_string_h() -> None:
    allowed = {"<stdbool.h>", "<stddef.h>", "<stdint.h>", "<string.h>"}
    for path in sorted(C.glob("eb_*.[ch]")):
        assert set(re.findall(r"#include (<.*>)", path.read_text())) <= allowed, path.name
