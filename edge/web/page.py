"""A run's page, from the settings: opened before the run, fed by a sink, and there until it is told to end."""

from __future__ import annotations

import contextlib
import math
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge import __version__
from edge.config import SOURCES, RunSettings
from edge.errors import InputError, Reason, UsageError
from edge.sinks.base import Sink
from edge.sinks.state import ViewState

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.routing import Route

    from edge.web.address import Place
    from edge.web.tile_maker import TileMaker

MISSING = "--serve needs a few packages more: pip install 'edge-ecg[web]'"


class Page:
    """A page that is served."""

    def __init__(self, s: RunSettings, state: ViewState) -> None:
        """Raises UsageError, OutputError."""
        needed()
        from edge.web.access import Access
        from edge.web.address import bound, place
        from edge.web.app import Answers
        from edge.web.hub import Hub
        from edge.web.server import PageServer, tls_context
        from edge.web.sink import PageSink
        from edge.web.state import stamped, state_of
        from edge.web.static_files import read_parts

        assert s.serve is not None
        if s.review is not None and not s.review.is_dir():
            raise InputError(f"no such folder for --review: {s.review}: check the name", Reason.NOT_FOUND)
        self._s, self._view = s, state
        tls = tls_context(s.serve_cert, s.serve_key)
        listening = bound(s.serve)
        with contextlib.ExitStack() as undo:
            undo.callback(listening.close)
            self.place = place(listening, tls=tls is not None, names=s.serve_name)
            token = let_in(self.place, s.serve_token_file, _say)
            undo.pop_all()
        folder = s.review or s.record
        self._tiles = None if folder is None else tiles_of(folder, growing=s.record is not None)
        hub = Hub(_told(s))
        self._server = PageServer(listening, tls, hub, lambda: state_of(state, hub))
        self._sink = PageSink(hub, self._server.post)
        answers = Answers(
            hub, Access(token), self.place, read_parts(), lambda: stamped(state_of(state, hub)), self._sink.acknowledge
        )
        self.hub = hub  # to be touched in the server's thread: by `post`
        self.post = self._server.post
        self._server.start(answers.app(recordings(folder, self._tiles)), self._sink.report)

    @property
    def sinks(self) -> list[Sink]:
        return [self._sink]

    def stay(self) -> None:
        """After a recording that came to its end: until somebody asks for it (KeyboardInterrupt)."""
        s = self._s
        if s.port or s.ble or s.duration or self._view.stopped:
            return
        if s.replay or s.demo:
            _say(f"the recording is over, and {self.place.url} stays until Ctrl-C")
            over = {"how": "ended", "text": "the recording is over", "staying": True}
            self.post(lambda: self.hub.over(over))
        threading.Event().wait()

    def close(self) -> None:
        self._server.stop("ended", "the run is over")
        if self._tiles is not None:
            self._tiles.close()


@contextlib.contextmanager
def served(s: RunSettings, state: ViewState) -> Iterator[Page]:
    """The page while a run goes on, and after it where it stays. Raises UsageError, OutputError."""
    page = Page(s, state)
    try:
        yield page
    finally:
        page.close()


def let_in(place: Place, chosen: Path | None, say: Callable[[str], None]) -> str | None:
    """The token, once it is said where the page is; None where only this machine's programs reach it and nobody asked
    for one. Raises UsageError, OutputError."""
    from edge.web.access import opened_token, token_file

    if place.local and chosen is None:
        say(f"the page is at {place.url}")
        return None
    path = token_file(chosen)
    token, new = opened_token(path)
    if new and sys.stderr.isatty():  # else it goes into some log, where others may read it
        say(f"the page is at {place.url}#token={token} (shown this once; the token is kept in {path})")
    else:
        say(f"the page is at {place.url} (it asks for the token in {path})")
    if not place.local and not place.tls:
        say("whoever listens on the way can read it all: use --serve-cert and --serve-key, or a network you trust")
    return token


def needed() -> None:
    """Raises UsageError where a package is missing."""
    import importlib.util

    if not all(importlib.util.find_spec(name) for name in ("starlette", "uvicorn", "websockets")):
        raise UsageError(MISSING)


def _told(s: RunSettings) -> dict[str, Any]:
    """Of HELLO, what is known before a patch has described itself."""
    kind = next((name for name in SOURCES if getattr(s, name)), "review")
    of = {"kind": kind, "source": kind if s.demo else source_of(s, kind)}
    speed = s.speed if math.isfinite(s.speed) else None
    return {**of, "speed": speed, "version": __version__, "recordings": bool(s.review or s.record)}


def source_of(s: RunSettings, kind: str) -> str:
    """What a page is told of where it comes from: of a file its name, since the folders here are nobody's business."""
    source = str(getattr(s, kind))
    return (Path(source).name or source) if kind in ("replay", "review") else source


def recordings(folder: Path | None, tiles: TileMaker | None = None) -> list[Route]:
    """What shows the recordings in `folder`; their tiles are made by `tiles`, or on first use."""
    if folder is None:
        return []
    from edge.web.review_routes import review_routes

    return review_routes(folder, tiles)


def tiles_of(folder: Path, growing: bool) -> TileMaker:
    """What makes the tiles of the recordings in `folder`; `growing`: also of what is being recorded there."""
    from edge.web.tile_maker import TileMaker

    return TileMaker(folder, watch=growing)


def _say(line: str) -> None:
    with contextlib.suppress(OSError):  # nobody is there to be told
        print(f"edge-run: {line}", file=sys.stderr, flush=True)
