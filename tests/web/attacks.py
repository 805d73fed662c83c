"""What was tried against the page, and what came back: the rows of edge/web/ATTACKS.md, each of them run."""

# ruff: noqa: E501  a row of the table is a line

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest
from pages import Served, frames, until
from websockets.exceptions import ConnectionClosed, InvalidStatus

from edge.web import protocols

KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # of a socket, as RFC 6455 has one
TOKEN = "correct-horse-battery-staple"


@dataclass(frozen=True)
class Attack:
    """`go(served)` says what came back, in the words that the table has."""

    tried: str
    came_back: str
    go: Callable[[Served], str]


def opened(served: Served, **how: str | None) -> str:
    """What becomes of a socket."""
    try:
        with served.socket(**how) as line:  # type: ignore[arg-type]
            line.recv(timeout=5)
            return "open"
    except InvalidStatus as refused:
        return str(refused.response.status_code)


def closed(served: Served, *said: str | bytes) -> str:
    """With which code a socket ends that says all this."""
    with served.socket() as line:
        try:
            for one in said:
                line.send(one)
            while True:
                line.recv(timeout=5)
        except ConnectionClosed as end:
            return f"closed, {end.rcvd.code if end.rcvd else 1006}"


def post(served: Served, **headers: str) -> str:
    return str(served.ask("POST", "/api/alerts/acknowledge", "{}", **headers))


def raw(served: Served, *lines: str, body: bytes = b"") -> str:
    """The status that comes back for a request written by hand; `cut off` where none does."""
    head = "".join(f"{line}\r\n" for line in lines).replace("HOST", served.host).replace("ORIGIN", served.origin)
    return status(served.raw(f"{head}\r\n".encode("latin-1") + body))


def status(got: bytes) -> str:
    return got.split(b" ", 2)[1].decode() if got.startswith(b"HTTP/1.1 ") else "cut off"


def endless(served: Served) -> str:
    """A body in pieces that does not end."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=5) as line:
        head = f"POST /api/alerts/acknowledge HTTP/1.1\r\nHost: {served.host}\r\nOrigin: {served.origin}\r\n"
        line.sendall(f"{head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        with contextlib.suppress(ConnectionError):
            for _ in range(200):
                line.sendall(b"400\r\n" + b" " * 1024 + b"\r\n")
        with contextlib.suppress(ConnectionError):
            return status(line.recv(4096))
    return "cut off"


def half(served: Served) -> str:
    """Half a request, and then silence: for less time than it says, for a test's sake."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(protocols, "REQUEST_S", 0.2)
        return status(served.raw(b"GET / HTTP/1.1\r\nHost: ", 5))


def pings(served: Served) -> str:
    with served.socket() as line:
        try:
            for _ in range(500):
                line.ping()
            while True:
                line.recv(timeout=5)
        except ConnectionClosed as end:
            return "cut off" if end.rcvd is None else str(end.rcvd.code)


def flood(served: Served) -> str:
    """On one connection, each before the one before it is answered."""
    got = served.raw(f"GET /api/session HTTP/1.1\r\nHost: {served.host}\r\n\r\n".encode() * 2000)
    told = [status(b"HTTP/1.1 " + answer) for answer in got.split(b"HTTP/1.1 ")[1:]]
    return " then ".join(f"{name}" for name in dict.fromkeys(told))


def too_many(served: Served) -> str:
    with contextlib.ExitStack() as pages:
        for _ in range(32):
            pages.enter_context(served.socket()).recv(timeout=5)
        with served.socket() as line:
            try:
                line.recv(timeout=5)
            except ConnectionClosed as end:
                return f"closed, {end.rcvd.code if end.rcvd else 1006}"
    return "open"


def connections(served: Served) -> str:
    """More connections than there is room for: the next is answered when others have ended."""
    with contextlib.ExitStack() as lines:
        held = [
            lines.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=5)) for _ in range(100)
        ]
        waiting = lines.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=5))
        waiting.sendall(f"GET /api/session HTTP/1.1\r\nHost: {served.host}\r\n\r\n".encode())
        waiting.settimeout(0.2)
        try:
            waiting.recv(10)
            return "answered"
        except TimeoutError:
            pass
        for line in held[:3]:
            line.close()
        waiting.settimeout(5)
        return f"waits, then {status(waiting.recv(4096))}"


def guessed(served: Served) -> str:
    """Wrong tokens one after the other, and then the right one; from another address, says a header."""
    told = []
    for token in [*(f"wrong-wrong-wrong-{k}" for k in range(7)), TOKEN]:
        answer = served.ask("POST", "/api/session", json.dumps({"token": token}), x_forwarded_for=f"10.0.0.{len(told)}")
        told.append(str(answer))
    return ", ".join(told)


