"""Against a real broker, which is killed, started again, and never there."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from brokers import Came, Line, Listener, until
from sinks.a_run import STAMP, blocks, event, info, over, signal_mv

from edge.alert import Kind, State
from edge.errors import OutputError
from edge.mqtt_settings import MqttSettings
from edge.sinks import mqtt_publisher
from edge.sinks.mqtt import Mqtt
from edge.sinks.mqtt_access import Access
from edge.sinks.mqtt_outbox import Outbox
from edge.sinks.mqtt_publisher import MqttPublisher
from edge.sinks.state import ViewState

HEALTH = {
    "samples": {"in": 1, "out": 1, "lost": {"link": 3}, "duplicates": 0, "corrupt_bytes": 0},
    "latency_ms": {"p50": None, "p99": None},
    "cpu_percent": 1.0,
    "rss_mb": 50.0,
    "battery": None,
}


@pytest.fixture(autouse=True)
def _brokers_are_looked_for_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_publisher, "RETRY_S", (0.05, 0.2))
    monkeypatch.setattr(mqtt_publisher, "PATIENCE_S", 1.0)


@contextmanager
def sink(port: int, name: str, **more: Any) -> Iterator[Mqtt]:
    """A sink that has been started; its device has the test's name, for the broker is shared."""
    made = Mqtt(MqttSettings(url=f"mqtt://127.0.0.1:{port}/ward", device=name, **more), ViewState(device=name))
    made.start(info(name))
    try:
        yield made
    finally:
        if made._publisher is not None:
            made.close({})


@contextmanager
def listening(port: int, topic: str = "#") -> Iterator[Listener]:
    listener = Listener(port, topic)
    try:
        yield listener
    finally:
        listener.close()


def beat(k: int) -> dict[str, Any]:
    return STAMP.event("beat", 400 * k, {"lead": "II", "class": "N", "rr_ms": 800.0})


def seqs(listener: Listener) -> list[int]:
    return [told["seq"] for told in listener.numbered()]


def test_all_that_is_told_arrives_in_order_and_is_what_the_schema_says(broker, holds):
    with listening(broker.port, "ward/all/#") as listener, sink(broker.port, "all", leads=True) as mqtt:
        mqtt._state.heart_rate_bpm, mqtt._state.quality = 71.25, {"II": 0.98}
        for block in blocks(signal_mv(2.5), 120):
            mqtt.twelve(block)
        mqtt.event(beat(1))
        mqtt.event(STAMP.event("rhythm", 0, {"label": "sinus", "confidence": 1.0, "evidence": {}, "told_after_s": 4.0}))
        mqtt.event(event(Kind.VT, 1.0, 3.0))
        mqtt.event(event(Kind.ELECTRODE_OFF, 1.0, 2.0))
        mqtt.event(over(Kind.VT, 1.0, 9.0))
        mqtt.event(STAMP.event("gap", 500, {"samples": 20, "cause": "link"}))
        mqtt.event(STAMP.event("link", 500, {"up": False, "text": "the port is gone"}))
        mqtt.event(STAMP.event("health", 500, HEALTH))
        mqtt.event(STAMP.event("classification", 500, {}))
        mqtt.close({})
        until(lambda: listener.of("status")[-1]["status"] == "offline")
    kinds = {c.topic.split("/")[2] for c in listener.came}
    assert kinds == {"status", "alerts", "state", "alert", "leads", "beat", "rhythm", "gap", "link", "health"}
    for came in listener.came:
        holds(came.topic.split("/")[2], came.told)
    assert seqs(listener) == [*range(1, len(seqs(listener)) + 1)]
    assert len({told["id"] for told in listener.numbered()}) == len(listener.numbered())
    assert not [told for told in listener.numbered() if "redelivered" in told]
    assert [a["state"] for a in listener.of("alert") if a["kind"] == "vt"] == ["on", "off"]
    assert listener.of("health")[0]["queue"]["left_out"] == {}
    assert listener.of("state")[-1]["heart_rate_bpm"] == 71.2
    assert listener.of("status")[-1]["reason"] == "ended"


