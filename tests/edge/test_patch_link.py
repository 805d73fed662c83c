import itertools

import numpy as np
import pytest
from patch_talk import (
    COUNT_PV,
    FRAME,
    PATCH,
    RATE,
    WEIGHTS,
    Talk,
    channel,
    description,
    identity,
    indices,
    of_kind,
    samples,
    status,
)

from edge.errors import Reason, SourceLost
from edge.sources.items import Battery, Button, Contact, Corruption, Described, Restarted, Suspected, Upto
from edge.sources.patch import HELLO_TRIES, MAX_WAITING, STRAYS
from edge.timeline import Cause, Chunk, Timeline
from firmware_bridge.framing import Corrupt
from firmware_bridge.messages import (
    BUTTON,
    CHARGING,
    MAJOR,
    MINOR,
    NO_VALUE,
    OK,
    UNKNOWN_BATTERY,
    Ack,
    Channel,
    Event,
    Hello,
    Malformed,
    Samples,
    Start,
    Stop,
    Unknown,
    full_scale,
)


def refused(talk, *messages, reason=Reason.PROTOCOL):
    with pytest.raises(SourceLost) as lost:
        talk.say(*messages)
    assert lost.value.exit_code == 5
    assert lost.value.reason is reason
    assert str(lost.value).startswith("/dev/ttyX: ")
    return str(lost.value)


# who is there


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_a_patch_is_described_whatever_the_order_in_which_it_says_it(order):
    talk = Talk(described=())
    parts = description()
    items = talk.say(*(parts[k] for k in order))
    (who,) = items
    assert isinstance(who, Described)
    assert who.montage.names == PATCH
    assert (who.name, who.device_id, who.firmware, who.rate) == ("patch", f"{0xABC:016x}", "1.2.3", RATE)
    assert who.uv_per_count == (1.0, 1.0, 1.0)
    assert talk.link.described
    assert talk.asked(Start)


def test_what_is_said_again_is_no_news():
    talk = Talk()
    assert talk.say(*description(), *description()[::-1]) == []
    assert indices(talk.stream(0, 2)) == [(0, 10), (10, 10)]
    assert talk.say(*description()) == []
    assert indices(talk.stream(20, 1)) == [(20, 10)]


def test_the_patch_is_asked_who_it_is_when_the_link_comes_up():
    talk = Talk(described=())
    talk.link.greet()
    assert talk.asked(Hello)
    assert not talk.asked(Start), "first it must say who it is"


def test_samples_that_come_before_the_description_wait_for_it_and_none_is_lost():
    talk = Talk(described=())
    assert talk.stream(500, 8) == []
    assert talk.asked(Hello), "it is asked again"
    items = talk.say(*description())
    assert isinstance(items[0], Described)
    assert indices(items) == [(500 + 10 * k, 10) for k in range(8)]


def test_a_nameless_patch_is_called_by_its_number():
    talk = Talk(described=())
    (who,) = talk.say(*description(name=""))
    assert who.name == f"{0xABC:016x}"


def test_a_patch_that_never_describes_a_channel_is_asked_again_and_refused_in_the_end():
    talk = Talk(described=())
    talk.say(identity(3), channel(0, "II"), channel(2, "V5"))
    for _ in range(HELLO_TRIES - 1):
        talk.say(Ack(Hello.TYPE, 1, OK))
        assert talk.asked(Hello)
    assert "channel 1" in refused(talk, Ack(Hello.TYPE, 1, OK))


@pytest.mark.parametrize(
    ("messages", "named"),
    [
        ([identity(major=MAJOR + 1)], ["protocol 2.0", "1.0", "update edge-ecg"]),
        ([identity(major=0)], ["protocol 0.0", "firmware"]),
        (description(rate_mhz=500), ["0.5 samples a second", "50 to 4000 Hz"]),
        (description(adc_bits=32), ["32 bits", "12 to 24"]),
        ([identity(1), channel(0, "II", gain=10)], ["channel 0", "makes no sense", "pV"]),
        ([identity(1), channel(0, "II", gain=10**9)], ["channel 0", "makes no sense"]),
        ([identity(1), Channel(0, COUNT_PV, (0,) * 9)], ["channel 0", "zero"]),
        ([identity(1), Channel(0, COUNT_PV, (12, *(0,) * 8))], ["channel 0", "sum to +12"]),
        ([identity(1), Channel(0, COUNT_PV, (1, -1, *(0,) * 7))], ["channel 0", "sum to 1"]),
        ([identity(1), Channel(4, COUNT_PV, WEIGHTS["II"])], ["channel 0"]),
    ],
)
def test_a_patch_whose_description_makes_no_sense_is_refused_with_what_is_wrong(messages, named):
    text = refused(Talk(described=()), *messages)
    for word in named:
        assert word in text


