"""Messages to a broker, in a thread of their own: what waits in the outbox goes out as soon as somebody takes it.

A gateway with many patches can share one publisher: what it sends carries its topic, and whose it is.
"""

from __future__ import annotations

import functools
import random
import threading
import time
from collections import deque
from dataclasses import dataclass

from edge.mqtt_settings import Broker
from edge.sinks.base import News
from edge.sinks.mqtt_access import Access
from edge.sinks.mqtt_connection import Connection, Retained, Unreachable, Waker
from edge.sinks.mqtt_journal import Message
from edge.sinks.mqtt_outbox import Outbox

RETRY_S = (1.0, 30.0)  # first and longest rest of a broker that is not there
PROVEN_S = 5.0  # a connection that held for so long was a good one: the next rest is a short one again
WINDOW = 100  # messages on their way: enough for a slow line, few to be sent again
TURN_S = 0.5  # at most between two looks at what was asked for
ANSWER_S = 10.0  # from CONNECT to its answer
ROOM_S = 5.0  # that a replay waits for room without anything being acknowledged
PATIENCE_S = 0.8  # likewise at the end, which has 2 s in all: what waits goes out with the next run
GOODBYE_S = 0.5  # for the last state to be acknowledged
FULL = 0.5  # of the outbox's bound: who can wait, waits


@dataclass(slots=True)
class Trouble:
    """A broker that is not there."""

    since_s: float  # of the monotonic clock
    left_out: int  # messages, before