def test_the_leads_are_what_was_measured_to_the_microvolt(broker):
    mv = signal_mv(2.2, seed=4)
    mv[600:700] = np.nan
    with listening(broker.port, "ward/leads/leads") as listener, sink(broker.port, "leads", leads=True) as mqtt:
        for block in blocks(mv, 77):
            mqtt.twelve(block)
        mqtt.close({})
        until(lambda: sum(told["samples"] for told in listener.numbered()) == len(mv))
    got = np.full_like(mv, np.inf)
    for told in listener.numbered():
        data = np.frombuffer(base64.b64decode(told["data"]), "<i2").reshape(-1, 12)
        assert len(data) == told["samples"] <= 500
        part = slice(told["sample"], told["sample"] + told["samples"])
        got[part] = np.where(data == -32768, np.nan, data / 1000.0)
        gone = told["origin"] == ["unavailable"] * 12
        assert gone == bool(np.isnan(got[part]).all())
    assert np.array_equal(np.isnan(got), np.isnan(mv))
    assert np.nanmax(np.abs(got - mv)) < 5.01e-4


def test_who_comes_later_finds_what_is_true_now(broker, holds):
    with sink(broker.port, "late") as mqtt:
        mqtt.event(event(Kind.VT, 1.0, 3.0))
        mqtt.event(event(Kind.AF, 1.0, 40.0))
        mqtt.event(over(Kind.AF, 1.0, 50.0))
        until(lambda: mqtt.waiting == 0)
        with listening(broker.port, "ward/late/#") as listener:
            until(lambda: len(listener.came) == 3)
    assert all(c.retained for c in listener.came[:3])
    (alerts,) = listener.of("alerts")
    holds("alerts", alerts)
    assert (alerts["alert"], alerts["alert_high"], alerts["technical"]) == ("on", "on", "off")
    assert [(a["kind"], a["over"]) for a in alerts["active"]] == [("vt", False)]
    assert listener.of("status")[0]["status"] == "online"


def test_one_of_high_priority_stays_until_it_is_acknowledged(broker):
    with sink(broker.port, "latched") as mqtt, listening(broker.port, "ward/latched/alerts") as listener:
        mqtt.event(event(Kind.VT, 1.0, 3.0))
        mqtt.event(over(Kind.VT, 1.0, 9.0))
        until(lambda: [a["over"] for told in listener.of("alerts")[-1:] for a in told["active"]] == [True])
        mqtt.event(over(Kind.VT, 1.0, 12.0, state=State.ACKNOWLEDGED))
        until(lambda: listener.of("alerts")[-1]["active"] == [])


def test_alerts_come_with_qos_1(broker):
    qos: list[int] = []

    def configure(client: Any) -> None:
        before = client.on_message

        def both(c: Any, data: Any, m: Any) -> None:
            qos.append(m.qos)
            before(c, data, m)

        client.on_message = both

    listener = Listener(broker.port, "ward/qos/alert/#", configure)
    with sink(broker.port, "qos") as mqtt:
        mqtt.event(event(Kind.VT, 1.0, 3.0))
        until(lambda: qos)
    listener.close()
    assert qos == [1]


def test_a_broker_that_is_killed_and_comes_back_misses_nothing_and_takes_nothing_twice_as_new(own_broker):
    own_broker.start()
    seen: list[Came] = []
    with sink(own_broker.port, "killed") as mqtt:
        k = 0
        for _ in range(3):
            with listening(own_broker.port, "ward/killed/#") as listener:
                for _ in range(400):
                    mqtt.event(beat(k := k + 1))
                mqtt.event(event(Kind.VT, k, k + 2.0, k))
                until(lambda came=listener.came: len(came) > 50)
                own_broker.kill()
            seen += listener.came
            for _ in range(100):
                mqtt.event(beat(k := k + 1))
            own_broker.start()
        with listening(own_broker.port, "ward/killed/#") as listener:
            until(lambda: mqtt.waiting == 0)
            mqtt.event(beat(k := k + 1))
            until(lambda: mqtt.waiting == 0)
            last = mqtt._messages._seq
            until(lambda: last in seqs(listener))
        seen += listener.came
        news = mqtt.take_news()
        assert mqtt._publisher is not None
        assert mqtt._publisher.delivered == last == k + 3, "each was acknowledged, and once"
    told = [t for c in seen if "seq" in (t := c.told)]
    new = [t["id"] for t in told if "redelivered" not in t]
    assert len(new) == len(set(new)), "nothing came twice as new"
    assert {n.up for n in news} == {True, False}
    assert "messages waited, 0 were left out" in next(n.text for n in news if n.up)


