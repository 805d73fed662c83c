"""What a patch's process and its supervisor say to each other."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from edge.blocks import Origin, TwelveLeads
from edge.gateway.link import MOST_WAITING, Outlet, pair, received, told, view_as_json, view_of_json
from edge.gateway.mail import LinkPublisher, Mail, unpacked
from edge.sinks.mqtt_journal import Message, Worth
from edge.sinks.state import ActiveAlert, ViewState
from edge.web import frames
from edge.web.frames import Kind, words


@pytest.fixture
def ends():
    ours, theirs = pair()
    with ours, theirs:
        yield ours, theirs


def block(start: int, samples: int) -> TwelveLeads:
    mv = np.zeros((samples, 12), np.float32)
    return TwelveLeads(start, mv, mv, (Origin.MEASURED,) * 12, {})


def test_frames_arrive_as_they_were_sent_and_in_order(ends):
    ours, theirs = ends
    outlet = Outlet(theirs)
    sent = [*frames.signal(block(500, 1500), 0.0), frames.hole(2000, 2600), words(Kind.EVENT, {"type": "beat"})]
    for frame in sent:
        outlet.put(frame)
    assert [*received(ours, 10)] == sent
    assert [(f.start, f.end) for f in sent[:3]] == [(500, 1500), (1500, 2000), (2000, 2600)]
    assert told(sent[-1]) == {"type": "beat"}


def test_a_supervisor_that_does_not_read_costs_frames_which_are_counted_and_no_time(ends):
    ours, theirs = ends
    outlet = Outlet(theirs)
    (frame,) = frames.signal(block(0, 1000), 0.0)
    event = words(Kind.EVENT, {"type": "alert", "id": "x"})
    began_s = time.monotonic()
    for _ in range(100):
        outlet.put(frame)
    outlet.put(event)
    assert time.monotonic() - began_s < 1.0
    assert outlet.left_out > 50
    assert outlet.waiting == 1, "an alert waits"
    got = [*received(ours, 101)]
    outlet.put(frames.hole(0, 1))  # with the next message what waits goes first
    got += [*received(ours, 101)]
    assert sum(one.data == event.data for one in got) == 1
    assert len(got) + outlet.left_out == 102, "what was sent, and what was counted, is all there was"


def test_what_waits_is_bounded(ends):
    _, theirs = ends
    outlet = Outlet(theirs)
    (frame,) = frames.signal(block(0, 1000), 0.0)
    while not outlet.left_out:
        outlet.put(frame)
    before = outlet.left_out
    for _ in range(MOST_WAITING + 5):
        outlet.put(words(Kind.EVENT, {"type": "alert", "filler": "x" * 5000}))
    assert outlet.waiting == MOST_WAITING
    assert outlet.left_out == before + 5


@pytest.mark.parametrize("data", [b"\x00", b"\x02\x01\x00\x00\xff\xff\xff\xff", b"\x40\x09", b"\x63" * 40, b"\x02" * 9])
def test_garbage_is_left_out_and_what_follows_is_understood(ends, data):
    ours, theirs = ends
    theirs.send(data)
    theirs.send(words(Kind.OVER, {"how": "ended"}).data)
    (frame,) = received(ours, 5)
    assert told(frame) == {"how": "ended"}


def test_the_end_of_a_process_is_heard(ends):
    ours, theirs = ends
    theirs.close()
    assert [*received(ours, 5)] == [None]


def test_how_a_run_stands_survives_the_way():
    state = ViewState(
        device="<script>", montage=("II",), speed=math.inf, heart_rate_bpm=61.5, quality={"II": 0.5},
        electrodes_off=frozenset({"II"}), lost={"crc": 3}, alerts=(ActiveAlert("vf", "high", id="vf-1"),),
    )  # fmt: skip
    assert view_of_json(told(words(Kind.STATE, view_as_json(state)))) == state


def test_no_number_that_is_none_breaks_the_telling():
    assert view_as_json(ViewState(quality={"II": math.nan}, latency_p99_ms=math.nan))["quality"] == {"II": None}


def test_mqtt_messages_survive_the_way_and_the_leads_are_left_out_first(ends):
    ours, theirs = ends
    publisher = LinkPublisher(Outlet(theirs))
    publisher.put(Message("ward/bed1/alert/x", b"{}", "alert", Worth.ALERT))
    publisher.retain("ward/bed1/status", b"online")
    assert [*received(ours, 5)] == [Mail("ward/bed1/alert/x", b"{}", "alert", 9), Mail("ward/bed1/status", b"online")]
    leads = Message("ward/bed1/leads", b"x" * 20_000, "leads", Worth.LEADS)
    while not publisher.left_out:
        publisher.put(leads)
    publisher.put(Message("ward/bed1/alert/y", b"{}", "alert", Worth.ALERT))
    assert publisher.outbox.dropped == {"leads": 1}
    assert publisher.waiting == 1


def test_what_is_no_mail_is_none():
    whole = Mail("topic", b"payload", "kind", 3).packed()
    assert unpacked(whole) == Mail("topic", b"payload", "kind", 3)
    assert unpacked(whole[:8]) is None
    assert unpacked(b"\x02" + whole[1:]) is None
