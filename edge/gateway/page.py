"""One page server for all patches: `/` lists them, `/p/NAME/` is what `edge-run --serve` shows of one."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from edge import __version__
from edge.config import RunSettings
from edge.events import Event
from edge.gateway.hubs import Hubs, Shown
from edge.gateway.patch import Patch, Phase, Watch
from edge.sinks.base import News
from edge.web.access import Access
from edge.web.address import bound, place
from edge.web.app import Answers, in_words, json_answer
from edge.web.frames import Frame
from edge.web.guard import Guard
from edge.web.hub import Hub
from edge.web.page import let_in, recordings, source_of
from edge.web.server import PageServer, tls_context
from edge.web.static_files import read_parts

if TYPE_CHECKING:
    from edge.web.static_files import Part

ONE = re.compile(r"/p/([^/]+)(/.*)")  # what is asked of one patch
CHOSEN = "edge.patch"  # in a request's scope: whose it is


class GatewayPage(Watch):
    """Hands what patches tell to their hubs, in the server's thread. Raises UsageError, OutputError."""

    def __init__(self, s: RunSettings, say: Callable[[str], None]) -> None:
        assert s.serve is not None
        self._say = say
        tls = tls_context(s.serve_cert, s.serve_key)
        listening = bound(s.serve)
        with contextlib.ExitStack() as undo:
            undo.callback(listening.close)
            self.place = place(listening, tls=tls is not None, names=s.serve_name)
            self._access = Access(let_in(self.place, s.serve_token_file, say))
            undo.pop_all()
        self._parts: dict[str, Part] = read_parts()
        self._hubs = Hubs()
        self._server = PageServer(listening, tls, self._hubs, self._hubs.states)
        self._loop = asyncio.get_running_loop()
        self._server.start(self._app(), self._report)

    def close(self) -> None:
        self._server.stop("ended", "the gateway has ended")

    def phase(self, patch: Patch) -> None:
        about = {"phase": patch.phase.value, "reason": patch.reason, "restarts": patch.restarts}
        if patch.phase is Phase.STOPPED:
            self._post(self._gone, patch.name)
        elif patch.phase is Phase.STARTING:
            self._post(self._come, patch, about)
        else:
            self._post(self._stands, patch.name, about, over=patch.phase is Phase.DONE)

    def begun(self, patch: Patch, about: dict[str, Any]) -> None:
        device = {"device": f"{patch.name} ({about['device']})"}
        self._post(lambda: self._hubs.shown[patch.name].hub.begin(about | device))

    def signal(self, patch: Patch, frame: Frame) -> None:
        self._post(lambda: self._hubs.shown[patch.name].hub.signal(frame))

    def event(self, patch: Patch, event: Event) -> None:
        self._post(lambda: self._hubs.shown[patch.name].hub.event(event))

    def _post(self, call: Callable[..., None], *given: Any, **named: Any) -> None:
        self._server.post(partial(call, *given, **named))

    def _report(self, news: News) -> None:
        """From the server's thread."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._say, news.text)

    def _come(self, patch: Patch, about: dict[str, Any]) -> None:
        """A process begins: a run of its own, so whoever looks at the last one comes again."""
        s = patch.settings
        kind = next(name for name in ("port", "ble", "replay") if getattr(s, name))
        known = {"kind": kind, "source": source_of(s, kind), "speed": s.speed if s.speed < 1e9 else None}
        hub = Hub({**known, "version": __version__, "recordings": s.record is not None})
        if (before := self._hubs.shown.get(patch.name)) is not None:
            before.hub.end()
        shown = Shown(hub, lambda: patch.state, about, app=_nothing)
        answers = Answers(hub, self._access, self.place, self._parts, shown.state, partial(self._seen, patch))
        shown.app = answers.unguarded(recordings(s.record))
        self._hubs.shown[patch.name] = shown

    def _stands(self, name: str, about: dict[str, Any], *, over: bool) -> None:
        shown = self._hubs.shown[name]
        shown.status = about
        if over:
            shown.hub.begin({"phase": "over"})
            shown.hub.over({"how": "ended", "text": "the recording is over", "staying": True})

    def _gone(self, name: str) -> None:
        if (shown := self._hubs.shown.pop(name, None)) is not None:
            shown.hub.over({"how": "ended", "text": "the patch was taken out of the table", "staying": False})
            shown.hub.end()

    def _seen(self, patch: Patch, alert: str | None) -> bool:
        """From the server's thread: somebody has seen an alert."""
        if patch.pid is None:
            return False
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(patch.acknowledge, alert)
            return True
        return False

    def _app(self) -> ASGIApp:
        """The guard sees of `/p/NAME/x` the `x`, so that what holds for one run's page holds for each of these."""
        guarded = Guard(_Chosen(self._hubs, self._overview()), self.place, self._access)

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            found = ONE.fullmatch(scope.get("path", ""))
            if found and found[1] in self._hubs.shown:
                scope = {**scope, "path": found[2], CHOSEN: found[1]}
            await guarded(scope, receive, send)

        return app

    def _overview(self) -> Starlette:
        none: dict[str, Any] = {}
        hub = cast(Hub, self._hubs)  # of which log_out is all that is asked here
        ours = Answers(hub, self._access, self.place, self._parts, lambda: none, lambda alert: False)
        routes: list[BaseRoute] = [
            Route("/", ours.page("gateway.html"), methods=["GET"]),
            Route("/favicon.ico", ours.page("favicon.svg"), methods=["GET"]),
            Route("/static/{name}", ours.static, methods=["GET"]),
            Route("/api/session", ours.session, methods=["GET"]),
            Route("/api/session", ours.log_in, methods=["POST"]),
            Route("/api/session/end", ours.log_out, methods=["POST"]),
            Route("/api/patches", self._patches, methods=["GET"]),
            Route("/p/{name}", _with_slash, methods=["GET"]),
        ]
        app = Starlette(routes=routes, exception_handlers={HTTPException: in_words})
        app.router.redirect_slashes = False
        return app

    async def _patches(self, request: Request) -> Response:
        return json_answer({"patches": self._hubs.overview()})


class _Chosen:
    """ASGI: the app of the patch that is asked for, or the overview."""

    def __init__(self, hubs: Hubs, overview: ASGIApp) -> None:
        self._hubs, self._overview = hubs, overview

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shown = self._hubs.shown.get(scope.get(CHOSEN, ""))
        await (shown.app if shown else self._overview)(scope, receive, send)


async def _with_slash(request: Request) -> Response:
    return RedirectResponse(f"/p/{request.path_params['name']}/")


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    pass
