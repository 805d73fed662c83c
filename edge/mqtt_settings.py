"""Where MQTT messages go and which: `--mqtt` and the table `[mqtt]`, checked as they are loaded."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from edge import rules
from edge.errors import Reason, UsageError

SCHEMES = {"mqtt": 1883, "mqtts": 8883}  # with their usual ports
PREFIX = "edge-ecg"
DISCOVERY = "homeassistant"  # where Home Assistant looks, unless it was told otherwise
LEAST_QUEUE_MB, MOST_QUEUE_MB = 1, 65_536
URL = "the address of a broker, such as mqtt://broker.lan or mqtts://broker.lan:8883/ward-2"
TOPIC = "a topic without + and #, such as ward-2/patches"
FILE = "the path of a file"


@dataclass(frozen=True, slots=True)
class Broker:
    """What a URL says."""

    host: str
    port: int
    tls: bool
    prefix: str | None = None  # of every topic


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """Everything that MQTT can be told, but for the password itself."""

    url: str = ""  # none: no MQTT
    prefix: str | None = None  # of every topic; of the URL, or PREFIX
    device: str | None = None  # its name in the topics, where the patch's own will not do
    username: str | None = None  # or from the environment
    password_file: Path | None = None  # or from the environment
    ca: Path | None = None  # whose signature the broker must have; None: any that the system trusts
    cert: Path | None = None  # ours, for brokers that ask
    key: Path | None = None  # … and its key
    leads: bool = False  # send the twelve leads too, a second at a time
    homeassistant: str | None = None  # prefix of its discovery
    queue: Path | None = None  # folder for what waits; None: in the user's state folder
    queue_mb: float = 64.0  # of what waits: a day without the leads, an hour with them

    @property
    def broker(self) -> Broker:
        return broker_of(self.url)

    @property
    def topics(self) -> str:
        """The prefix of every topic."""
        return self.prefix or self.broker.prefix or PREFIX

    def over(self, url: MqttSettings) -> MqttSettings:
        """These settings, with the broker that the command line names."""
        return replace(self, url=url.url, prefix=None if url.broker.prefix else self.prefix)

    @classmethod
    def of_url(cls, value: Any) -> MqttSettings:
        """Raises ValueError."""
        return cls(url=url(value))

    @classmethod
    def from_table(cls, table: Mapping[str, Any] | str, where: str = "mqtt") -> MqttSettings:
        """From a table of a configuration file, or its URL alone; `where` begins each message. Raises UsageError."""
        if isinstance(table, str):
            table = {"url": table}
        if not isinstance(table, Mapping):
            raise UsageError(f"{where} is {table!r}: it must be {URL}, or a table", Reason.CONFIG)
        chosen: dict[str, Any] = {}
        for key, value in table.items():
            if key == "password":
                text = f"{where}: no password stands here: name its file as password_file, or set EDGE_MQTT_PASSWORD"
                raise UsageError(text, Reason.CONFIG)
            if key not in RULES:
                known = ", ".join(RULES)
                raise UsageError(f"{where}: unknown key {key!r}; the keys are {known}", Reason.CONFIG)
            try:
                chosen[key] = RULES[key].convert(value)
            except (ValueError, TypeError, AttributeError, OverflowError) as error:
                raise UsageError(f"{where}: {key} is {value!r}: it must be {RULES[key].text}", Reason.CONFIG) from error
        return cls(**chosen)

    def __post_init__(self) -> None:
        if self.key and not self.cert:
            raise UsageError("mqtt: key goes with cert only: name both", Reason.CONFIG)
        if self.url and not self.broker.tls and (self.ca or self.cert):
            raise UsageError("mqtt: ca and cert go with mqtts:// only: change the URL", Reason.CONFIG)

    def told(self) -> dict[str, Any]:
        """For the start event: nothing that lets anybody in."""
        return {key: value for key in OPEN if (value := getattr(self, key)) is not None}


OPEN = ("url", "prefix", "device", "leads", "homeassistant", "queue_mb")  # of the settings, to be told in events


def broker_of(url: str) -> Broker:
    """The parts of a URL. Raises ValueError, and UsageError without repeating it where it has a password."""
    from urllib.parse import urlsplit

    if "@" in url:
        text = "a broker's URL holds no user and password, which others can read there: set EDGE_MQTT_USERNAME and "
        raise UsageError(text + "EDGE_MQTT_PASSWORD, or name username and password_file in [mqtt]", Reason.CONFIG)
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not parts.hostname or "?" in url or "#" in url:
        raise ValueError
    port = SCHEMES[parts.scheme] if parts.port is None else parts.port
    if not port:
        raise ValueError
    prefix = parts.path.strip("/")
    return Broker(parts.hostname, port, parts.scheme == "mqtts", topic(prefix) if prefix else None)


def url(value: Any) -> str:
    given = rules.text(value)
    broker_of(given)
    return given


def topic(value: Any) -> str:
    given = rules.text(value).strip("/")
    if not given or re.search(r"[+#\x00-\x1f\x7f]", given) or given.startswith("$") or len(given.encode()) > 1000:
        raise ValueError
    return given


def _level(value: Any) -> str:
    given = topic(value)
    if "/" in given:
        raise ValueError
    return given


def _discovery(value: Any) -> str | None:
    if isinstance(value, bool):
        return DISCOVERY if value else None
    return topic(value)


def _path(value: Any) -> Path:
    return Path(rules.text(value)).expanduser()


def _rule(text: str, convert: Callable[[Any], Any]) -> rules.Rule:
    return rules.Rule(text, convert)


RULES: Mapping[str, rules.Rule] = {
    "url": _rule(URL, url),
    "prefix": _rule(TOPIC, topic),
    "device": _rule("one level of a topic, such as bed-7", _level),
    "username": _rule("a name", rules.text),
    "password_file": _rule(FILE, _path),
    "ca": _rule(FILE, _path),
    "cert": _rule(FILE, _path),
    "key": _rule(FILE, _path),
    "leads": _rule("true or false", rules.flag),
    "homeassistant": _rule("true, false or the topic that its discovery begins with", _discovery),
    "queue": _rule("the path of a folder", _path),
    "queue_mb": _rule(
        f"a number of megabytes from {LEAST_QUEUE_MB} to {MOST_QUEUE_MB}", rules.number(LEAST_QUEUE_MB, MOST_QUEUE_MB)
    ),
}
