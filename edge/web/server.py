"""The server in its thread: an event loop of its own, on a socket that is bound before the run begins."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

from starlette.types import ASGIApp
from uvicorn import Config, Server

from edge.errors import Reason, UsageError
from edge.sinks.base import News
from edge.web.protocols import Http, OurState, Socket
from edge.web.state import stamped

STOP_S = 0.5  # for the pages to be told that it is over; the rest is cut off
STATE_S, ANYWAY_S = 0.25, 2.0  # between two states: where something changed, and where nothing did
HEADERS = 16_384  # bytes of a request's
HANDSHAKE_S = 5.0  # of TLS
PING_S, PONG_S = 5.0, 10.0  # a page is asked whether it is there, and how long for
THREADS = 4  # for the answers that read recordings: the run wants its cores


class Pages(Protocol):
    """All pages that look on: a hub, or the hubs of several patches."""

    @property
    def clients(self) -> int: ...

    def tell_state(self, state: dict[str, Any]) -> None: ...

    def over(self, told: dict[str, Any]) -> None: ...

    def end(self) -> None: ...


class _Server(Server):
    """uvicorn's, which takes no more connections than there is room for: what waits, waits in the system's queue."""

    def __init__(self, config: Config, listening: socket.socket, tls: ssl.SSLContext | None) -> None:
        super().__init__(config)
        self.server_state: OurState = OurState()
        self._listening, self._tls = listening, tls
        self._accepting: asyncio.Task[None] | None = None
        self._opening: set[asyncio.Task[None]] = set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.servers: list[asyncio.base_events.Server] = []
        self._accepting = asyncio.create_task(self._accept())
        self.started = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        assert self._accepting is not None
        self._accepting.cancel()
        for task in self._opening:
            task.cancel()
        await asyncio.gather(self._accepting, *self._opening, return_exceptions=True)
        self._listening.close()
        for connection in [*self.server_state.connections]:
            connection.transport.abort()
        if tasks := [*self.server_state.tasks]:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=STOP_S)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self.server_state.room.acquire()
            try:
                connection, _ = await loop.sock_accept(self._listening)
            except OSError:  # it went away again, or this process has too many files open
                self.server_state.room.release()
                await asyncio.sleep(0.1)
                continue
            task = asyncio.create_task(self._open(connection))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        made: list[Http] = []

        def protocol() -> Http:
            made.append(Http(self.config, self.server_state, {}, loop))
            return made[-1]

        times: dict[str, Any] = {"ssl_handshake_timeout": HANDSHAKE_S, "ssl_shutdown_timeout": 1.0} if self._tls else {}
        try:
            await loop.connect_accepted_socket(protocol, connection, ssl=self._tls, **times)
        except (OSError, asyncio.CancelledError):  # no handshake
            connection.close()
            if not made or made[0].transport is None:
                self.server_state.room.release()


class PageServer:
    """Serves `app`, and tells the hub's pages how the run stands, until `stop`."""

    def __init__(
        self, listening: socket.socket, tls: ssl.SSLContext | None, hub: Pages, state: Callable[[], dict[str, Any]]
    ) -> None:
        self._listening, self._tls, self._hub, self._state = listening, tls, hub, state
        self._loop = asyncio.new_event_loop()
        self._ending = asyncio.Event()
        self._thread: threading.Thread | None = None
        self._over: dict[str, Any] = {}

    def post(self, call: Callable[[], None]) -> None:
        """`call` is done in the server's thread, unless that is over."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(call)

    def start(self, app: ASGIApp, report: Callable[[News], None]) -> None:
        self._thread = threading.Thread(target=self._run, args=(app, report), name="page", daemon=True)
        self._thread.start()

    def stop(self, how: str, text: str) -> None:
        """The pages are told; what does not take it within STOP_S is cut off."""
        self._over = {"how": how, "text": text, "staying": False}
        if self._loop.is_closed():
            return
        if self._thread is None:
            self._listening.close()
            self._loop.close()
            return
        self.post(self._ending.set)
        self._thread.join()

    def _run(self, app: ASGIApp, report: Callable[[News], None]) -> None:
        try:
            with _told(report):
                asyncio.set_event_loop(self._loop)
                self._loop.set_exception_handler(lambda loop, told: report(_bug(told.get("exception"))))
                self._loop.run_until_complete(self._serve(app))
        except Exception as error:  # noqa: BLE001  the run goes on without its page
            report(News(False, f"the page ended by a bug, {type(error).__name__}: {error}"))
        finally:
            self._loop.close()

    async def _serve(self, app: ASGIApp) -> None:
        from anyio.to_thread import current_default_thread_limiter

        current_default_thread_limiter().total_tokens = THREADS
        server = _Server(_config(app), self._listening, self._tls)
        serving, telling = asyncio.create_task(server.serve()), asyncio.create_task(self._tell())
        ending = asyncio.create_task(self._ending.wait())
        await asyncio.wait((serving, telling, ending), return_when=asyncio.FIRST_COMPLETED)
        self._hub.over(self._over)
        self._hub.end()
        until = time.monotonic() + STOP_S
        while self._hub.clients and time.monotonic() < until:
            await asyncio.sleep(0.02)
        server.should_exit = True
        ending.cancel()
        telling.cancel()
        await serving
        with contextlib.suppress(asyncio.CancelledError):
            await telling

    async def _tell(self) -> None:
        told: dict[str, Any] = {}
        due = 0.0
        while True:
            state = self._state()
            if state != told or time.monotonic() >= due:
                told, due = state, time.monotonic() + ANYWAY_S
                self._hub.tell_state(stamped(state))
            await asyncio.sleep(STATE_S)


def tls_context(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """None without a certificate. Raises UsageError."""
    if certificate is None or key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    for path in (certificate, key):
        try:
            path.open("rb").close()
        except OSError as error:
            raise UsageError(f"{path} cannot be read ({error.strerror}): check the file", Reason.UNREADABLE) from error
    try:
        context.load_cert_chain(certificate, key, password="")  # a key that wants one is refused, and nobody is asked
    except (ssl.SSLError, OSError, ValueError) as error:
        text = f"--serve-cert {certificate} and --serve-key {key} are no certificate and its key, both in PEM"
        raise UsageError(f"{text}, the key without a password ({error})", Reason.MALFORMED) from error
    return context


def _config(app: ASGIApp) -> Config:
    return Config(
        app,
        loop="asyncio",
        http=Http,
        ws=Socket,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # anybody may write one
        server_header=False,
        h11_max_incomplete_event_size=HEADERS,
        ws_max_size=1024,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PONG_S,
        ws_per_message_deflate=False,  # costs more than it saves on a network at home
    )


class _Handler(logging.Handler):
    """A bug in an answer is told once; what a stranger sends is nobody's news."""

    def __init__(self, report: Callable[[News], None]) -> None:
        super().__init__(logging.ERROR)
        self._report, self._said = report, False

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and not self._said:
            self._said = True
            self._report(_bug(record.exc_info[1]))


def _bug(error: BaseException | None) -> News:
    return News(False, f"a bug in the page, {type(error).__name__}: {error}; please report it")


@contextlib.contextmanager
def _told(report: Callable[[News], None]) -> Iterator[None]:
    log, handler = logging.getLogger("uvicorn"), _Handler(report)
    log.addHandler(handler)
    before, log.propagate = log.propagate, False
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.propagate = before
