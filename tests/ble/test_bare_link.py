"""The virtual patch's line where a notification is a message."""

from __future__ import annotations

import pytest
from streaming import patch

from firmware_bridge import gatt
from firmware_bridge.faults import parse_fault
from firmware_bridge.link import Link
from firmware_bridge.messages import Malformed, Samples, Unknown, decode


def everything(link: Link) -> list[bytes]:
    out = []
    while not link.finished:
        for sent in link.advance(25):
            link.arrived(sent)
            out.append(sent.data)
    return out


def test_every_notification_is_one_message():
    messages = [decode(data) for data in everything(Link(patch(3.0), bare=True))]
    assert not any(isinstance(m, Unknown | Malformed) for m in messages)
    assert sum(len(m.counts) for m in messages if isinstance(m, Samples)) == 1500


def test_a_corrupt_message_is_cut_short_and_its_samples_are_lost():
    link = Link(patch(10.0), [parse_fault("corrupt:p=0.1")], bare=True)
    messages = [decode(data) for data in everything(link)]
    assert link.log.happened["corrupt"] == sum(isinstance(m, Malformed) for m in messages) > 0
    assert sum(len(m.counts) for m in messages if isinstance(m, Samples)) == link.log.delivered < link.log.sampled


def test_garbage_is_messages_of_no_known_type_that_fit_a_notification():
    link = Link(patch(2.0), [parse_fault("garbage:at=1,bytes=500")], bare=True)
    unknown = [data for data in everything(link) if isinstance(decode(data), Unknown)]
    assert sum(map(len, unknown)) >= 500
    assert max(map(len, unknown)) <= gatt.MIN_MTU - gatt.ATT_HEADER
    assert link.log.delivered == link.log.sampled == 1000


@pytest.mark.parametrize("samples", [1, 4, 10])
def test_a_limit_holds_from_the_next_message_on_and_through_a_reboot(samples):
    limited = patch(3.0, samples_per_message=25)
    link = Link(limited, [parse_fault("reboot:at=1,for=0.5")], bare=True)
    limited.limit(samples)
    lengths = [len(m.counts) for m in map(decode, everything(link)) if isinstance(m, Samples)]
    assert max(lengths) == samples
    limited.limit(100)
    assert limited.samples_per_message == 25


def test_the_same_seed_gives_the_same_notifications():
    def sent(seed: int) -> list[bytes]:
        faults = [parse_fault("drop:p=0.1"), parse_fault("corrupt:p=0.1")]
        return everything(Link(patch(3.0), faults, seed=seed, bare=True))

    assert sent(1) == sent(1) != sent(2)
