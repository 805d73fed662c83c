"""Names, passwords and certificates: what opens a broker, what is refused, and that none of it is told on."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from brokers import MOSQUITTO, Listener, Mosquitto, until
from sinks.a_run import info

from edge.config import as_table, settings
from edge.errors import UsageError
from edge.mqtt_settings import MqttSettings
from edge.sinks import mqtt_publisher
from edge.sinks.mqtt import Mqtt
from edge.sinks.mqtt_access import access
from edge.sinks.state import ViewState

SECRET = "hunter2-hunter2"


@pytest.fixture(autouse=True)
def _brokers_are_looked_for_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_publisher, "RETRY_S", (0.05, 0.2))
    monkeypatch.setattr(mqtt_publisher, "PATIENCE_S", 0.5)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an authority, a broker's certificate for 127.0.0.1, and another authority."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("keys")
    usage = ["-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"]

    def openssl(*arguments: object) -> None:
        subprocess.run(["openssl", *map(str, arguments)], cwd=folder, check=True, capture_output=True)

    for name in ("ca", "other"):
        new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", 2)
        openssl(*new, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem", *usage)
    for name in ("broker", "patch"):
        new = ("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}")
        openssl(*new, "-keyout", f"{name}.key", "-out", f"{name}.csr")
        (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
        sign = ("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial")
        openssl(*sign, "-days", 2, "-extfile", "names", "-out", f"{name}.pem")
    return folder


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, keys: Path) -> Iterator[Mosquitto]:
    """A broker with TLS that asks for a certificate, a name and a password."""
    if MOSQUITTO is None or not shutil.which("mosquitto_passwd"):
        pytest.skip("mosquitto is not installed (sudo apt install mosquitto)")
    folder = tmp_path_factory.mktemp("guarded")
    subprocess.run(["mosquitto_passwd", "-b", "-c", folder / "users", "patch", SECRET], check=True, capture_output=True)
    tls = f"cafile {keys}/ca.pem\ncertfile {keys}/broker.pem\nkeyfile {keys}/broker.key\nrequire_certificate true"
    options = f"{tls}\nallow_anonymous false\npassword_file {folder}/users"
    mosquitto = Mosquitto(folder, options=options)
    mosquitto.start()
    yield mosquitto
    mosquitto.kill()


def guarded_settings(guarded: Mosquitto, keys: Path, **more: Any) -> MqttSettings:
    ours = {"ca": keys / "ca.pem", "cert": keys / "patch.pem", "key": keys / "patch.key", "username": "patch"}
    return MqttSettings(url=f"mqtts://127.0.0.1:{guarded.port}", device="tls", **{**ours, **more})


def password_file(tmp_path: Path, password: str = SECRET, mode: int = 0o600) -> Path:
    path = tmp_path / f"password{len(password)}"
    path.write_text(f"{password}\n")
    path.chmod(mode)
    return path


def test_a_certificate_and_a_password_open_the_broker_and_are_nowhere_told(guarded, keys, tmp_path, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    s = guarded_settings(guarded, keys, password_file=password_file(tmp_path))
    mqtt = Mqtt(s, ViewState())
    mqtt.start(info())

    def configure(client: Any) -> None:
        client.username_pw_set("patch", SECRET)
        client.tls_set(str(keys / "ca.pem"), str(keys / "patch.pem"), str(keys / "patch.key"))

    listener = Listener(guarded.port, "edge-ecg/tls/#", configure)
    until(lambda: listener.of("status"))
    listener.close()
    mqtt.close({})
    shown = "".join((caplog.text, *capfd.readouterr(), repr(mqtt._access), repr(s), json.dumps(s.told())))
    shown += "".join(c.payload.decode() for c in listener.came)
    for path in tmp_path.rglob("*"):
        if path.is_file() and not path.name.startswith("password"):
            shown += path.read_bytes().decode("latin-1")
    assert SECRET not in shown


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"username": "nobody"}, "lets us not in"),
        ({"cert": None, "key": None}, "no TLS|connection broke|lets us not in"),
        ({"ca": "other.pem"}, "its certificate is not good"),
        ({"ca": None}, "its certificate is not good"),
    ],
)
def test_who_is_not_let_in_is_told_why_and_the_run_goes_on(guarded, keys, tmp_path, change, why):
    change = {key: keys / value if key == "ca" and value else value for key, value in change.items()}
    s = guarded_settings(guarded, keys, password_file=password_file(tmp_path), **change)
    mqtt = Mqtt(s, ViewState())
    mqtt.start(info())
    (news, *_) = until(mqtt.take_news)
    assert not news.up
    assert any(part in news.text for part in why.split("|"))
    assert SECRET not in news.text
    mqtt._publisher.close()
    mqtt._publisher = None


def test_a_port_without_tls_is_told_of(broker):
    mqtt = Mqtt(MqttSettings(url=f"mqtts://127.0.0.1:{broker.port}"), ViewState())
    mqtt.start(info())
    (news, *_) = until(mqtt.take_news)
    assert "has this port TLS?" in news.text or "no TLS with it" in news.text
    mqtt.close({})


def test_name_and_password_may_come_from_the_environment():
    told = {"EDGE_MQTT_USERNAME": "patch", "EDGE_MQTT_PASSWORD": SECRET}
    got = access(MqttSettings(url="mqtt://broker"), told)
    assert (got.username, got.password) == ("patch", SECRET)
    assert SECRET not in repr(got)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_password_that_others_may_read_is_refused(tmp_path, mode):
    s = MqttSettings(url="mqtt://broker", username="patch", password_file=password_file(tmp_path, mode=mode))
    with pytest.raises(UsageError, match=r"others may read this password .*chmod 600") as told:
        access(s, {})
    assert SECRET not in str(told.value)


def test_files_that_will_not_do_are_named(tmp_path):
    url = "mqtts://broker"
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no certificate")
    for s, match in (
        (MqttSettings(url=url, username="p", password_file=tmp_path / "none"), "none: the password cannot be read"),
        (MqttSettings(url=url, username="p", password_file=password_file(tmp_path, "")), "the first line must be"),
        (MqttSettings(url=url, ca=tmp_path / "none"), r"none: ca cannot be used \(No such file"),
        (MqttSettings(url=url, ca=wrong), "wrong.pem: ca cannot be used"),
        (MqttSettings(url=url, cert=wrong), "wrong.pem: cert and key cannot be used"),
        (MqttSettings(url=url, password_file=password_file(tmp_path, "x")), "has a password and no name"),
    ):
        with pytest.raises(UsageError, match=match):
            access(s, {})


def test_a_password_in_the_url_is_refused_and_not_repeated():
    for url in (f"mqtt://patch:{SECRET}@broker", f"mqtt//patch:{SECRET}@broker", f"patch:{SECRET}@broker"):
        with pytest.raises(UsageError, match="holds no user and password") as told:
            settings({"replay": "x", "mqtt": url})
        assert SECRET not in str(told.value)


def test_a_password_in_the_configuration_is_refused_and_not_repeated(tmp_path):
    path = tmp_path / "edge.toml"
    path.write_text(f'replay = "x"\n[mqtt]\nurl = "mqtt://broker"\npassword = "{SECRET}"\n')
    with pytest.raises(UsageError, match="no password stands here") as told:
        settings({}, path)
    assert SECRET not in str(told.value)


def test_the_table_is_read_and_the_command_line_wins(tmp_path):
    path = tmp_path / "edge.toml"
    secret = password_file(tmp_path)
    lines = ['replay = "x"', "[mqtt]", 'url = "mqtts://broker/ward"', 'username = "patch"', "homeassistant = true"]
    path.write_text("\n".join([*lines, f'password_file = "{secret}"', "leads = true", "queue_mb = 8"]))
    s = settings({}, path).mqtt
    assert s is not None
    assert dataclasses.astuple(s.broker) == ("broker", 8883, True, "ward")
    assert (s.topics, s.homeassistant, s.leads, s.queue_mb) == ("ward", "homeassistant", True, 8.0)
    over = settings({"mqtt": "mqtt://other:1884"}, path)
    assert over.mqtt is not None
    assert dataclasses.astuple(over.mqtt.broker) == ("other", 1884, False, None)
    assert over.mqtt.username == "patch"
    told = json.dumps(as_table(over))
    assert str(secret) not in told
    assert "mqtt://other:1884" in told


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ('mqtt = "http://broker"', "mqtt: url is 'http://broker': it must be the address of a broker"),
        ('mqtt = "mqtt://"', "must be the address"),
        ('mqtt = "mqtt://broker:99999"', "must be the address"),
        ('mqtt = "mqtt://broker/a/#"', "must be the address"),
        ("mqtt = 7", "must be the address"),
        ("[mqtt]\nleads = true", "names no broker"),
        ('[mqtt]\nurl = "mqtt://b"\nqueue_mb = 0', "queue_mb is 0: it must be a number of megabytes from 1 to 65536"),
        ('[mqtt]\nurl = "mqtt://b"\nleads = 1', "leads is 1: it must be true or false"),
        ('[mqtt]\nurl = "mqtt://b"\nprefix = "a/+"', "prefix is 'a/\\+': it must be a topic"),
        ('[mqtt]\nurl = "mqtt://b"\ndevice = "a/b"', "device is 'a/b'"),
        ('[mqtt]\nurl = "mqtt://b"\nqos = 2', "unknown key 'qos'; the keys are url, prefix"),
        ('[mqtt]\nurl = "mqtt://b"\nca = "x"', "ca and cert go with mqtts"),
        ('[mqtt]\nurl = "mqtts://b"\nkey = "x"', "key goes with cert"),
    ],
)
def test_a_wrong_key_or_value_is_refused_with_its_rule(tmp_path, text, match):
    path = tmp_path / "edge.toml"
    path.write_text(f'replay = "x"\n{text}\n')
    with pytest.raises(UsageError, match=match):
        settings({}, path)


@pytest.mark.skipif(os.getuid() == 0, reason="root may read everything")
def test_a_password_that_we_may_not_read_is_told_of(tmp_path):
    s = MqttSettings(url="mqtt://broker", username="p", password_file=password_file(tmp_path, mode=0o200))
    with pytest.raises(UsageError, match="cannot be read"):
        access(s, {})
