from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from firmware_bridge.framing import SerialDecoder, frame
from firmware_bridge.messages import (
    BAD_ARGUMENT,
    CAN_RESEND,
    NO_VALUE,
    NOT_AVAILABLE,
    OK,
    STREAMING,
    UNKNOWN_COMMAND,
    Ack,
    Channel,
    Hello,
    Identity,
    Message,
    Resend,
    Samples,
    SetRate,
    Start,
    Status,
    Stop,
    Unknown,
)
from firmware_bridge.patch import GAIN_PV_PER_COUNT, VirtualPatch
from firmware_bridge.source import Millivolts, Recorded

RATE_MHZ = 500_000
MV_PER_COUNT = GAIN_PV_PER_COUNT / 1e9
LEAD_I, LEAD_II, CHEST = (-12, 12, 0, 0, 0, 0, 0, 0, 0), (-12, 0, 12, 0, 0, 0, 0, 0, 0), (-4, -4, -4, 0, 0, 0, 0, 12, 0)
CHANNELS = [Channel(k, GAIN_PV_PER_COUNT, weights) for k, weights in enumerate((LEAD_I, LEAD_II, CHEST))]


def signal(seconds: float = 12.0, seed: int = 7) -> Millivolts:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 1.5, (round(seconds * RATE_MHZ / 1000), 3)).astype(np.float32)


def patch_of(mv: Millivolts, **settings: object) -> VirtualPatch:
    return VirtualPatch(Recorded(mv, RATE_MHZ), CHANNELS, **settings)  # type: ignore[arg-type]


def samples_in(messages: list[Message]) -> list[Samples]:
    return [m for m in messages if isinstance(m, Samples)]


def counts_in(messages: list[Message]) -> np.ndarray:
    return np.concatenate([m.counts for m in samples_in(messages)])


def test_the_millivolts_come_through_the_wire_to_half_a_count():
    mv = signal()
    line = b"".join(frame(m) for m in patch_of(mv).advance(len(mv) + 1))
    counts = np.concatenate([m.counts for m in SerialDecoder().feed(line) if isinstance(m, Samples)])
    assert counts.shape == mv.shape
    assert np.abs(counts * MV_PER_COUNT - mv).max() <= 0.5001 * MV_PER_COUNT


def test_a_sample_the_source_has_not_is_sent_as_no_value_and_what_is_too_large_as_full_scale():
    mv = signal(0.02)
    mv[3, 1], mv[4, 0], mv[5, 2] = np.nan, 1e5, -1e5
    counts = counts_in(patch_of(mv).advance(10))
    assert counts[3, 1] == NO_VALUE
    assert (counts[4, 0], counts[5, 2]) == ((1 << 23) - 1, -(1 << 23) + 1)
    assert (counts == NO_VALUE).sum() == 1


def test_a_narrower_converter_saturates_at_its_own_full_scale():
    mv = np.full((10, 3), 300.0, np.float32)
    assert counts_in(patch_of(mv, adc_bits=16).advance(10)).max() == (1 << 15) - 1


def test_the_messages_are_the_same_however_the_patch_is_advanced():
    mv = signal()
    whole = patch_of(mv).advance(len(mv) + 1)
    patch, cut = patch_of(mv), []
    rng = np.random.default_rng(1)
    while not patch.finished:
        cut += patch.advance(int(rng.integers(1, 60)))
    assert cut == whole


def test_a_message_holds_twenty_milliseconds_and_the_last_one_the_rest():
    sizes = [len(m.counts) for m in samples_in(patch_of(signal(1)[:497]).advance(1000))]
    assert sizes == [10] * 49 + [7]


def test_twelve_channels_still_fit_a_message():
    channels = [Channel(k, GAIN_PV_PER_COUNT, LEAD_I) for k in range(12)]
    patch = VirtualPatch(Recorded(np.zeros((600, 12), np.float32), RATE_MHZ), channels)
    messages = patch.advance(600)
    assert counts_in(messages).shape == (600, 12)
    assert len([frame(message) for message in messages]) > 100


