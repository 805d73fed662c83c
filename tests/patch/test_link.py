from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_bridge.faults import parse_fault
from firmware_bridge.framing import Corrupt, SerialDecoder
from firmware_bridge.link import Link
from firmware_bridge.messages import (
    BUTTON,
    ELECTRODES,
    Channel,
    Event,
    Hello,
    Identity,
    Malformed,
    Resend,
    Samples,
    Status,
    Unknown,
    full_scale,
)
from firmware_bridge.patch import VirtualPatch
from firmware_bridge.source import Recorded

RATE = 250
COUNT_PV = 1_000_000  # 1 uV
LEAD_II, V5 = (-12, 0, 12, 0, 0, 0, 0, 0, 0), (-4, -4, -4, 0, 0, 0, 0, 12, 0)
CHANNELS = [Channel(0, COUNT_PV, LEAD_II), Channel(1, COUNT_PV, V5)]
TOP = full_scale(24)
LINK_FAULTS = (
    "drop:p=0.1",
    "corrupt:p=0.1",
    "duplicate:p=0.2",
    "reorder:p=0.2",
    "burst:s=1,every=4",
    "unplug:at=3,for=2",
    "reboot:at=5.003,for=1.5",
    "garbage:at=2,bytes=700",
    "garbage:at=7,bytes=3",
)


def link_with(*faults: str, seconds: float = 20.0, seed: int = 0, ring_s: float = 0.0) -> Link:
    """A patch whose every sample says how many came before it, in both channels."""
    n = round(seconds * RATE)
    mv = np.repeat(np.arange(n, dtype=np.float32)[:, None] / 1000, 2, axis=1)
    patch = VirtualPatch(Recorded(mv, RATE * 1000), CHANNELS, names=("II", "V5"), ring_s=ring_s)
    return Link(patch, [parse_fault(text) for text in faults], seed=seed)


def line_of(link: Link, step: int = 10_000) -> bytes:
    parts = []
    while not link.finished:
        parts.append(link.bytes(step))
    return b"".join(parts)


def heard(line: bytes) -> list[Samples]:
    return [m for m in SerialDecoder().feed(line) if isinstance(m, Samples)]


def positions(messages: list[Samples]) -> list[int]:
    return [int(count) for m in messages for count in m.counts[:, 0]]


def lost_positions(link: Link, kind: str) -> set[int]:
    return {p for loss in link.log.losses if loss.kind == kind for p in range(loss.first, loss.first + loss.count)}


def test_without_faults_everything_arrives_in_order():
    link = link_with()
    assert positions(heard(line_of(link))) == list(range(5000))
    assert link.log.delivered == link.log.sampled == 5000


@pytest.mark.parametrize("fault", LINK_FAULTS)
def test_what_a_host_hears_is_what_was_sampled_less_what_the_log_says_was_lost(fault):
    link = link_with(fault)
    arrived = set(positions(heard(line_of(link))))
    gone = lost_positions(link, fault.split(":")[0])
    assert arrived.isdisjoint(gone)
    assert arrived | gone == set(range(5000))
    assert link.log.delivered == len(arrived)
    assert link.log.happened[fault.split(":")[0]] > 0


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(LINK_FAULTS), min_size=2, max_size=5), st.integers(0, 1 << 30))
def test_the_account_is_right_for_any_faults_together(faults, seed):
    link = link_with(*faults, seconds=10, seed=seed)
    arrived = set(positions(heard(line_of(link))))
    assert link.log.sampled == 2500 == link.log.delivered + link.log.lost.total()
    assert link.log.delivered == len(arrived)


@pytest.mark.parametrize("fault", [*LINK_FAULTS, "off:at=4,for=3,reads=noise", "mains:uv=30", "saturate:at=2"])
def test_a_seed_gives_the_same_bytes_however_the_patch_is_advanced(fault):
    whole = line_of(link_with(fault, "drop:p=0.05", seed=3))
    assert line_of(link_with(fault, "drop:p=0.05", seed=3), step=7) == whole
    assert line_of(link_with(fault, "drop:p=0.05", seed=4)) != whole


