"""What a host asks a patch for again, and when it stops waiting; over a link's messages, on a clock of the test's."""

import pytest
from patch_talk import FRAME, RATE, Talk, description, indices, of_kind, samples, status

from edge.sources.items import Awaited, Forgone, Restarted, Upto
from edge.sources.resending import ASK_AFTER_S, LONGEST_S, MAX_ASKED, MAX_HOLE_S, PATIENCE_S, PIECE_S, RETRY_S
from firmware_bridge.messages import CAN_RESEND, NOT_AVAILABLE, OK, UNKNOWN_COMMAND, Ack, Resend, Start

OVERTAKEN = round(ASK_AFTER_S * RATE)


def talking(**about):
    talk = Talk(**({"capabilities": CAN_RESEND} | about))
    talk.stream(0, 10)
    talk.link.asking.outgoing.clear()
    return talk


def asked(talk):
    """The ranges asked for since the last time, and their tokens."""
    found = [c for c in talk.link.asking.outgoing if isinstance(c, Resend)]
    talk.link.asking.outgoing.clear()
    return [(c.first, c.count) for c in found], [c.token for c in found]


def after_hole(talk, length, frames=5):
    """Samples that go on after `length` missing ones; what it makes of them."""
    return talk.stream(100 + length, frames)


def test_a_hole_is_asked_for_once_enough_has_come_after_it_and_the_timeline_is_told_before():
    talk = talking()
    assert of_kind(talk.stream(120, 2), Awaited) == []
    items = talk.say(samples(140))
    assert items[0] == Awaited(100, 120)
    assert indices(items) == [(140, FRAME)]
    assert asked(talk) == ([(100, 20)], [pytest.approx(3, abs=5)])


def test_a_frame_that_was_only_overtaken_is_not_asked_for():
    talk = talking()
    items = talk.say(samples(110), samples(100)) + talk.stream(120, 10)
    assert of_kind(items, Awaited) == []
    assert asked(talk) == ([], [])


def test_a_patch_that_cannot_is_not_asked():
    talk = Talk()
    talk.stream(0, 10)
    assert of_kind(after_hole(talk, 20), Awaited) == []
    assert asked(talk)[0] == []


def test_a_hole_longer_than_any_patch_holds_is_not_asked_for():
    talk = talking()
    assert of_kind(after_hole(talk, round(MAX_HOLE_S * RATE) + 1), Awaited) == []
    assert asked(talk)[0] == []


