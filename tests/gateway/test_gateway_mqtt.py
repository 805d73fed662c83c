"""One MQTT session for all patches, at a real broker."""

from __future__ import annotations

import os
import signal

import pytest
from gateways import gateway, patch, table_of

pytest.importorskip("paho.mqtt", reason="paho-mqtt is not installed")
from mqtt.brokers import MOSQUITTO, Listener, Mosquitto, until

pytestmark = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")


@pytest.fixture
def broker(tmp_path):
    one = Mosquitto(tmp_path)
    one.start()
    yield one
    one.kill()


def test_one_session_carries_both_and_tells_who_is_gone(broker, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    top = f'[mqtt]\nurl = "mqtt://127.0.0.1:{broker.port}/ward"\nhomeassistant = true\n'
    heard = Listener(broker.port)
    statuses: dict[str, list[str]] = {}

    def status(name):
        topic = f"ward/{name}/status"
        statuses[name] = [one.told["status"] for one in heard.came if one.topic == topic]
        return statuses[name][-1:]

    def has(topic):
        return any(one.topic == topic for one in heard.came)

    with patch(1) as bed1, patch(2) as bed2:
        table = table_of(tmp_path, {"bed1": bed1.path, "bed2": bed2.path}, top)
        with gateway(tmp_path, table) as one:
            one.until(lambda: has("ward/bed1/beat") and has("ward/bed2/beat"))
            assert status("gateway") == status("bed1") == status("bed2") == ["online"]
            os.kill(one.pid_of("bed1"), signal.SIGKILL)
            one.until(lambda: status("bed1") == ["online"] and "offline" in statuses["bed1"])
            assert status("bed2") == ["online"]
            assert "offline" not in statuses["bed2"]
            config = next(one.told for one in heard.came if one.topic.endswith("ward_bed1/heart_rate/config"))
            assert [entry["topic"] for entry in config["availability"]] == ["ward/bed1/status", "ward/gateway/status"]
            assert config["availability_mode"] == "all"
            assert one.stop() == 0
        for name in ("bed1", "bed2", "gateway"):
            assert status(name) == ["offline"]
    heard.close()
    for name in ("bed1", "bed2"):
        numbered = [one.told for one in heard.came if one.topic.startswith(f"ward/{name}/") and "seq" in one.told]
        for run in {one["run"] for one in numbered}:
            seqs = [one["seq"] for one in numbered if one["run"] == run]
            assert sorted(set(seqs)) == [*range(1, max(seqs) + 1)], "none is missing"


def test_when_the_gateway_is_killed_the_broker_says_so(broker, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    heard = Listener(broker.port, "ward/gateway/status")
    with patch(1) as bed1:
        table = table_of(tmp_path, {"bed1": bed1.path}, f'mqtt = "mqtt://127.0.0.1:{broker.port}/ward"')
        with gateway(tmp_path, table) as one:
            one.until(lambda: [came.told["status"] for came in heard.came] == ["online"])
            one.process.kill()
            one.process.wait()
    until(lambda: len(heard.came) == 2)
    assert heard.came[-1].told == {"status": "offline", "reason": "lost"}
    heard.close()