def test_the_patch_introduces_itself_before_its_first_sample_and_every_five_seconds():
    messages = patch_of(signal()).advance(6000)
    assert isinstance(messages[0], Identity)
    assert messages[1:4] == CHANNELS
    at = [messages[k + 5].index for k, m in enumerate(messages) if isinstance(m, Identity)]
    assert at == [0, 2500, 5000]


def test_a_status_comes_every_second_and_tells_the_next_sample():
    messages = patch_of(signal()).advance(2000)
    status = [(m.index, m.clock_us, m.flags) for m in messages if isinstance(m, Status)]
    assert status == [(500 * k, 1_000_000 * k, STREAMING) for k in range(4)]
    for before, after in pairwise(messages):
        if isinstance(before, Status) and isinstance(after, Samples):
            assert after.index == before.index


def test_at_its_end_the_patch_says_where_that_was_and_that_it_has_stopped():
    last = patch_of(signal(1)[:497]).advance(1000)[-1]
    assert isinstance(last, Status)
    assert (last.index, last.flags & STREAMING) == (497, 0)


def test_the_clock_is_the_sample_index_in_microseconds():
    messages = samples_in(patch_of(signal()).advance(6000))
    assert all(m.clock_us == m.index * 2000 for m in messages)


def test_hello_is_answered_with_who_the_patch_is():
    patch = patch_of(signal())
    who, *channels, ack = patch.command(Hello(9, 1, 0))
    assert isinstance(who, Identity)
    assert channels == CHANNELS
    assert ack == Ack(Hello.TYPE, 9, OK)


def test_stop_sends_what_is_sampled_and_the_index_goes_on():
    patch = patch_of(signal())
    patch.advance(105)
    rest, status, ack = patch.command(Stop(1))
    assert not status.flags & STREAMING
    assert isinstance(rest, Samples)
    assert (rest.index, len(rest.counts), ack) == (100, 5, Ack(Stop.TYPE, 1, OK))
    assert not samples_in(patch.advance(1000))
    ack, status = patch.command(Start(2))
    assert ack == Ack(Start.TYPE, 2, OK)
    assert status.flags & STREAMING
    assert samples_in(patch.advance(20))[0].index == 1105
    assert patch.log.lost == {"stopped": 1000}


def test_resend_gives_the_samples_of_the_last_ten_seconds_again():
    patch = patch_of(signal(), ring_s=10.0)
    sent = counts_in(patch.advance(6000))
    ack, *again = patch.command(Resend(3, 2345, 100))
    assert ack == Ack(Resend.TYPE, 3, OK)
    assert again[0].index == 2345
    assert np.array_equal(counts_in(again), sent[2345:2445])


def test_resend_gives_what_it_still_holds_and_no_sample_that_was_not_sent_yet():
    patch = patch_of(signal(), ring_s=10.0)
    patch.advance(5995)
    held = counts_in(patch.command(Resend(3, 900, 100_000))[1:])
    assert len(held) == 5990 - 995
    assert patch.command(Resend(4, 0, 100)) == [Ack(Resend.TYPE, 4, NOT_AVAILABLE)]
    assert patch.command(Resend(5, 5990, 100)) == [Ack(Resend.TYPE, 5, NOT_AVAILABLE)]
    assert patch.command(Resend(6, 5000, 0)) == [Ack(Resend.TYPE, 6, BAD_ARGUMENT)]


def test_the_index_wraps_and_resend_reaches_across():
    patch = patch_of(signal(), ring_s=10.0, first_index=(1 << 32) - 100)
    messages = samples_in(patch.advance(200))
    assert [m.index for m in messages[9:11]] == [(1 << 32) - 10, 0]
    again = samples_in(patch.command(Resend(1, (1 << 32) - 5, 10)))
    assert np.array_equal(counts_in(again), counts_in(messages)[95:105])


def test_a_patch_without_a_ring_says_that_it_cannot_resend_and_does_not():
    patch = patch_of(signal())
    identity, *_ = patch.advance(1000)
    assert isinstance(identity, Identity)
    assert not identity.capabilities & CAN_RESEND
    assert patch.command(Resend(1, 100, 100)) == [Ack(Resend.TYPE, 1, NOT_AVAILABLE)]
    with_ring, *_ = patch_of(signal(), ring_s=1.0).advance(10)
    assert isinstance(with_ring, Identity)
    assert with_ring.capabilities & CAN_RESEND


