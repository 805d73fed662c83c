"""The one MQTT session: what all patches' processes have to say, and which of them are gone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import queue
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from edge.gateway.mail import Mail
from edge.gateway.patch import Patch, Phase, Watch
from edge.mqtt_settings import MqttSettings
from edge.sinks.mqtt import queue_folder, word
from edge.sinks.mqtt_access import access
from edge.sinks.mqtt_connection import Retained
from edge.sinks.mqtt_homeassistant import ONLINE
from edge.sinks.mqtt_journal import Message, Worth
from edge.sinks.mqtt_messages import packed
from edge.sinks.mqtt_outbox import Outbox
from edge.sinks.mqtt_publisher import MqttPublisher

MOST_WAITING = 20_000  # messages that wait for the disk: minutes of many patches'
NEWS_S = 0.5  # between two looks at what the session has to say
GONE = (Phase.RESTING, Phase.REFUSED, Phase.STOPPED, Phase.DONE)


@dataclass(slots=True)
class _Status:
    """What a patch's `status` says, as its process left it."""

    topic: str
    told: Mapping[str, Any]


class Session(Watch):
    """Hands on mail in a thread of its own: the disk keeps nobody waiting. Raises UsageError, OutputError.

    A process that ended without a word leaves its `status` as online: then it is set right here. Should this process
    go the same way, the broker sets right the gateway's `status`, without which none of the others counts.
    """

    def __init__(self, s: MqttSettings, say: Callable[[str], None]) -> None:
        self._say, self._loop = say, asyncio.get_running_loop()
        base = f"{s.topics}/gateway"
        self._topic = f"{base}/status"
        self._homeassistant = s.homeassistant
        outbox = Outbox(queue_folder(s, base), round(1e6 * s.queue_mb))
        client = f"edge-ecg-{word(base)}-{word(socket.gethostname())}"
        self._publisher = MqttPublisher(s.broker, access(s), outbox, client, self._state("offline", "lost"))
        online = self._state("online")
        self._publisher.retain(online.topic, online.payload)
        self._status: dict[str, _Status] = {}  # by patch
        self._mail: queue.Queue[Mail | None] = queue.Queue(MOST_WAITING)
        self.left_out = 0
        self._publisher.start()
        self._thread = threading.Thread(target=self._work, name="mqtt mail", daemon=True)
        self._thread.start()

    def mail(self, patch: Patch, mail: Mail) -> None:
        if not mail.kind and mail.topic.endswith("/status"):
            self._status[patch.name] = _Status(mail.topic, json.loads(mail.payload))
        if not mail.kind and self._homeassistant and mail.topic.endswith("/config"):
            mail = self._with_gateway(mail)
        self._put(mail)

    def phase(self, patch: Patch) -> None:
        if patch.phase not in GONE:
            return
        status = self._status.get(patch.name)
        if status is not None and status.told["status"] == "online":
            told = {**status.told, "status": "offline", "reason": "lost"}
            self._status[patch.name] = _Status(status.topic, told)
            self._put(Mail(status.topic, packed(told)))

    def close(self) -> None:
        """When all that waits has arrived, or nobody takes it."""
        self._mail.put(None)
        self._thread.join()
        self._publisher.close(self._state("offline", "ended"))
        if waiting := self._publisher.waiting:
            self._say(f"{self._publisher.name} took not all: {waiting} messages wait, and go out with the next start")

    def _put(self, mail: Mail) -> None:
        try:
            self._mail.put_nowait(mail)
        except queue.Full:
            self.left_out += 1
            if self.left_out == 1:
                self._say(f"{self._publisher.name}: its disk is slower than the patches; parts are left out")

    def _work(self) -> None:
        while True:
            with contextlib.suppress(queue.Empty):
                mail = self._mail.get(timeout=NEWS_S)
                if mail is None:
                    break
                self._hand_on(mail)
            for news in self._publisher.take_news():
                with contextlib.suppress(RuntimeError):  # the loop is over
                    self._loop.call_soon_threadsafe(self._say, news.text)

    def _hand_on(self, mail: Mail) -> None:
        if mail.kind:
            self._publisher.put(Message(mail.topic, mail.payload, mail.kind, Worth(mail.worth)))
        else:
            self._publisher.retain(mail.topic, mail.payload)

    def _with_gateway(self, mail: Mail) -> Mail:
        """Home Assistant's configuration of an entity, which is there only while the gateway is."""
        told = json.loads(mail.payload)
        ours = {"topic": self._topic, "value_template": "{{ value_json.status }}", **ONLINE}
        told |= {"availability": [*told.get("availability", []), ours], "availability_mode": "all"}
        return Mail(mail.topic, packed(told))

    def _state(self, status: str, reason: str = "") -> Retained:
        return Retained(self._topic, packed({"status": status} | ({"reason": reason} if reason else {})))
