"""uvicorn's two protocols, held shorter: who says nothing, asks too much or does not listen is cut off."""

from __future__ import annotations

import asyncio
from asyncio.transports import BaseTransport, Transport
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

REQUEST_S = 10.0  # for a whole request, from the connection's or the last answer's end
MOST_CONNECTIONS = 100  # at once: 32 pages, and what each asks for beside; files that the run may need are more
MOST_PINGS = 60  # from a page: browsers send none
NO_ANSWER = 1011  # a page that does not say that it is still there
ABORT = "edge.abort"  # in a socket's scope: cuts it off, whatever still waits to be sent


class OurState(ServerState):
    """What the connections of one server share."""

    def __init__(self) -> None:
        super().__init__()
        self.room = asyncio.Semaphore(MOST_CONNECTIONS)


class Http(H11Protocol):
    """A request comes whole within REQUEST_S, or its connection ends."""

    transport: Transport
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect()

    def on_response_complete(self) -> None:
        self._expect()
        super().on_response_complete()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._expect(nothing=True)
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect(nothing=True)
        super().connection_lost(exc)
        cast(OurState, self.server_state).room.release()

    def _expect(self, *, nothing: bool = False) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if nothing else self.loop.call_later(REQUEST_S, self._late)

    def _late(self) -> None:
        answering = self.cycle is not None and not self.cycle.more_body and not self.cycle.response_complete
        if answering:
            self._expect()
        else:
            self.transport.abort()


class Socket(WebSocketsSansIOProtocol):
    """Can be cut off from within; does so itself where pings come in floods or are not answered."""

    def __init__(self, config: Any, server_state: ServerState, app_state: dict[str, Any], _loop: Any = None) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._room = cast(OurState, server_state).room
        self._pings = 0
        self.close_timeout = 1.0

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self._abort = cast(Transport, transport).abort

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            cast(Any, self.scope)["extensions"][ABORT] = self._abort  # before the task that was made begins

    def handle_ping(self) -> None:
        self._pings += 1
        if self._pings > MOST_PINGS:
            self._abort()
        else:
            super().handle_ping()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": NO_ANSWER})
        self._abort()  # what waits would keep the connection open for as long as the other end likes

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._room.release()