def test_a_later_minor_version_is_welcome():
    talk = Talk(described=())
    assert len(of_kind(talk.say(*description(minor=MINOR + 7)), Described)) == 1


# which of its channels


def test_channels_are_chosen_by_name_and_come_in_the_order_asked_for():
    talk = Talk(channels=("v5", "II"), described=())
    (who,) = talk.say(*description())
    assert who.montage.names == ("V5", "II")
    (chunk,) = of_kind(talk.say(samples(0)), Chunk)
    assert np.allclose(chunk.mv[0], [2.0, 0])


def test_a_channel_the_patch_does_not_have_is_told():
    text = refused(Talk(channels=("II", "V2"), described=()), *description(), reason=Reason.NO_LEADS)
    assert "V2" in text
    assert "II, V1, V5" in text


def test_channels_that_are_no_leads_are_named_in_order():
    odd = [identity(2), Channel(0, COUNT_PV, WEIGHTS["CH"]), Channel(1, COUNT_PV, tuple(-w for w in WEIGHTS["CH"]))]
    text = refused(Talk(described=()), *odd, reason=Reason.NO_LEADS)
    assert "--channels" in text
    (who,) = Talk(channels=("V2", "V5"), described=()).say(*odd)
    assert who.montage.names == ("V2", "V5")


def test_a_bipolar_channel_beside_a_lead_keeps_its_weights():
    (who,) = Talk(described=()).say(*description(("II", "CH")))
    assert who.montage.names == ("II", "CH2")
    assert np.allclose(who.montage.rows[1], [0, 0, -1, 0, 0, 0, 1, 0])


# its samples


def test_counts_become_millivolts():
    (chunk,) = of_kind(Talk().say(samples(70, count=2)), Chunk)
    assert chunk.index == 70
    assert chunk.mv.dtype == np.float32
    assert np.allclose(chunk.mv, [[0.07, 1.07, 2.07], [0.071, 1.071, 2.071]])


def test_the_index_goes_on_where_32_bits_end():
    talk = Talk()
    first = 2**32 - 25
    items = talk.stream(first, 6)
    assert indices(items) == [(first + 10 * k, 10) for k in range(6)]
    (late,) = indices(talk.say(samples(first)))
    assert late == (first, 10), "a frame from before the wrap is put before it"


@pytest.mark.parametrize("bits", [12, 16, 24])
def test_a_saturated_sample_and_one_without_a_value_are_no_signal(bits):
    talk = Talk(described=())
    gain = {12: 4_000_000, 16: 1_000_000, 24: 100_000}[bits]
    talk.say(identity(2, adc_bits=bits), channel(0, "II", gain), channel(1, "V5", gain))
    top = full_scale(bits)
    counts = np.array([[top, 0], [-top, 1], [top - 1, 2], [1 - top, 3], [NO_VALUE, 4], [-top - 1, 5]], np.int32)
    (chunk,) = of_kind(talk.say(Samples(0, 0, 0, counts)), Chunk)
    assert np.isnan(chunk.mv[:, 0]).tolist() == [True, True, False, False, True, True]
    assert np.allclose(chunk.mv[:, 1], np.arange(6) * gain * 1e-9)


@pytest.mark.parametrize(
    ("electrode", "lost"),
    [("LL", ["II", "V1", "V5"]), ("V5", ["V5"]), ("V3", []), ("RL", ["II", "V1", "V5"])],
)
def test_an_electrode_off_takes_the_channels_that_weigh_it(electrode, lost):
    talk = Talk()
    talk.stream(0, 2)
    items = talk.say(samples(20, off=[electrode]))
    (chunk,) = of_kind(items, Chunk)
    assert [name for name, nan in zip(PATCH, np.isnan(chunk.mv).all(axis=0), strict=True) if nan] == lost
    assert np.isfinite(chunk.mv[:, [name not in lost for name in PATCH]]).all()
    assert of_kind(items, Contact) == ([Contact(frozenset(lost))] if lost else [])
    items = talk.say(samples(30, off=[electrode]), samples(40))
    assert of_kind(items, Contact) == ([Contact(frozenset())] if lost else []), "told once, and once that it is back"
    assert np.isfinite(of_kind(items, Chunk)[-1].mv).all()