def test_dropped_frames_are_as_many_as_asked():
    link = link_with("drop:p=0.1", seconds=60)
    line_of(link)
    assert link.log.lost["drop"] / link.log.sampled == pytest.approx(0.1, abs=0.02)


def test_a_corrupted_frame_is_never_taken_for_a_message():
    link = link_with("corrupt:p=1", seconds=60)
    found = SerialDecoder().feed(line_of(link))
    assert len(found) > 2000
    assert {type(m) for m in found} == {Corrupt}


def test_a_frame_whose_delimiter_is_hit_takes_the_next_one_with_it():
    link = link_with("corrupt:p=0.1", seconds=60)
    pieces = SerialDecoder().feed(line_of(link))
    merged = [m for m in pieces if isinstance(m, Corrupt) and m.bytes_lost > 80]  # a frame has 51 to 53 bytes here
    assert merged
    assert link.log.delivered == sum(len(m.counts) for m in pieces if isinstance(m, Samples))


def test_duplicates_come_twice_and_count_once():
    link = link_with("duplicate:p=0.3")
    all_heard = positions(heard(line_of(link)))
    assert len(all_heard) > 5500
    assert sorted(set(all_heard)) == list(range(5000))


@pytest.mark.parametrize("depth", [1, 4])
def test_reordered_frames_come_late_by_the_depth_at_most(depth):
    messages = heard(line_of(link_with(f"reorder:p=0.2,depth={depth}")))
    per_message = len(messages[0].counts)
    order = np.array([m.index for m in messages]) // per_message
    overtaken = [int((order[:place] > number).sum()) for place, number in enumerate(order)]
    assert 0 < max(overtaken) <= 2 * depth  # status frames are overtaken too; held ones overtake each other
    assert sorted(order) == list(range(len(order)))