def test_a_line_that_is_cut_again_and_again_loses_nothing_and_brings_nothing_twice_as_new(broker):
    with Line(broker.port) as line, listening(broker.port, "ward/cut/#") as listener, sink(line.port, "cut") as mqtt:
        for k in range(2000):
            mqtt.event(beat(k))
            if k % 250 == 249:
                until(lambda least=k - 200: seqs(listener) and seqs(listener)[-1] > least)
                line.cut()
        until(lambda: mqtt.waiting == 0)
        until(lambda: len({*seqs(listener)}) == 2000)
        assert mqtt._publisher is not None
        assert mqtt._publisher.delivered == 2000
    new = [told["seq"] for told in listener.numbered() if "redelivered" not in told]
    again = [told["seq"] for told in listener.numbered() if "redelivered" in told]
    assert line.cuts == 8
    assert again, "what was on its way when the line was cut came again, and says so"
    assert len(new) == len({*new})
    first = [*dict.fromkeys(seqs(listener))]
    assert first == [*range(1, 2001)], "what was new came in order"


def test_all_of_an_absence_comes_in_order_and_as_new(broker):
    with (
        Line(broker.port, shut=True) as line,
        listening(broker.port, "ward/absent/#") as listener,
        sink(line.port, "absent") as mqtt,
    ):
        until(lambda: [n for n in mqtt.take_news() if not n.up])
        for k in range(1000):
            mqtt.event(beat(k))
            if k % 100 == 0:
                mqtt.event(event(Kind.VT, k, k + 2.0, k))
        assert mqtt.waiting == 1010
        line.shut = False
        mqtt.event(beat(1000))
        until(lambda: len(seqs(listener)) == 1011)
    assert seqs(listener) == [*range(1, 1012)]
    assert not [told for told in listener.numbered() if "redelivered" in told]


def test_a_queue_that_is_full_leaves_out_leads_counts_them_and_keeps_every_alert(broker):
    with (
        Line(broker.port, shut=True) as line,
        listening(broker.port, "ward/full/#") as listener,
        sink(line.port, "full", leads=True, queue_mb=1.0) as mqtt,
    ):
        for k, block in enumerate(blocks(signal_mv(120), 500)):
            mqtt.twelve(block)
            if k % 10 == 0:
                mqtt.event(event(Kind.VT, k, k + 2.0, k))
        left_out = mqtt.left_out
        assert left_out > 40
        line.shut = False
        mqtt.event(STAMP.event("health", 500, HEALTH))
        until(lambda: listener.of("health"))
    assert len(listener.of("alert")) == 12
    came = seqs(listener)
    assert came[-1] - len(came) == left_out, "what is missing of the numbers was counted"
    assert listener.of("health")[0]["queue"]["left_out"] == {"leads": left_out}


def test_what_waits_at_the_end_is_told_of_and_goes_out_with_the_next_run(broker):
    with (
        Line(broker.port, shut=True) as line,
        listening(broker.port, "ward/two runs/beat") as listener,
        sink(line.port, "two runs") as mqtt,
    ):
        for k in range(3):
            mqtt.event(beat(k))
        first = mqtt._messages.run
        with pytest.raises(OutputError, match=r"3 messages wait in .* next run"):
            mqtt.close({})
        line.shut = False
        with sink(line.port, "two runs") as mqtt:
            mqtt.event(beat(3))
            until(lambda: len(listener.came) == 4)
    told = listener.of("beat")
    assert [t["run"] == first for t in told] == [True, True, True, False]
    assert [t["seq"] for t in told] == [1, 2, 3, 1]
    assert not [t for t in told if "redelivered" in t], "they were never sent before"