def test_a_late_frame_says_nothing_new_of_the_electrodes():
    talk = Talk()
    talk.stream(0, 3)
    items = talk.say(samples(40), samples(30, off=["V5"]))
    assert of_kind(items, Contact) == []
    assert np.isnan(of_kind(items, Chunk)[-1].mv[:, 2]).all()


def test_samples_of_another_number_of_channels_are_no_samples():
    talk = Talk()
    talk.stream(0, 2)
    items = talk.say(samples(20, channels=2))
    assert items == [Corruption(FRAME * 2 * 3), Suspected(Cause.CORRUPT)]
    assert indices(talk.say(samples(30))) == [(30, 10)]


def test_bytes_that_were_no_message_are_counted_and_suspected():
    talk = Talk()
    talk.stream(0, 1)
    for message in (Corrupt(7), Malformed(3, 7)):
        assert talk.say(message) == [Corruption(7), Suspected(Cause.CORRUPT)]


def test_messages_nobody_knows_and_commands_echoed_are_ignored():
    talk = Talk()
    talk.stream(0, 1)
    assert talk.say(Unknown(0x60, b"future"), Hello(1, 1, 0), Start(2), Stop(3), Ack(0x99, 1, 1)) == []
    assert not talk.link.ended


def test_one_index_gone_wrong_opens_no_gap_of_hours():
    talk = Talk()
    talk.stream(0, 5)
    assert talk.say(samples(50 + 7200 * RATE)) == []
    assert talk.asked(Hello)
    assert talk.say(*description()) == [Corruption(FRAME * 9), Suspected(Cause.CORRUPT)]
    assert indices(talk.stream(50, 3)) == [(50, 10), (60, 10), (70, 10)]


def test_an_index_gone_wrong_for_good_is_a_new_count_in_the_end():
    talk = Talk()
    talk.stream(0, 5)
    far = 7200 * RATE
    items = []
    for k in range(STRAYS + 5):
        items += talk.say(samples(far + FRAME * k), *description())
    assert len(of_kind(items, Corruption)) == STRAYS - 1
    (restart,) = of_kind(items, Restarted)
    assert restart.lost == pytest.approx((STRAYS - 1) * FRAME, abs=FRAME)
    assert indices(items)[0] == (far + FRAME * (STRAYS - 1), FRAME)


# it goes and comes back


def test_after_a_reboot_the_time_that_passed_is_told_by_the_hosts_clock():
    talk = Talk()
    talk.stream(0, 10)
    talk.now_s += 3.0
    talk.say(*description(boot_id=2))
    assert talk.asked(Start), "a patch that has started anew must be told to stream"
    items = talk.stream(0, 3)
    assert of_kind(items, Restarted) == [Restarted(3 * RATE)]
    assert indices(items) == [(0, 10), (10, 10), (20, 10)]
    assert isinstance(items[0], Restarted), "before the samples it is about"


def test_a_reboot_nobody_saw_is_noticed_by_samples_from_the_past_and_costs_none():
    talk = Talk()
    talk.stream(90_000, 10)
    talk.now_s += 1.0
    assert talk.stream(0, 4) == [], "it is not certain yet what they are"
    assert talk.asked(Hello)
    items = talk.say(*description(boot_id=2)) + talk.stream(40, 1)
    assert of_kind(items, Restarted) == [Restarted(RATE)]
    assert indices(items) == [(10 * k, 10) for k in range(5)]


def test_samples_from_the_past_of_the_same_boot_are_late_and_no_reboot():
    talk = Talk()
    talk.stream(0, 100)
    talk.say(samples(20))
    items = talk.say(*description())
    assert of_kind(items, Restarted) == []
    assert indices(items) == [(20, 10)], "the timeline knows them already"


def test_after_a_silence_samples_of_the_same_boot_go_on_in_their_place():
    talk = Talk()
    talk.stream(0, 3)
    talk.now_s += 5
    talk.link.greet()
    assert talk.asked(Start)
    items = talk.stream(30 + 5 * RATE, 2)
    items += talk.say(*description())
    assert of_kind(items, Restarted) == []
    assert indices(items) == [(30 + 5 * RATE, 10), (40 + 5 * RATE, 10)]


def test_a_host_that_slept_for_hours_finds_a_hole_of_that_length():
    """Its clock goes on while it sleeps, so the patch's index is believed however far it has come."""
    talk, timeline, asleep = Talk(), Timeline(PATCH, RATE), 5 * 3600 * RATE
    items = talk.stream(0, 10)
    talk.now_s += asleep / RATE
    items += talk.stream(100 + asleep, 30) + talk.say(*description())
    assert of_kind(items, Restarted) == []
    for item in of_kind(items, Chunk):
        timeline.push(item)
    timeline.flush()
    assert timeline.lost == {Cause.MISSING: asleep}
    assert timeline.emitted == 100 + asleep + 300