class MqttPublisher:
    """`put` and `retain` may be called from any thread and wait for nothing but the disk.

    What has been put is sent again, in a later run too, until the broker has acknowledged it; what may have been sent
    before says so. A state (`retain`) is sent as it is now, and with each new connection.
    """

    def __init__(
        self, broker: Broker, access: Access, outbox: Outbox, client_id: str, will: Retained | None = None
    ) -> None:
        self.name = f"mqtt{'s' if broker.tls else ''}://{broker.host}:{broker.port}"
        self._waker = Waker()
        self._make = functools.partial(Connection, broker, access, client_id, will, self._waker)
        self.outbox = outbox
        self._states: dict[str, bytes] = {}  # by topic
        self._stale: deque[str] = deque()  # topics whose state is to be sent
        self._lock = threading.Lock()
        self._changed = threading.Condition()
        self._connection: Connection | None = None
        self._flying: dict[int, int | None] = {}  # by the number of the client: the outbox's number; None: a state
        self._sent_to = 0  # the outbox's number
        self._ending = threading.Event()
        self._opening = self._given_up = False
        self._last: Retained | None = None
        self._news: list[News] = []
        self._trouble: Trouble | None = None
        self.delivered = 0  # messages
        self._thread = threading.Thread(target=self._work, name=self.name, daemon=True)

    @property
    def waiting(self) -> int:
        return self.outbox.waiting

    @property
    def left_out(self) -> int:
        """Messages, by all runs that used the outbox."""
        return sum(self.outbox.dropped.values())

    @property
    def connected(self) -> bool:
        connection = self._connection
        return connection is not None and connection.up

    def start(self) -> None:
        self._thread.start()

    def put(self, message: Message) -> None:
        self.outbox.put(message)
        self._waker.wake()

    def retain(self, topic: str, payload: bytes) -> None:
        with self._lock:
            if self._states.get(topic) == payload:
                return
            self._states[topic] = payload
            if topic not in self._stale:
                self._stale.append(topic)
        self._waker.wake()

    def wait_for_room(self, bytes_: int) -> None:
        """Until less than `bytes_` wait; no longer than something is being taken."""
        with self._changed:
            while self.connected and self.outbox.waiting_bytes > bytes_:
                if not self._changed.wait(ROOM_S):
                    return

    def take_news(self) -> list[News]:
        with self._lock:
            news, self._news = self._news, []
        return news + self.outbox.take_news()

    def close(self, last: Retained | None = None) -> None:
        """When all has arrived, or nobody takes it; `last` is the state that is left behind."""
        self._last = last
        self._ending.set()
        self._waker.wake()
        until_s = time.monotonic() + PATIENCE_S
        while self._thread.is_alive() and not self._given_up:
            self._thread.join(0.1)
            with self._lock:  # a name that nobody resolves can take long
                self._given_up = self._opening and time.monotonic() > until_s
        self.outbox.close()
        self._waker.close()

    def _work(self) -> None:
        rest_s = RETRY_S[0]
        while True:
            began_s = time.monotonic()
            self._one_connection()
            if self._ending.is_set():
                return
            if time.monotonic() - began_s > PROVEN_S + ANSWER_S:
                rest_s = RETRY_S[0]
            self._rest(rest_s * random.uniform(0.5, 1.0))  # many that lost the same broker do not come back as one
            rest_s = min(2 * rest_s, RETRY_S[1])

    def _rest(self, seconds: float) -> None:
        until_s = time.monotonic() + seconds
        while not self._ending.is_set() and (left_s := until_s - time.monotonic()) > 0:
            self._ending.wait(min(left_s, TURN_S))
            self.outbox.tick()

    def _one_connection(self) -> None:
        """From CONNECT to its end, for whatever reason; then what was on its way waits again."""
        connection = self._make()
        try:
            self._opening = True
            connection.open()
            with self._lock:
                self._opening = False
                if self._given_up:
                    return
            self._connection = connection
            if self._let_in(connection):
                self._is_back()
                self._serve(connection)
        except Unreachable as error:
            connection.ended = str(error)
        except Exception as error:  # noqa: BLE001  whoever answers there need not speak MQTT, and paho is not told so
            connection.ended = f"what it says makes no sense ({type(error).__name__}: {error})"
        finally:
            self._opening = False
            self._connection = None
            connection.close()
            self._flying.clear()
            self._sent_to = 0
            self.outbox.landed()
            with self._changed:
                self._changed.notify_all()
        if not self._ending.is_set():
            self._is_gone(connection.ended)

    def _let_in(self, connection: Connection) -> bool:
        until_s = time.monotonic() + ANSWER_S
        while not connection.up and not connection.ended:
            if time.monotonic() > until_s:
                connection.ended = "it answers nothing"
            connection.turn(TURN_S)
        return connection.up

    def _serve(self, connection: Connection) -> None:
        with self._lock:
            self._stale = deque(self._states)
        last_s = time.monotonic()
        while connection.up:
            self._hand_over(connection)
            if self._ending.is_set() and (not self.waiting or time.monotonic() - last_s > PATIENCE_S):
                self._say_goodbye(connection)
                return
            if acknowledged := connection.turn(TURN_S):
                last_s = time.monotonic()
                self._take(acknowledged)
            self.outbox.tick()

    def _hand_over(self, connection: Connection) -> None:
        """States first, then as much of what waits as may be on its way."""
        with self._lock:
            states = [(topic, self._states[topic]) for topic in self._stale]
            self._stale.clear()
        for topic, payload in states:
            self._flying[connection.publish(topic, payload, retain=True)] = None
        room = WINDOW - len(self._flying)
        if room <= 0:
            return
        for row in self.outbox.next(self._sent_to, room):
            again = self.outbox.sending(row)
            payload = redelivered(row.payload) if again else row.payload
            self._flying[connection.publish(row.topic, payload)] = row.n
            self._sent_to = row.n

    def _take(self, acknowledged: list[int]) -> None:
        numbers = [n for mid in acknowledged if (n := self._flying.pop(mid, None)) is not None]
        self.delivered += len(numbers)
        self.outbox.arrived(numbers)
        with self._changed:
            self._changed.notify_all()

    def _say_goodbye(self, connection: Connection) -> None:
        if self._last is None:
            return
        mid = connection.publish(self._last.topic, self._last.payload, retain=True)
        until_s = time.monotonic() + GOODBYE_S
        while connection.up and time.monotonic() < until_s:
            acknowledged = connection.turn(0.1)
            self._take(acknowledged)
            if mid in acknowledged:
                return

    def _is_gone(self, why: str) -> None:
        if self._trouble is not None:
            return
        self._trouble = Trouble(time.monotonic(), self.left_out)
        text = f"{self.name}: {why}; messages wait in {self.outbox.folder}, trying again"
        with self._lock:
            self._news.append(News(False, text))

    def _is_back(self) -> None:
        trouble, self._trouble = self._trouble, None
        if trouble is None:
            return
        away_s = time.monotonic() - trouble.since_s
        left_out = self.left_out - trouble.left_out
        text = f"{self.name} is back after {away_s:.0f} s: {self.waiting} messages waited, {left_out} were left out"
        with self._lock:
            self._news.append(News(True, text))


def redelivered(payload: bytes) -> bytes:
    """A JSON object that says that it may have come before."""
    return payload[:-1] + b',"redelivered":true}'