def test_a_burst_holds_frames_and_gives_them_all_at_once():
    link = link_with("burst:s=1,every=4")
    link.bytes(round(2.5 * RATE))
    in_half_seconds = [len(heard(link.bytes(RATE // 2))) for _ in range(5)]
    assert in_half_seconds == [24, 0, 51, 25, 25]  # held from 3.0 until 4.0 s


def test_an_unplugged_patch_goes_on_sampling():
    messages = heard(line_of(link_with("unplug:at=4,for=3")))
    steps = np.diff([m.index for m in messages])
    assert sorted(set(steps.tolist())) == [5, 3 * RATE + 5]
    assert all(m.index == int(m.counts[0, 0]) for m in messages)


def test_the_link_says_when_it_is_down():
    link = link_with("unplug:at=4,for=3")
    link.bytes(round(3.9 * RATE))
    assert link.up
    link.bytes(round(0.2 * RATE))
    assert not link.up
    link.bytes(round(3.0 * RATE))
    assert link.up


def test_a_reboot_begins_a_new_count_under_a_new_boot_id():
    link = link_with("reboot:at=5,for=2")
    found = SerialDecoder().feed(line_of(link))
    boots = {m.boot_id for m in found if isinstance(m, Identity)}
    messages = [m for m in found if isinstance(m, Samples)]
    restart = next(k for k, m in enumerate(messages) if k and m.index == 0)
    assert len(boots) == 2
    assert int(messages[restart - 1].counts[-1, 0]) == 5 * RATE - 1
    assert int(messages[restart].counts[0, 0]) == 7 * RATE
    assert messages[restart].clock_us == 0


def test_drift_is_how_much_faster_the_patch_s_clock_runs():
    assert link_with("drift:ppm=200").clock_ratio == pytest.approx(1.0002, abs=1e-12)
    assert link_with("drift:ppm=-200").clock_ratio == pytest.approx(0.9998, abs=1e-12)


def test_an_electrode_off_sets_its_bit_and_drives_its_channels_to_the_rail():
    found = SerialDecoder().feed(line_of(link_with("off:electrode=V5,at=4,for=3")))
    bit = 1 << ELECTRODES.index("V5")
    off = [m for m in found if isinstance(m, Samples) and m.electrode_off]
    assert {m.electrode_off for m in off} == {bit}
    assert (off[0].index, off[-1].index + len(off[-1].counts)) == (4 * RATE, 7 * RATE)
    assert all((m.counts[:, 1] == TOP).all() for m in off)
    assert positions(off) == list(range(4 * RATE, 7 * RATE))
    assert next(m.index for m in found if isinstance(m, Status) and m.electrode_off == bit) == 4 * RATE + 5


def test_an_electrode_that_all_leads_share_takes_all_channels_along():
    off = [m for m in heard(line_of(link_with("off:electrode=RA,at=4,for=1"))) if m.electrode_off]
    assert all((m.counts == TOP).all() for m in off)


def test_an_open_input_may_read_noise_instead():
    off = [m for m in heard(line_of(link_with("off:electrode=V5,reads=noise"))) if m.electrode_off]
    noise_mv = np.concatenate([m.counts[:, 1] for m in off]) / 1000
    assert 0.3 < noise_mv.std() < 0.7


@pytest.mark.parametrize("channel", ["V5", "v5", "1"])
def test_a_saturated_channel_reads_full_scale_with_no_electrode_off(channel):
    messages = heard(line_of(link_with(f"saturate:channel={channel},at=4,for=3")))
    railed = np.concatenate([m.counts[:, 1] == TOP for m in messages])
    assert np.flatnonzero(railed).tolist() == list(range(4 * RATE, 7 * RATE))
    assert not any(m.electrode_off for m in messages)
    assert positions(messages) == list(range(5000))


def test_a_channel_that_is_not_there_cannot_saturate():
    with pytest.raises(ValueError, match="saturate: channel=V6: must be one of II, V5, 0 to 1"):
        link_with("saturate:channel=V6")


def test_mains_hum_has_the_amplitude_and_frequency_asked_for():
    counts = np.concatenate([m.counts for m in heard(line_of(link_with("mains:uv=200,hz=50")))])
    hum_uv = counts[:, 0] - np.arange(5000)
    spectrum = np.abs(np.fft.rfft(hum_uv)) / 2500
    assert np.argmax(spectrum) == 50 * 20
    assert spectrum.max() == pytest.approx(200, rel=0.01)


def test_garbage_on_the_line_costs_one_frame_at_most():
    link = link_with("garbage:at=4,bytes=5000")
    found = SerialDecoder().feed(line_of(link))
    assert sum(isinstance(m, Corrupt) for m in found) > 0
    assert not any(isinstance(m, Unknown | Malformed | Event) for m in found), BUTTON
    assert link.log.lost["garbage"] in (0, 5)


def test_answers_to_commands_take_the_same_line():
    link = link_with("drop:p=1")
    assert link.command(Hello(1, 1, 0)) == []
    link = link_with(ring_s=10.0)
    link.bytes(1000)
    frames = link.command(Resend(1, 100, 50))
    assert positions(heard(b"".join(sent.data for sent in frames))) == list(range(100, 150))
    delivered = link.log.delivered
    for sent in frames:
        link.arrived(sent)
    assert link.log.delivered == delivered


def test_a_lost_frame_that_is_sent_again_is_lost_no_more():
    link = link_with("drop:p=0.2", seed=3, ring_s=10.0)
    link.bytes(2000)
    before = dict(link.log.lost)
    assert before["drop"] > 0
    while link.log.lost["drop"]:
        loss = link.log.losses[0]
        for sent in link.command(Resend(1, loss.first, loss.count)):
            link.arrived(sent)
    assert link.log.regained == before["drop"]
    assert not link.log.losses
    link.bytes(20_000)
    assert link.log.sampled == link.log.delivered + link.log.lost.total()


def test_what_was_sent_again_before_the_first_copy_was_lost_is_counted_once():
    link = link_with(ring_s=10.0)
    (late, *_) = [sent for sent in link.advance(1000) if sent.fate.samples][-1:]
    first, count = late.fate.first, late.fate.samples
    for sent in link.command(Resend(1, first, count)):
        link.arrived(sent)
    link.lost(late, "drop")
    assert link.log.lost.total() == 0
    assert link.log.delivered == link.log.regained == count
