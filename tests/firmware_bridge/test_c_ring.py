"""The C ring against the virtual patch's answers, and against a dictionary of what it was given."""

from __future__ import annotations

import numpy as np
import pytest
from c_library import Driver
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from firmware_bridge import messages as wire
from firmware_bridge.messages import Ack, Channel, Resend, Samples
from firmware_bridge.patch import VirtualPatch
from firmware_bridge.source import Millivolts, Source

RATE_MHZ = 500_000
PERIOD_US = 2000
COUNT_PV = 1_000_000  # 1 uV
WEIGHTS = (-12, 0, 12, 0, 0, 0, 0, 0, 0)

one_run = settings(  # every example is a process
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def codes(at: np.ndarray, channels: int) -> np.ndarray:
    """What test/ring.c takes as sample `at`."""
    return (at[:, None] * 37 + np.arange(channels) * 1001) % 65536 - 32768


def electrodes(at: np.ndarray) -> np.ndarray:
    return (at // 50 % 512).astype(np.uint16)


class Numbered:
    """Samples that say which they are, of an index that begins at `first`."""

    rate_mhz = RATE_MHZ

    def __init__(self, first: int, channels: int) -> None:
        self._next, self._channels = first, channels

    def take(self, count: int) -> tuple[Millivolts, np.ndarray]:
        at = np.arange(self._next, self._next + count)
        self._next += count
        return (codes(at, self._channels) * (COUNT_PV / 1e9)).astype(np.float32), electrodes(at)

    def at_rate(self, rate_mhz: int) -> Source | None:
        return None


def virtual(channels: int, slots: int, first: int, taken: int, step: int) -> VirtualPatch:
    described = [Channel(k, COUNT_PV, WEIGHTS) for k in range(channels)]
    patch = VirtualPatch(
        Numbered(first, channels),
        described,
        first_index=first,
        samples_per_message=step,
        ring_s=slots * 1000 / RATE_MHZ,
    )
    patch.advance(taken)
    return patch


def asked(channels: int, slots: int, first: int, taken: int, step: int, wanted: int, count: int, skip: int = 0) -> str:
    unsent = taken - taken % step if skip == 0 else taken
    return f"ring {channels} {slots} {first} {taken} {unsent} {step} {skip} {wanted % 2**32} {count}"


def heard(answer: str) -> tuple[int, list[Samples]]:
    result, *messages = answer.split()
    return int(result), [wire.decode(bytes.fromhex(text)) for text in messages]  # type: ignore[misc]


rings = st.tuples(
    st.integers(1, 12),  # channels
    st.integers(1, 300),  # slots
    st.sampled_from([0, 1000, 2**32 - 200, 2**32 - 7, 2**33 + 5]),  # first
    st.integers(1, 700),  # taken
    st.integers(1, 6),  # step
    st.integers(-50, 750),  # wanted, from first on
    st.sampled_from([0, 1, 7, 60, 400, 2**31 - 1, 2**31]),  # count
)


@one_run
@given(st.lists(rings, min_size=40, max_size=40))
def test_the_ring_answers_as_the_virtual_patch_does(sanitized: Driver, cases: list[tuple[int, ...]]) -> None:
    lines = [asked(*c[:5], c[2] + c[5], c[6]) for c in cases]
    for case, answer in zip(cases, sanitized.ask(*lines), strict=True):
        channels, slots, first, taken, step, wanted, count = case
        patch = virtual(channels, slots, first, taken, step)
        ack, *again = patch.command(Resend(0, (first + wanted) % 2**32, count))
        assert isinstance(ack, Ack)
        assert heard(answer) == (ack.result, again), case


@one_run
@given(st.lists(rings, min_size=40, max_size=40), st.integers(1, 90))
def test_instants_without_samples_are_jumped_over(sanitized: Driver, cases: list[tuple[int, ...]], skip: int) -> None:
    lines = [asked(*c[:5], c[2] + c[5], c[6], skip) for c in cases]
    for case, answer in zip(cases, sanitized.ask(*lines), strict=True):
        channels, slots, first, taken, _, wanted, count = case
        given_to_it = [at for at in range(first, first + taken) if at // skip % 2 == 0]
        last = given_to_it[-1] if given_to_it else first - 1
        held = {at for at in given_to_it if at > last - slots}
        expected = sorted(held & set(range(first + wanted, first + wanted + min(count, 10_000))))
        result, again = heard(answer)
        if not 0 < count < 2**31:
            assert (result, again) == (wire.BAD_ARGUMENT, [])
            continue
        assert result == (wire.OK if expected else wire.NOT_AVAILABLE)
        assert [m.index for m in again] == [at % 2**32 for at in _beginnings(again, expected)]
        assert sum(len(m.counts) for m in again) == len(expected)
        at = 0
        for m in again:
            here = np.array(expected[at : at + len(m.counts)])
            assert np.array_equal(here, np.arange(here[0], here[0] + len(here)))
            assert np.array_equal(m.counts, codes(here, channels))
            assert m.clock_us == here[0] * PERIOD_US
            assert m.electrode_off == np.bitwise_or.reduce(electrodes(here))
            at += len(m.counts)


def _beginnings(messages: list[Samples], expected: list[int]) -> list[int]:
    ends = np.cumsum([0, *(len(m.counts) for m in messages)])[:-1]
    return [expected[k] for k in ends]


def test_a_clock_of_which_32_bits_are_held_is_told_whole(sanitized: Driver) -> None:
    first = 2**32 // PERIOD_US * 5 - 100  # the clock's lowest 32 bits wrap within
    (answer,) = sanitized.ask(asked(2, 300, first, 250, 10, first + 5, 240))
    result, again = heard(answer)
    assert result == wire.OK
    assert [m.clock_us for m in again] == [(first + 5 + 10 * k) * PERIOD_US for k in range(len(again))]


@pytest.mark.parametrize("shape", ["0 10", "13 10", "3 0"])
def test_memory_for_no_sample_is_no_ring(sanitized: Driver, shape: str) -> None:
    assert sanitized.ask(f"ring {shape} 0 10 10 5 0 0 5") == ["none"]


def test_on_a_big_endian_machine_it_answers_the_same(sanitized: Driver, big_endian: Driver) -> None:
    lines = [asked(3, 200, 2**32 - 90, 400, 5, 2**32 - 90 + k, 120) for k in range(0, 400, 50)]
    assert big_endian.ask(*lines) == sanitized.ask(*lines)


# the converter


def test_a_conversion_is_its_codes_and_the_inputs_that_are_off(sanitized: Driver) -> None:
    status, values = "c05af0", "000001" + "ffffff" + "7fffff"
    assert sanitized.ask(f"ads129x 3 {status}{values}") == ["5 175 1 -1 8388607"]


def test_the_converters_lowest_code_is_saturation_and_no_missing_sample(sanitized: Driver) -> None:
    assert sanitized.ask("ads129x 1 c00000800000") == ["0 0 -8388607"]


@pytest.mark.parametrize("frame", ["0 c00000", "9 c00000" + "00" * 27, "2 c00000000001", "1 800000000001", "1 -"])
def test_what_is_no_whole_conversion_is_refused(sanitized: Driver, frame: str) -> None:
    assert sanitized.ask(f"ads129x {frame}") == ["invalid"]