def test_another_rate_begins_at_zero_under_a_new_boot_id_and_goes_on_with_the_signal():
    ramp = np.repeat(np.arange(6000, dtype=np.float32)[:, None] / 100, 3, axis=1)
    source = Recorded(ramp, RATE_MHZ, resample=lambda rate_mhz: ramp[:: RATE_MHZ // rate_mhz])
    patch = VirtualPatch(source, CHANNELS, boot_id=5)
    patch.advance(1000)
    ack, who, *_ = patch.command(SetRate(2, 250_000))
    assert ack == Ack(SetRate.TYPE, 2, OK)
    assert isinstance(who, Identity)
    assert (who.rate_mhz, who.boot_id != 5) == (250_000, True)
    first = samples_in(patch.advance(10))[0]
    assert (first.index, first.clock_us) == (0, 0)
    assert first.counts[:2, 0] * MV_PER_COUNT == pytest.approx([10.0, 10.02], abs=MV_PER_COUNT)


def test_a_rate_that_cannot_be_had_is_refused_and_nothing_changes():
    patch = patch_of(signal(), boot_id=5)
    assert patch.command(SetRate(2, 250_000)) == [Ack(SetRate.TYPE, 2, NOT_AVAILABLE)]
    assert patch.command(SetRate(3, 0)) == [Ack(SetRate.TYPE, 3, BAD_ARGUMENT)]
    assert (patch.boot_id, patch.rate) == (5, 500.0)


def test_an_unknown_command_is_acknowledged_as_such_and_a_message_that_is_none_is_ignored():
    patch = patch_of(signal())
    assert patch.command(Unknown(0xC0, b"\x07rest")) == [Ack(0xC0, 7, UNKNOWN_COMMAND)]
    assert patch.command(Unknown(0x33, b"")) == []
    assert patch.command(Ack(0x81, 1, OK)) == []


def test_a_reboot_is_silent_then_begins_at_zero_and_what_passed_meanwhile_is_counted():
    patch = patch_of(signal())
    sent = counts_in(patch.advance(1005))
    patch.reboot(silent_samples=500)
    assert patch.advance(250) == []
    assert patch.command(Hello(1, 1, 0)) == []
    messages = patch.advance(10_000)
    assert isinstance(messages[0], Identity)
    first = samples_in(messages)[0]
    assert (first.index, first.clock_us) == (0, 0)
    assert patch.log.lost == {"reboot": 505}
    assert len(sent) + len(counts_in(messages)) + 505 == patch.log.sampled == 6000


def test_a_signal_that_ends_during_a_reboot_is_told_under_the_new_boot_id():
    patch = patch_of(signal(4))
    patch.advance(1000)
    patch.reboot(silent_samples=5000)
    who, *channels, last = patch.advance(10_000)[: len(CHANNELS) + 2]
    assert isinstance(who, Identity)
    assert who.boot_id != 1
    assert channels == CHANNELS
    assert isinstance(last, Status)
    assert (last.index, last.flags & STREAMING) == (0, 0)
    assert patch.log.lost == {"reboot": 1000}


def test_start_after_the_end_is_answered_with_a_status_that_says_so():
    patch = patch_of(signal(1))
    patch.advance(1000)
    ack, status = patch.command(Start(4))
    assert ack == Ack(Start.TYPE, 4, OK)
    assert isinstance(status, Status)
    assert (status.index, status.flags & STREAMING) == (500, 0)


def test_a_recording_is_repeated_without_a_seam_for_as_long_as_asked():
    mv = signal(1)
    source = Recorded(mv, RATE_MHZ, loop=True, seconds=2.5)
    taken = [source.take(n)[0] for n in (300, 700, 400)]
    assert np.array_equal(np.concatenate(taken), np.concatenate([mv, mv, mv[:250]]))


@pytest.mark.parametrize("size", [0, 26])
def test_a_message_size_that_does_not_fit_is_refused(size):
    with pytest.raises(ValueError, match=f"{size} samples of 3 channels a message: 1 to 25 fit"):
        patch_of(signal(1), samples_per_message=size)