def test_where_nobody_answers_what_waits_is_bounded_and_comes_out():
    talk = Talk()
    talk.stream(0, 3)
    talk.link.greet()
    frames = MAX_WAITING + 50
    assert indices(talk.stream(30, frames)) == [(30 + FRAME * k, FRAME) for k in range(frames)]
    assert talk.link.settle() == []


@pytest.mark.parametrize(
    ("messages", "named"),
    [
        (description(device_id=0xDEF), "another patch came back"),
        (description(rate_mhz=500_000), "another rate"),
        (description(("II", "V1")), "another rate or number of channels"),
        ([channel(1, "V1", gain=COUNT_PV + 1)], "channel 1 changed"),
        ([channel(1, "V5")], "channel 1 changed"),
        (description(major=2), "protocol 2.0"),
    ],
)
def test_what_comes_back_must_be_what_went(messages, named):
    talk = Talk()
    talk.stream(0, 3)
    assert named in refused(talk, *messages)


# what else it says


def test_a_status_says_what_must_have_come():
    talk = Talk()
    talk.stream(0, 3)
    assert talk.say(status(30)) == [Upto(30)]
    assert talk.say(status(50)) == [Upto(50)]
    assert talk.say(status(20)) == [], "an old one says nothing new"


def test_a_status_before_the_first_samples_says_from_where_on_they_count():
    talk = Talk()
    talk.say(status(100))
    items = talk.say(samples(120))
    assert of_kind(items, Upto) == [Upto(100)]
    assert indices(items) == [(120, 10)]


def test_a_patch_that_has_stopped_streaming_has_ended():
    talk = Talk()
    talk.stream(0, 3)
    talk.say(status(30))
    assert not talk.link.ended
    assert talk.say(status(60, flags=0)) == [Upto(60)], "three frames at its end were lost"
    assert talk.link.ended


def test_a_patch_that_has_not_begun_has_not_ended():
    talk = Talk()
    talk.say(status(0, flags=CHARGING))
    assert not talk.link.ended


def test_a_patch_that_streams_is_told_to_stop_and_one_that_does_not_is_left_alone():
    talk = Talk()
    talk.link.stop()
    assert not talk.asked(Stop)
    talk.stream(0, 1)
    talk.link.stop()
    assert talk.asked(Stop)


def test_the_battery_is_told_when_it_changes():
    talk = Talk()
    talk.stream(0, 1)
    levels = [UNKNOWN_BATTERY, 80, 80, UNKNOWN_BATTERY, 80, 79]
    told = [item for level in levels for item in of_kind(talk.say(status(10, battery=level)), Battery)]
    assert told == [Battery(80), Battery(79)]


def test_the_button_is_told_with_its_place():
    talk = Talk()
    first = 2**32 - 20
    talk.stream(first, 3)
    assert talk.say(Event(0, 3, BUTTON)) == [Button(2**32 + 3)]
    assert talk.say(Event(0, 3, BUTTON + 1)) == []


# all of it


@pytest.mark.parametrize("seed", range(5))
def test_whatever_the_line_does_samples_keep_their_places_and_losses_are_counted(seed):
    rng = np.random.default_rng(seed)
    talk, timeline, blocks = Talk(), Timeline(PATCH, RATE), []
    first, frames = 2**32 - 2000, 400
    order = np.argsort(np.arange(frames) + rng.uniform(0, 3, frames))
    kept = {0, frames - 1}
    for k in order.tolist():
        copies = int(rng.choice([0, 1, 1, 1, 1, 1, 2])) if k not in (0, frames - 1) else 1
        kept |= {k} if copies else set()
        for item in talk.say(*[samples(first + FRAME * k)] * copies, *([Corrupt(9)] if rng.random() < 0.1 else [])):
            match item:
                case Chunk():
                    blocks += timeline.push(item)
                case Suspected(cause):
                    timeline.suspect(cause)
    blocks += timeline.flush()
    mv = np.concatenate([b.mv for b in blocks])
    origin = timeline.origin
    expected = (origin + np.arange(len(mv))) % 1_000_000
    there = np.isfinite(mv[:, 0])
    assert np.allclose(mv[there, 0], expected[there] * 0.001)
    came = [k for k in sorted(kept) if first + FRAME * k >= origin]
    assert there.sum() == len(came) * FRAME
    assert timeline.emitted == timeline.received + sum(timeline.lost.values())
    assert len(mv) == FRAME * frames - (origin - first)
