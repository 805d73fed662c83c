from __future__ import annotations

import pytest

from benchmarks import gateway, gateway_patches
from benchmarks.gateway_patches import RATE
from edge.errors import UsageError
from firmware_bridge.framing import SerialDecoder
from firmware_bridge.messages import Samples


def test_what_is_encoded_beforehand_is_every_sample_once():
    (ticks, decoder) = gateway_patches.encoded(2.0), SerialDecoder()
    messages = [message for tick in ticks for message in decoder.feed(tick) if isinstance(message, Samples)]
    assert sum(len(message.counts) for message in messages) == 2 * RATE
    assert [message.index for message in messages] == [gateway_patches.TICK * k for k in range(len(messages))]


def test_where_the_cores_are_full_lies_between_two_counts():
    def told(percent: float, full: bool) -> dict[str, object]:
        return {"cpu_percent": {"all": percent}, "full": full}

    found = gateway.full_at({1: told(4, False), 32: told(96, False), 64: told(185, True)}, 2)
    assert (found["held"], found["not_held"], found["by_cost"]) == (32, 64, 60)


@pytest.mark.parametrize("text", ["", "a", "0", "65"])
def test_counts_that_make_no_sense_are_refused(text):
    with pytest.raises(UsageError, match="whole numbers from 1 to 64"):
        gateway._counts(text)
