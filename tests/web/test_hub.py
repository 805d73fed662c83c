"""Pages that read, read slowly, or not at all; and what one that joins is told."""

from __future__ import annotations

import asyncio
import struct
from typing import Any

import numpy as np
import pytest
from pages import frames as apart

from edge.blocks import Origin, TwelveLeads
from edge.sinks.state import ActiveAlert
from edge.web import client as clients
from edge.web import hub as hubs
from edge.web.client import Client, Lost
from edge.web.frames import Frame, Kind, hole, signal, words
from edge.web.hub import Hub
from edge.web.recent import MOST_STRIPS, Recent


def block(start: int, n: int = 500) -> Frame:
    mv = np.zeros((n, 12), np.float32)
    return signal(TwelveLeads(start, mv, mv, (Origin.MEASURED,) * 12), 0.0)[0]


def alert(number: int, state: str = "on", sample: int = 5000) -> dict[str, Any]:
    of = {"id": f"asystole-{number}", "kind": "asystole", "priority": "high", "state": state, "onset": sample - 1000}
    return {"type": "alert", "sample": sample, **of}


def all_of(client: Client) -> list[tuple[str, Any]]:
    got = []
    while message := client.take():
        got += apart(message)
    return got


def starts(told: list[tuple[str, Any]]) -> list[int]:
    return [struct.unpack_from("<q", payload)[0] for name, payload in told if name == "block"]


@pytest.fixture
def hub() -> Hub:
    return Hub({"kind": "port", "source": "/dev/ttyACM0"})


def test_a_page_that_reads_gets_all_of_it_in_order(hub):
    client = hub.join()
    for k in range(5):
        hub.signal(block(500 * k))
        hub.event({"type": "beat", "sample": 500 * k})
    told = all_of(client)
    assert [name for name, _ in told] == ["hello", *["block", "event"] * 5]
    assert starts(told) == [0, 500, 1000, 1500, 2000]


def test_a_slow_page_is_skipped_old_signal_and_told_so_but_no_alert(hub):
    client = hub.join()
    for k in range(100):
        hub.signal(block(500 * k))
        if k % 10 == 0:
            hub.event(alert(k))
    told = all_of(client)
    assert len([1 for name, _ in told if name == "event"]) == 10
    skipped = [payload for name, payload in told if name == "skipped"]
    assert skipped == [{"frames": 100 - len(starts(told)), "from": 0, "to": starts(told)[0]}]
    assert starts(told)[-1] == 500 * 99
    assert sum(len(block(0).data) for _ in starts(told)) <= clients.MOST_SIGNAL
    assert hub.counts()["skipped"] == skipped[0]["frames"]


def test_what_waits_for_a_page_that_never_reads_is_bounded(hub):
    client = hub.join()
    for k in range(3000):
        hub.signal(block(500 * k))
        hub.event({"type": "beat", "sample": 500 * k})
        hub.tell_state({"phase": "live", "k": k, "alerts": []})
    assert len(b"".join(iter(client.take, b""))) < 1.2 * clients.MOST_SIGNAL


def test_of_many_states_the_newest_is_sent(hub):
    client = hub.join()
    for k in range(50):
        hub.tell_state({"k": k, "alerts": []})
    assert [told["k"] for name, told in all_of(client) if name == "state"] == [49]


def test_a_page_that_takes_nothing_is_given_up(monkeypatch):
    monkeypatch.setattr(clients, "STUCK_S", 0.02)

    async def feed() -> None:
        client = Client()
        client.put(block(0))
        await client.feed(lambda message: asyncio.sleep(60))

    with pytest.raises(Lost):
        asyncio.run(feed())


def test_a_page_behind_by_hundreds_of_alerts_is_given_up(hub):
    client = hub.join()
    for k in range(clients.MOST_EVENTS + 2):
        hub.event(alert(k))
    assert client.lost


def test_a_page_that_joins_is_filled_with_the_last_quarter_of_a_minute_and_its_beats(hub):
    for k in range(100):
        hub.signal(block(500 * k))
        hub.event({"type": "beat", "sample": 500 * k})
    told = all_of(hub.join())
    assert starts(told) == [500 * k for k in range(85, 100)]
    assert [t["sample"] for name, t in told if name == "event"] == [500 * k for k in range(85, 100)]


def test_a_page_that_comes_back_to_the_same_run_gets_what_it_lacks(hub):
    for k in range(100):
        hub.signal(block(500 * k))
    assert starts(all_of(hub.join(hub.hello["run"], 49_000))) == [49_000, 49_500]
    assert len(starts(all_of(hub.join("another", 49_000)))) == 15


def test_a_page_that_joins_is_told_the_alerts_in_force(hub):
    hub.event(alert(1))
    hub.event(alert(2))
    active = [ActiveAlert("asystole", "high", False, 8.0, "asystole-2")]
    hub.tell_state({"alerts": hub.alerts.told(active)})
    told = all_of(hub.join())
    assert [t["id"] for name, t in told if name == "event"] == ["asystole-2"]
    assert [t["alerts"][0]["id"] for name, t in told if name == "state"] == ["asystole-2"]


def test_after_the_end_a_page_that_joins_is_told_that_it_is_over(hub):
    hub.over({"how": "ended", "text": "the recording is over", "staying": True})
    assert all_of(hub.join())[-1][0] == "over"


def test_there_is_room_for_so_many_pages_and_no_more(hub):
    joined = [hub.join() for _ in range(hubs.MOST_CLIENTS)]
    assert all(joined)
    assert hub.join() is None
    hub.leave(joined[0], dropped=True)
    assert hub.join() is not None
    counts = hub.counts()
    assert (counts["clients"], counts["refused"], counts["dropped"]) == (hubs.MOST_CLIENTS, 1, 1)


def test_a_strip_begins_ten_seconds_before_the_onset_and_ends_ten_after_the_alert_was_told():
    recent = Recent()
    for k in range(40):
        recent.add(block(500 * k))
        if k == 25:
            recent.mark(alert(1, sample=12_500))
    told = apart(recent.strip_of("asystole-1") or b"")
    assert starts(told) == [500 * k for k in range(13, 35)]  # onset at 23 s
    assert recent.strip_of("asystole-2") is None


def test_only_so_many_strips_and_so_much_signal_are_kept():
    recent = Recent()
    for k in range(400):
        recent.add(block(500 * k))
        recent.mark(alert(k, sample=500 * k))
    assert [n for n in range(400) if recent.strip_of(f"asystole-{n}") is not None] == list(
        range(400 - MOST_STRIPS, 400)
    )
    assert 65 <= len(recent._frames) <= 67


def test_a_day_of_nothing_takes_no_memory_to_speak_of():
    recent = Recent()
    for k in range(100_000):
        recent.add(hole(k, k + 1))
    assert len(recent._frames) < 1000


def test_json_of_the_hub_is_that_of_the_wire(hub):
    client = hub.join()
    hub.begin({"phase": "live", "device": "<script>"})
    hub.signal(hole(0, 10))
    (_, first), (_, second), (name, payload) = all_of(client)
    assert (first["phase"], second["phase"], second["device"]) == ("waiting", "live", "<script>")
    assert (name, struct.unpack("<qq", payload)) == ("hole", (0, 10))
    assert words(Kind.OVER, {}).data[8:] == b"{}  "