def test_answers_are_samples_in_their_place_however_far_back_and_ask_for_the_next_piece():
    talk = talking()
    piece = round(PIECE_S * RATE)
    after_hole(talk, 4 * piece)
    assert asked(talk)[0] == [(100, piece)]
    items = talk.stream(100, piece // FRAME)
    assert indices(items) == [(100 + FRAME * k, FRAME) for k in range(piece // FRAME)]
    assert sum(count for _, count in asked(talk)[0]) == piece
    items = talk.stream(100 + piece, 3 * piece // FRAME)
    assert of_kind(items, Forgone) == []
    asked(talk)
    talk.stream(100 + 4 * piece + 5 * FRAME, 20)
    assert asked(talk)[0] == [], "all is there"


def test_an_answer_that_never_comes_is_asked_for_again_and_in_the_end_no_more():
    talk = talking()
    after_hole(talk, 20)
    asked(talk)
    told, times = [], 0
    for k in range(round((PATIENCE_S + 1) * RATE / FRAME)):
        told += talk.say(samples(170 + FRAME * k))
        times += len(asked(talk)[0])
    assert times == int(PATIENCE_S / RETRY_S)
    assert of_kind(told, Forgone) == [Forgone(100, 120)]


def test_what_the_patch_no_longer_holds_is_given_up_at_once():
    talk = talking()
    after_hole(talk, 20)
    _, (token,) = asked(talk)
    assert talk.say(Ack(Resend.TYPE, token, NOT_AVAILABLE)) == [Forgone(100, 120)]
    assert talk.say(Ack(Resend.TYPE, token, NOT_AVAILABLE)) == []
    after_hole(talk, 100)
    assert asked(talk)[0] != [], "another hole may be there yet"


def test_a_patch_that_knows_no_such_command_is_not_asked_again():
    talk = talking()
    after_hole(talk, 20)
    _, (token,) = asked(talk)
    assert talk.say(Ack(Resend.TYPE, token, UNKNOWN_COMMAND)) == [Forgone(100, 120)]
    assert of_kind(after_hole(talk, 200), Awaited) == []


def test_what_an_answer_leaves_out_is_asked_for_when_a_later_answer_comes():
    talk = talking()
    talk.say(*(samples(k) for k in range(120, 400, 40)))  # every fourth frame comes
    ranges, _ = asked(talk)
    assert ranges[:2] == [(100, 20), (130, 30)]
    talk.say(samples(110), samples(130))  # of the first hole, only the second half
    assert (100, 10) in asked(talk)[0]


def test_no_more_is_on_its_way_than_a_line_can_take_beside_the_live_samples():
    talk = talking()
    items = talk.say(*(samples(100 + 2 * FRAME * k + FRAME) for k in range(14)))
    assert len(of_kind(items, Awaited)) > MAX_ASKED
    assert len(asked(talk)[0]) == MAX_ASKED


def test_an_answer_after_all_hope_is_gone_raises_no_doubt_about_the_patch():
    talk = talking()
    after_hole(talk, 20)
    _, (token,) = asked(talk)
    talk.say(Ack(Resend.TYPE, token, OK))
    told = talk.stream(170, round((PATIENCE_S + 1) * RATE / FRAME))
    assert of_kind(told, Forgone)
    talk.link.asking.outgoing.clear()
    assert indices(talk.say(samples(100), samples(110))) == [(100, 10), (110, 10)], "for the timeline to count as twice"
    assert talk.link.asking.outgoing == []


def test_a_hole_that_fills_too_slowly_is_given_up():
    talk = talking()
    after_hole(talk, 2000)
    told, at = [], 150 + 2000
    for k in range(round((LONGEST_S + 1) * RATE / FRAME)):
        told += talk.say(samples(at + FRAME * k))
        if k % 20 == 0:
            told += talk.say(samples(100 + FRAME * (k // 20)))
    assert [(gone.end) for gone in of_kind(told, Forgone)] == [2100]


def test_a_reboot_ends_the_waiting():
    talk = talking()
    after_hole(talk, 20)
    asked(talk)
    talk.now_s += 2
    talk.say(*description(boot_id=2, capabilities=CAN_RESEND))
    items = talk.stream(0, 3) + talk.stream(50, 5)
    assert of_kind(items, Restarted)
    assert of_kind(items, Awaited) == [Awaited(30, 50)]
    assert asked(talk)[0] == [(30, 20)]


def test_after_a_return_what_was_on_its_way_is_asked_for_again():
    talk = talking()
    after_hole(talk, 20)
    asked(talk)
    talk.now_s += PATIENCE_S + 2
    talk.link.greet()
    back = 150 + round((PATIENCE_S + 2) * RATE)
    items = talk.stream(back, 5) + talk.say(*description(capabilities=CAN_RESEND))
    assert of_kind(items, Forgone) == []
    assert asked(talk)[0][0] == (100, 20)


def test_the_first_samples_of_all_can_be_had_too():
    talk = Talk(capabilities=CAN_RESEND)
    talk.link.asking.outgoing.clear()
    items = talk.say(status(40)) + talk.stream(60, 5)
    assert of_kind(items, Upto) == [Upto(40)]
    assert of_kind(items, Awaited) == [Awaited(40, 60)]


def test_the_range_asked_for_may_cross_the_wrap():
    talk = Talk(capabilities=CAN_RESEND)
    first = 2**32 - 60
    talk.stream(first, 5)
    talk.link.asking.outgoing.clear()
    items = talk.stream(first + 100, 5)
    assert asked(talk)[0] == [(2**32 - 10, 50)]
    assert indices(talk.say(samples(first + 50), samples(first + 60))) == [(first + 50, 10), (first + 60, 10)]
    assert of_kind(items, Start) == []
