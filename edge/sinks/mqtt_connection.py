"""One connection to a broker, from CONNECT to its end; whoever wants another makes a new one.

paho-mqtt can connect again by itself, and sends then what it holds a second time, unmarked: here what has not arrived
is the outbox's to know. So each connection has a client of its own, turned by one thread.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edge.mqtt_settings import Broker
from edge.sinks.mqtt_access import Access

if TYPE_CHECKING:
    from paho.mqtt.reasoncodes import ReasonCode

KEEPALIVE_S = 15  # a broker that says nothing for twice as long is gone
CONNECT_S = 5.0  # for a TCP connection to stand
QOS = 1


@dataclass(frozen=True, slots=True)
class Retained:
    """A state: the broker keeps the last one for who comes later."""

    topic: str
    payload: bytes


class Unreachable(Exception):
    """There is no connection, for this reason."""


class Waker:
    """Wakes a thread that polls, from any other."""

    def __init__(self) -> None:
        self._woken, self._waker = os.pipe()
        os.set_blocking(self._woken, False)
        os.set_blocking(self._waker, False)

    def fileno(self) -> int:
        return self._woken

    def wake(self) -> None:
        with contextlib.suppress(BlockingIOError):  # full: it is awake
            os.write(self._waker, b"!")

    def clear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self._woken, 4096)

    def close(self) -> None:
        os.close(self._woken)
        os.close(self._waker)


class Connection:
    """For one thread. After `ended` says why, there is nothing to be done with it."""

    def __init__(self, broker: Broker, access: Access, client_id: str, will: Retained | None, waker: Waker) -> None:
        from paho.mqtt import client as paho
        from paho.mqtt.enums import CallbackAPIVersion

        self._broker, self._waker = broker, waker
        self._client = client = paho.Client(CallbackAPIVersion.VERSION2, client_id, clean_session=True)
        client.connect_timeout = CONNECT_S
        client.max_inflight_messages_set(0)  # the caller keeps count
        if access.username is not None:
            client.username_pw_set(access.username, access.password)
        if access.tls is not None:
            client.tls_set_context(access.tls)
        if will is not None:
            client.will_set(will.topic, will.payload, QOS, retain=True)
        client.on_connect, client.on_disconnect, client.on_publish = (
            self._connected,
            self._disconnected,
            self._published,
        )
        self.up = False
        self.ended = ""  # why
        self._acknowledged: list[int] = []

    def open(self) -> None:
        """Asks to be let in; `up` says when that is so. Raises Unreachable."""
        try:
            self._client.connect(self._broker.host, self._broker.port, KEEPALIVE_S)
        except ssl.SSLCertVerificationError as error:
            raise Unreachable(f"its certificate is not good ({error.verify_message})") from None
        except ssl.SSLError as error:
            raise Unreachable(f"no TLS with it ({error.reason or error})") from None
        except socket.gaierror as error:
            raise Unreachable(f"no such host ({error.strerror})") from None
        except TimeoutError:
            raise Unreachable("no answer") from None
        except ConnectionResetError:
            raise Unreachable("it hangs up" + (": has this port TLS?" if self._broker.tls else "")) from None
        except (OSError, ValueError) as error:
            raise Unreachable(getattr(error, "strerror", None) or str(error)) from None

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        """The number by which it will be acknowledged."""
        return self._client.publish(topic, payload, QOS, retain).mid

    def turn(self, wait_s: float) -> list[int]:
        """What has been acknowledged; waits for something to do at most `wait_s`, or until woken."""
        sock: Any = self._client.socket()
        if sock is None:
            self.ended = self.ended or "the connection broke"
            return []
        poll = select.poll()  # select() knows no descriptor beyond 1023
        poll.register(self._waker, select.POLLIN)
        poll.register(sock, select.POLLIN | (select.POLLOUT if self._client.want_write() else 0))
        if isinstance(sock, ssl.SSLSocket) and sock.pending():
            wait_s = 0.0
        happened = dict(poll.poll(1000 * wait_s))
        if self._waker.fileno() in happened:
            self._waker.clear()
        self._client.loop_read()
        if self._client.want_write():
            self._client.loop_write()
        self._client.loop_misc()
        acknowledged, self._acknowledged = self._acknowledged, []
        return acknowledged

    def close(self) -> None:
        """Says good-bye where somebody listens: without it, the broker tells our last will."""
        if self.up:
            self._client.disconnect()
            with contextlib.suppress(OSError):
                self._client.loop_write()
        self.ended = self.ended or "closed"
        self.up = False
        sock = self._client.socket()
        if sock is not None:
            sock.close()

    def _connected(self, client: object, data: object, flags: object, reason: ReasonCode, properties: object) -> None:
        if reason.is_failure:
            self.ended = f"it lets us not in ({reason})"
        else:
            self.up = True

    def _disconnected(
        self, client: object, data: object, flags: object, reason: ReasonCode, properties: object
    ) -> None:
        self.up = False
        self.ended = self.ended or f"the connection broke ({reason})"

    def _published(self, client: object, data: object, mid: int, reason: object, properties: object) -> None:
        self._acknowledged.append(mid)