def stuck(served: Served) -> str:
    """A page that reads nothing, beside one that does."""
    head = f"GET /ws HTTP/1.1\r\nHost: {served.host}\r\nOrigin: {served.origin}\r\nUpgrade: websocket\r\n"
    with contextlib.ExitStack() as lines:
        deaf = lines.enter_context(socket.socket())
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", served.port))
        deaf.sendall(
            f"{head}Connection: Upgrade\r\nSec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        other = lines.enter_context(served.socket())
        hub, over = served.page.hub, threading.Event()
        from test_hub import block

        sent = 0
        end = time.monotonic() + 15
        while not hub.counts()["dropped"] and time.monotonic() < end:
            for _ in range(20):
                sent += 500
                served.page.post(partial(hub.signal, block(sent)))
            until(other, partial(is_block, sent))
            over.wait(0.01)
        return "dropped; the other misses nothing" if hub.counts()["dropped"] == 1 else "kept"


def is_block(start: int, name: str, told: bytes) -> bool:
    return name == "block" and struct.unpack_from("<q", told)[0] == start


def name_shown(served: Served) -> str:
    """What a patch called `<script>` looks like on the way to a browser."""
    named = "<script>alert(1)</script>"
    hub = served.page.hub
    served.page.post(lambda: hub.begin({"device": named}))
    with served.socket() as line:
        messages: list[bytes] = []
        while not any(told["device"] == named for name, told in frames(b"".join(messages)) if name == "hello"):
            messages.append(line.recv(timeout=5))  # type: ignore[arg-type]
    everywhere = b"".join([*messages, served.ask("GET", "/api/run").body, served.ask("GET", "/").body])
    return "as JSON text, `\\u003cscript>`" if b"<script>alert" not in everywhere else "as markup"


HTTP_GET = ("GET /api/run HTTP/1.1", "Host: HOST")
UPGRADE = ("Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13")
POSTED = ("POST /api/alerts/acknowledge HTTP/1.1", "Host: HOST", "Origin: ORIGIN", "Content-Type: application/json")

ON_LOCALHOST = (
    Attack("the socket from another site's page (`Origin: https://evil.example`)", "403", lambda s: opened(s, origin="https://evil.example")),
    Attack("… from a sandboxed frame (`Origin: null`), or with no Origin at all", "403, 403", lambda s: f"{opened(s, origin='null')}, {opened(s, origin=None)}"),
    Attack("… from this host's other port", "403", lambda s: opened(s, origin="http://127.0.0.1:1")),
    Attack("acknowledge by a POST from another site", "403", lambda s: post(s, origin="https://evil.example")),
    Attack("… with no Origin", "403", lambda s: post(s, origin="")),
    Attack("… by a form, which needs no permission of the browser (`text/plain`)", "415", lambda s: post(s, content_type="text/plain")),
    Attack("acknowledge by GET, as an image's address would", "405", lambda s: str(s.ask("GET", "/api/alerts/acknowledge"))),
    Attack("PUT, DELETE, OPTIONS, TRACE on a run", "405, 405, 405, 405", lambda s: ", ".join(str(s.ask(m, "/api/run")) for m in ("PUT", "DELETE", "OPTIONS", "TRACE"))),
    Attack("read a run from another site's page (`Sec-Fetch-Site: cross-site`)", "403", lambda s: str(s.ask("GET", "/api/run", sec_fetch_site="cross-site"))),
    Attack("DNS rebinding: our address under another name (`Host: evil.example`)", "421", lambda s: str(s.ask("GET", "/api/run", host=f"evil.example:{s.port}"))),
    Attack("… under a name that begins with ours (`localhost.evil.example`)", "421", lambda s: str(s.ask("GET", "/", host=f"localhost.evil.example:{s.port}"))),
    Attack("… for the socket", "421", lambda s: raw(s, "GET /ws HTTP/1.1", "Host: evil.example", "Origin: http://evil.example", *UPGRADE)),
    Attack("two Host headers, none, one of rubbish", "400, 400, 421", lambda s: ", ".join((raw(s, *HTTP_GET, "Host: evil.example", "Connection: close"), raw(s, HTTP_GET[0], "Connection: close"), raw(s, HTTP_GET[0], "Host: [[[", "Connection: close")))),
    Attack("`/static/../access.py`, plain and percent-encoded, once and twice", "404, 404, 404, 404", lambda s: ", ".join(str(s.ask("GET", f"/static/{name}")) for name in ("../access.py", "..%2faccess.py", "%2e%2e/access.py", "..%252faccess.py"))),
    Attack("`//etc/passwd`, a name with a zero byte, one that is no UTF-8", "404, 404, 404", lambda s: ", ".join(str(s.ask("GET", path)) for path in ("//etc/passwd", "/static/a%00.js", "/static/%ff%fe"))),
    Attack("a strip by a path (`/api/alerts/..%2f..%2fetc/strip`), a made-up alert acknowledged", "404, 404", lambda s: f"{s.ask('GET', '/api/alerts/..%2f..%2fetc/strip')}, {s.ask('POST', '/api/alerts/asystole-9/acknowledge', '{}')}"),
    Attack("headers split into the answer (`%0d%0aSet-Cookie:`)", "404, no cookie", lambda s: (lambda a: f"{a}, {'a' if 'set-cookie' in a.headers else 'no'} cookie")(s.ask("GET", "/static/a%0d%0aSet-Cookie:%20a=b"))),
    Attack("32 kB of headers; an address of 32 kB", "431, 414", lambda s: f"{raw(s, *HTTP_GET, 'X: ' + 'a' * 32768)}, {raw(s, 'GET /' + 'a' * 32768 + ' HTTP/1.1', 'Host: HOST')}"),
    Attack("a body of 2 kB; one that says it is 5 GB; one without an end; one with a GET", "413, 413, 413, 413", lambda s: ", ".join((str(s.ask("POST", "/api/alerts/acknowledge", " " * 2048)), raw(s, *POSTED, "Content-Length: 5000000000"), endless(s), raw(s, *HTTP_GET, "Content-Length: 9", body=b"123456789")))),
    Attack("a length and chunks at once (request smuggling)", "400", lambda s: raw(s, *POSTED, "Content-Length: 2", "Transfer-Encoding: chunked", body=b"0\r\n\r\n")),
    Attack("no HTTP at all", "400", lambda s: status(s.raw(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 5))),
    Attack("a socket that says 2 kB; 30 times a word; bytes that are no text", "closed, 1009; closed, 1008; closed, 1008", lambda s: "; ".join((closed(s, "a" * 2048), closed(s, *["a"] * 30), closed(s, *[b"\xff"] * 30)))),
    Attack("500 pings", "cut off", pings),
    Attack("half a request, then silence (slowloris)", "cut off after 10 s", lambda s: f"{half(s)} after 10 s"),
    Attack("a page that reads nothing", "dropped; the other misses nothing", stuck),
    Attack("a 33rd page", "closed, 1013", too_many),
    Attack("a 101st connection", "waits, then 200", connections),
    Attack("2000 requests at once", "200 then 429", flood),
    Attack("a patch called `<script>alert(1)</script>`", "as JSON text, `\\u003cscript>`", name_shown),
)  # fmt: skip

FROM_OUTSIDE = (
    Attack("from outside without a token: the run, alerts, a strip, the socket", "401, 401, 401, 401", lambda s: ", ".join([*(str(s.ask("GET", path)) for path in ("/api/run", "/api/alerts", "/api/alerts/asystole-1/strip")), opened(s)])),
    Attack("… acknowledge", "401", post),
    Attack("… the token in the address (`/api/run?token=…`)", "401", lambda s: str(s.ask("GET", f"/api/run?token={TOKEN}"))),
    Attack("… the token as another kind of key (`Authorization: Bearer`)", "401", lambda s: str(s.ask("GET", "/api/run", authorization=f"Bearer {TOKEN}"))),
    Attack("… a made-up cookie; one with a later end", "401, 401", lambda s: ", ".join(str(s.ask("GET", "/api/run", cookie=cookie)) for cookie in ("edge_page=9999999999.00.00", later(s.log_in(TOKEN))))),
    Attack("… the token posted from another site", "403", lambda s: str(s.ask("POST", "/api/session", json.dumps({"token": TOKEN}), origin="https://evil.example"))),
    Attack("a cookie after its owner has logged out", "401", lambda s: ended(s)),
    Attack("the token as a list, a number, 300 brackets, nothing", "400, 400, 400, 400", lambda s: ", ".join(str(s.ask("POST", "/api/session", body)) for body in ('{"token": []}', '{"token": 1}', "[" * 300, ""))),
    Attack("7 wrong tokens and then the right one, each from another address by `X-Forwarded-For`", "401, 401, 401, 401, 401, 429, 429, 429", guessed),
)  # fmt: skip


def later(cookie: str) -> str:
    name, _, session = cookie.partition("=")
    until_s, once, word = session.split(".")
    return f"{name}={int(until_s) + 1}.{once}.{word}"


def ended(served: Served) -> str:
    cookie = served.log_in(TOKEN)
    assert served.ask("GET", "/api/run", cookie=cookie).status == 200
    assert served.ask("POST", "/api/session/end", "{}", cookie=cookie).status == 204
    return str(served.ask("GET", "/api/run", cookie=cookie))
