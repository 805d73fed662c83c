"""MQTT messages on their way from a patch's process to the one session that all share."""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.gateway.link import Outlet
    from edge.sinks.base import News
    from edge.sinks.mqtt_journal import Message

MAIL = 64  # the first byte of a message that holds one: no frame of the page's
_HEAD = struct.Struct("<BBHH")  # MAIL, worth, bytes of the kind, bytes of the topic
OF_NO_WORTH = 0  # the leads: left out first


@dataclass(frozen=True, slots=True)
class Mail:
    """A message that must arrive; of no kind: a state, of which only the last one counts."""

    topic: str
    payload: bytes
    kind: str = ""
    worth: int = 0

    def packed(self) -> bytes:
        kind, topic = self.kind.encode(), self.topic.encode()
        return _HEAD.pack(MAIL, self.worth, len(kind), len(topic)) + kind + topic + self.payload


def unpacked(data: bytes) -> Mail | None:
    """None where `data` is no mail."""
    try:
        first, worth, kind_bytes, topic_bytes = _HEAD.unpack_from(data)
        kind_end = _HEAD.size + kind_bytes
        topic_end = kind_end + topic_bytes
        if first != MAIL or topic_end > len(data):
            return None
        kind, topic = data[_HEAD.size : kind_end].decode(), data[kind_end:topic_end].decode()
    except (struct.error, UnicodeDecodeError):
        return None
    return Mail(topic, data[topic_end:], kind, worth)


@dataclass(slots=True)
class Dropped:
    """What did not even get on the way, by kind: the part of an outbox that a run asks for."""

    dropped: Counter[str] = field(default_factory=Counter)


class LinkPublisher:
    """What the MQTT sink needs of a publisher: hands on by the link, and never waits."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self.name = "the gateway's MQTT session"
        self.outbox = Dropped()

    @property
    def waiting(self) -> int:
        return self._outlet.waiting

    @property
    def left_out(self) -> int:
        return sum(self.outbox.dropped.values())

    def put(self, message: Message) -> None:
        mail = Mail(message.topic, message.payload, message.kind, int(message.worth))
        if not self._outlet.send(mail.packed(), waits=mail.worth > OF_NO_WORTH):
            self.outbox.dropped[message.kind] += 1

    def retain(self, topic: str, payload: bytes) -> None:
        self._outlet.send(Mail(topic, payload).packed(), waits=True)

    def wait_for_room(self, bytes_: int) -> None:
        pass

    def take_news(self) -> list[News]:
        return []
