"""Stands before everything the server answers: by what name, from where, how much and by whom it is asked."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edge.web import headers
from edge.web.access import Access
from edge.web.address import Place

MOST_TARGET, MOST_HEADERS = 2048, 16_384  # bytes of an address, and of all headers together
MOST_BODY = 1024  # bytes of a POST: a token, or nothing
BODY_S = 5.0  # in which it comes
REQUESTS_PER_S, BURST = 100.0, 400.0  # of one peer: a page that scrolls through a recording asks 20 times a second
MOST_PEERS = 256  # whose requests are counted
OPEN = ("/static/", "/api/session")  # to everybody, with the pages themselves
PAGES = ("/", "/review", "/favicon.ico")
SAFE = ("GET", "HEAD")


class Refused(Exception):
    """An answer in words instead of what was asked for."""

    def __init__(self, status: int, text: str, **more: str) -> None:
        super().__init__(text)
        self.status, self.text, self.more = status, text, more


class Guard:
    """ASGI: lets through to `app` what is in order, and gives every answer its headers."""

    def __init__(self, app: ASGIApp, place: Place, access: Access) -> None:
        self._app, self._place, self._access = app, place, access
        self._rates = Rates()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return

        async def guarded_send(message: Message) -> None:
            if message["type"].endswith("http.response.start"):
                told = MutableHeaders(scope=message)
                for name, value in headers.ALWAYS.items():
                    told[name] = value
                told.setdefault("cache-control", headers.NOT_KEPT)
            await send(message)

        try:
            self._check(scope)
            if scope["type"] == "http" and scope["method"] not in SAFE:
                receive = await _small(receive)
        except Refused as refused:
            more = refused.more | ({"connection": "close"} if scope["type"] == "http" else {})
            answer = JSONResponse({"error": refused.text}, refused.status, more)
            await answer(scope, receive, guarded_send)
            return
        await self._app(scope, receive, guarded_send)

    def _check(self, scope: Scope) -> None:
        """Raises Refused."""
        asked = HTTPConnection(scope)
        _check_head(scope, asked)
        hosts = asked.headers.getlist("host")
        if len(hosts) != 1 or not self._place.called(hosts[0], (scope["server"] or ("",))[0]):
            raise Refused(421, "this address is not served by that name; --serve-name gives it one more")
        if not self._rates.allow(peer(scope)):
            raise Refused(429, "too many requests", **{"retry-after": "1"})
        path, changes = scope["path"], scope["type"] == "websocket" or scope["method"] not in SAFE
        if changes and asked.headers.getlist("origin") != [f"{self._scheme}://{hosts[0]}"]:
            raise Refused(403, "asked from another page than this server's")
        if path.startswith("/api/") and asked.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            raise Refused(403, "asked from another page than this server's")
        if scope["type"] == "http":
            _check_body(asked, changes)
        if not self._open(path) and not self._known(asked):
            raise Refused(401, "not logged in: open this address in a browser and give the token")

    @property
    def _scheme(self) -> str:
        return "https" if self._place.tls else "http"

    def _open(self, path: str) -> bool:
        return path in PAGES or path == OPEN[1] or path.startswith(OPEN[0])

    def _known(self, asked: HTTPConnection) -> bool:
        return not self._access.needed or self._access.valid(asked.cookies.get(cookie(self._place), ""))


class Rates:
    """How much each peer asks: a bucket that fills again."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # by peer: requests, as of

    def allow(self, asking: str) -> bool:
        now = self._clock()
        left, at = self._left.pop(asking, (BURST, now))
        left = min(BURST, left + REQUESTS_PER_S * (now - at))
        allowed = left >= 1
        self._left[asking] = (left - allowed, now)
        while len(self._left) > MOST_PEERS:
            self._left.popitem(last=False)
        return allowed


def cookie(place: Place) -> str:
    """Its name. With TLS one that browsers take from this host alone, and only with TLS."""
    return "__Host-edge_page" if place.tls else "edge_page"


def peer(scope: Scope) -> str:
    """Whose connection it is; no header is asked, for anybody may write one."""
    return str((scope["client"] or ("",))[0])


def _check_head(scope: Scope, asked: HTTPConnection) -> None:
    if len(scope["raw_path"]) + len(scope["query_string"]) > MOST_TARGET:
        raise Refused(414, f"an address of more than {MOST_TARGET} bytes")
    if sum(len(name) + len(value) for name, value in scope["headers"]) > MOST_HEADERS:
        raise Refused(431, f"headers of more than {MOST_HEADERS} bytes")
    if "transfer-encoding" in asked.headers and "content-length" in asked.headers:
        raise Refused(400, "a body of two lengths")


def _check_body(asked: HTTPConnection, changes: bool) -> None:
    length = asked.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > (MOST_BODY if changes else 0):
        raise Refused(413, f"a body of {length[:20]} bytes: at most {MOST_BODY if changes else 0}")
    if not changes and "transfer-encoding" in asked.headers:
        raise Refused(413, "a GET has no body")
    if changes and asked.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refused(415, "the body must be application/json")


async def _small(receive: Receive) -> Receive:
    """The body, read to its end, to be received once more. Raises Refused."""
    parts: list[bytes] = []
    try:
        async with asyncio.timeout(BODY_S):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise Refused(400, "the request was cut off")
                parts.append(message.get("body", b""))
                if sum(map(len, parts)) > MOST_BODY:
                    raise Refused(413, f"a body of more than {MOST_BODY} bytes")
                if not message.get("more_body", False):
                    break
    except TimeoutError:
        raise Refused(408, "the body did not come") from None
    whole = iter([{"type": "http.request", "body": b"".join(parts), "more_body": False}])

    async def again() -> Message:
        for message in whole:
            return message
        return await receive()

    return again
