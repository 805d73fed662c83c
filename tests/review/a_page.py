"""The page of recordings on a free port, as the server serves it, without a run."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import edge.web
from edge.web.headers import ALWAYS
from edge.web.review_routes import review_routes
from edge.web.tile_maker import TileMaker

STATIC = Path(edge.web.__file__).parent / "static"


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address, http://127.0.0.1:PORT."""
    tiles = TileMaker(folder)
    app = Starlette(
        routes=[*review_routes(folder, tiles), Route("/review", _page), Mount("/static", StaticFiles(directory=STATIC))]
    )
    config = uvicorn.Config(_WithHeaders(app), log_level="error", ws="none", lifespan="off")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        until_s = time.monotonic() + 10
        while not server.started and time.monotonic() < until_s:
            thread.join(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
            tiles.close()


def _page(_: Request) -> FileResponse:
    return FileResponse(STATIC / "review.html")


class _WithHeaders:
    """As the server's guard adds them: a page that needed more than its own host would break here too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *((k.encode(), v.encode()) for k, v in ALWAYS.items())]
            await send(message)

        await self._app(scope, receive, with_headers)
