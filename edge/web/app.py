"""The server's answers: the page's parts, what a run tells, and the few things that may be asked of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket, WebSocketDisconnect

from edge.web.access import SESSION_S, Access
from edge.web.address import Place
from edge.web.client import Client, Lost
from edge.web.frames import as_json
from edge.web.guard import Guard, cookie, peer
from edge.web.headers import ASK_AGAIN
from edge.web.hub import Hub
from edge.web.protocols import ABORT, NO_ANSWER
from edge.web.static_files import Part

MOST_A_SECOND = 10  # messages from a page, which has nothing to say
LATEST_SAMPLE = 1 << 53  # in a query


@dataclass(frozen=True, slots=True)
class Answers:
    """What the answers are made of."""

    hub: Hub
    access: Access
    place: Place
    parts: dict[str, Part]
    state: Callable[[], dict[str, Any]]
    acknowledge: Callable[[str | None], bool]

    def app(self, more: list[Route]) -> ASGIApp:
        """`more`: of the recordings. Everything behind the guard."""
        return Guard(self.unguarded(more), self.place, self.access)

    def unguarded(self, more: list[Route]) -> Starlette:
        """For a guard that stands before several of these."""
        routes: list[BaseRoute] = [
            Route("/", self.front, methods=["GET"]),
            Route("/review", self.page("review.html"), methods=["GET"]),
            Route("/favicon.ico", self.page("favicon.svg"), methods=["GET"]),
            Route("/static/{name}", self.static, methods=["GET"]),
            Route("/api/session", self.session, methods=["GET"]),
            Route("/api/session", self.log_in, methods=["POST"]),
            Route("/api/session/end", self.log_out, methods=["POST"]),
            Route("/api/run", self.run, methods=["GET"]),
            Route("/api/alerts", self.alerts, methods=["GET"]),
            Route("/api/alerts/acknowledge", self.acknowledge_all, methods=["POST"]),
            Route("/api/alerts/{id}/acknowledge", self.acknowledge_one, methods=["POST"]),
            Route("/api/alerts/{id}/strip", self.strip, methods=["GET"]),
            WebSocketRoute("/ws", self.socket),
            *more,
        ]
        app = Starlette(routes=routes, exception_handlers={HTTPException: in_words})
        app.router.redirect_slashes = False
        return app

    async def front(self, request: Request) -> Response:
        if self.hub.hello["kind"] == "review":
            return RedirectResponse("/review", 307)
        return self._part(request, "index.html")

    def page(self, name: str) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            return self._part(request, name)

        return answer

    async def static(self, request: Request) -> Response:
        return self._part(request, request.path_params["name"])

    def _part(self, request: Request, name: str) -> Response:
        part = self.parts.get(name)
        if part is None:
            raise HTTPException(404, "no such page")
        told = {"cache-control": ASK_AGAIN, "etag": part.tag, "vary": "Accept-Encoding"}
        if part.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=told)
        if part.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(part.packed, headers=told | {"content-encoding": "gzip"}, media_type=part.media)
        return Response(part.data, headers=told, media_type=part.media)

    async def session(self, request: Request) -> Response:
        held = request.cookies.get(cookie(self.place), "")
        known = not self.access.needed or self.access.valid(held)
        wait_s = round(self.access.wait_s(peer(request.scope)), 1)
        return JSONResponse({"needed": self.access.needed, "open": known, "wait_s": wait_s})

    async def log_in(self, request: Request) -> Response:
        if not self.access.needed:
            return Response(status_code=204)
        asking = peer(request.scope)
        if (wait_s := self.access.wait_s(asking)) > 0:
            text = f"too many wrong tokens: wait {wait_s:.0f} s"
            raise HTTPException(429, text, {"retry-after": str(int(wait_s) + 1)})
        try:
            token = json.loads(await request.body())["token"]
        except (ValueError, TypeError, KeyError, RecursionError):
            token = None
        if not isinstance(token, str):
            raise HTTPException(400, 'the body must be {"token": "…"}')
        if not self.access.right(token.strip(), asking):
            raise HTTPException(401, "that is not the token")
        answer = Response(status_code=204)
        self._set(answer, self.access.session(), int(SESSION_S))
        return answer

    async def log_out(self, request: Request) -> Response:
        held = request.cookies.get(cookie(self.place), "")
        self.access.end(held)
        self.hub.log_out(held)
        answer = Response(status_code=204)
        self._set(answer, "", 0)
        return answer

    def _set(self, answer: Response, value: str, seconds: int) -> None:
        answer.set_cookie(
            cookie(self.place), value, seconds, path="/", secure=self.place.tls, httponly=True, samesite="strict"
        )

    async def run(self, request: Request) -> Response:
        return json_answer({"hello": self.hub.hello, "state": self.state(), "page": self.hub.counts()})

    async def alerts(self, request: Request) -> Response:
        book = self.hub.alerts
        active = [book.last(one["id"]) for one in self.state()["alerts"]]
        return json_answer({"active": active, "log": book.log})

    async def acknowledge_one(self, request: Request) -> Response:
        alert = request.path_params["id"]
        if not self.hub.alerts.knows(alert):
            raise HTTPException(404, "no such alert")
        return self._acknowledged(alert)

    async def acknowledge_all(self, request: Request) -> Response:
        return self._acknowledged(None)

    def _acknowledged(self, alert: str | None) -> Response:
        if not self.acknowledge(alert):
            raise HTTPException(409, "no run goes on: there is nobody to acknowledge it to")
        return Response(status_code=202)

    async def strip(self, request: Request) -> Response:
        found = self.hub.recent.strip_of(request.path_params["id"])
        if found is None:
            raise HTTPException(404, "no strip of that alert is kept here: the recording has it, where there is one")
        return Response(found, media_type="application/octet-stream")

    async def socket(self, socket: WebSocket) -> None:
        asked = socket.query_params
        after = asked.get("after", "0")
        after_sample = min(int(after), LATEST_SAMPLE) if after.isdecimal() and len(after) < 20 else 0
        await socket.accept()
        client = self.hub.join(asked.get("run", ""), after_sample, socket.cookies.get(cookie(self.place), ""))
        if client is None:
            await socket.close(1013, "too many pages look on: close one")
            return
        dropped = False
        try:
            code, text = await _attended(socket, client)
            await socket.close(code, text)
        except Lost:
            dropped = True
            socket.scope["extensions"][ABORT]()
        except WebSocketDisconnect as gone:
            dropped = gone.code == NO_ANSWER
        finally:
            self.hub.leave(client, dropped=dropped)


async def _attended(socket: WebSocket, client: Client) -> tuple[int, str]:
    """Feeds the page until one of us ends it; with which code. Raises Lost, WebSocketDisconnect."""
    feeding, hearing = asyncio.create_task(client.feed(socket.send_bytes)), asyncio.create_task(_heard(socket))
    try:
        done, _ = await asyncio.wait((feeding, hearing), return_when=asyncio.FIRST_COMPLETED)
        if hearing in done:
            hearing.result()
            return 1008, "a page has nothing to say"
        feeding.result()
        return 1001, "the run is over, or you logged out"
    finally:
        for task in (feeding, hearing):
            task.cancel()
        await asyncio.gather(feeding, hearing, return_exceptions=True)


async def _heard(socket: WebSocket) -> None:
    """Ends when the page says too much. Raises WebSocketDisconnect when it goes."""
    loop = asyncio.get_running_loop()
    second, count = loop.time(), 0
    while count <= MOST_A_SECOND:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1000))
        if loop.time() - second > 1:
            second, count = loop.time(), 0
        count += 1


def json_answer(told: dict[str, Any]) -> Response:
    return Response(as_json(told), media_type="application/json")


async def in_words(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, error.headers)