def test_a_recording_waits_for_its_broker_and_leaves_nothing_out(broker):
    settings = MqttSettings(url=f"mqtt://127.0.0.1:{broker.port}/ward", device="fast", leads=True, queue_mb=1.0)
    mqtt = Mqtt(settings, ViewState(), waits=True)
    mqtt.start(info("fast"))
    until(lambda: mqtt._publisher and mqtt._publisher.connected)
    with listening(broker.port, "ward/fast/leads") as listener:
        for block in blocks(signal_mv(150), 500):
            mqtt.twelve(block)
        assert mqtt.left_out == 0
        mqtt.close({})
        until(lambda: len(listener.came) == 150)


def test_one_connection_can_serve_several_devices(broker, tmp_path):
    """As a gateway needs it."""
    settings = MqttSettings(url=f"mqtt://127.0.0.1:{broker.port}/ward")
    with listening(broker.port, "ward/shared/#") as listener:
        publisher = MqttPublisher(settings.broker, Access(), Outbox(tmp_path, 10**6), "gateway")
        publisher.start()
        sinks = [
            Mqtt(replace(settings, prefix="ward/shared", device=d), ViewState(), publisher=publisher) for d in "ab"
        ]
        for one in sinks:
            one.start(info())
            one.event(beat(1))
            one.close({})
        until(lambda: [s["status"] for s in listener.of("status")].count("offline") == 2)
        publisher.close()
    assert {c.topic for c in listener.came if c.topic.endswith("beat")} == {"ward/shared/a/beat", "ward/shared/b/beat"}


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x20\x02\x00", bytes(range(256)), b"\x20\xff\xff\xff\xff\xff", b""],
)
def test_whoever_answers_there_the_run_goes_on_and_nothing_is_lost(answer):
    def talk() -> None:
        while True:
            try:
                near, _ = server.accept()
            except OSError:
                return
            with near:
                near.recv(4096)
                near.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=talk, daemon=True).start()
        mqtt = Mqtt(MqttSettings(url=f"mqtt://127.0.0.1:{server.getsockname()[1]}"), ViewState())
        mqtt.start(info())
        mqtt.event(beat(1))
        (news, *_) = until(mqtt.take_news)
        server.shutdown(socket.SHUT_RDWR)
    assert not news.up
    assert mqtt.waiting == 1
    with pytest.raises(OutputError, match="1 messages wait"):
        mqtt.close({})


def test_home_assistant_finds_every_entity_with_what_it_requires(broker):
    with sink(broker.port, "assisted", homeassistant="homeassistant"):
        with listening(broker.port, "homeassistant/#") as listener:
            until(lambda: len(listener.came) >= 11)
        with listening(broker.port, "homeassistant/#") as listener:  # one that comes later
            until(lambda: len(listener.came) >= 11)
        with listening(broker.port, "ward/assisted/#") as states:
            until(lambda: len(states.came) >= 3)
    entities = {c.topic: c.told for c in listener.came}
    topics = {c.topic: c.told for c in states.came}
    assert all(c.retained for c in listener.came)
    for topic, told in entities.items():
        prefix, component, node, _, last = topic.split("/")
        assert (prefix, node, last) == ("homeassistant", "ward_assisted", "config")
        assert component in ("sensor", "binary_sensor")
        # https://www.home-assistant.io/integrations/mqtt: an entity of a device must have these
        assert told["state_topic"] in topics
        assert told["unique_id"]
        assert told["device"]["identifiers"]
        assert told["origin"]["name"]
        assert told["availability"][0]["topic"] == "ward/assisted/status"
        value = _evaluated(told["value_template"], topics[told["state_topic"]])
        if component == "binary_sensor":
            assert value in (told["payload_on"], told["payload_off"])
    assert len({told["unique_id"] for told in entities.values()}) == len(entities)
    names = {topic.split("/")[3] for topic in entities}
    assert {"heart_rate", "rhythm", "battery", "quality_ii", "quality_v1", "quality_v5", "link", "alert"} <= names


def _evaluated(template: str, told: dict[str, Any]) -> Any:
    """What Home Assistant's template makes of a payload: of `{{ value_json.x }}` and `{{ value_json.x['II'] }}`."""
    path = template.removeprefix("{{ value_json.").removesuffix(" }}")
    key, _, rest = path.partition("[")
    assert key in told, f"{template} names nothing that is sent"
    return told[key] if not rest else told[key].get(rest.strip("']"))
