"""A real run with its page: a virtual patch on a pty, edge-run in a process of its own, and a browser that watches."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import numpy as np
import pytest

from edge.blocks import Signal
from edge.leads import LEAD, TWELVE_FROM_EIGHT
from edge.sinks.pty_server import PtyServer
from edge.virtual import virtual_patch
from firmware_bridge.faults import parse_fault

RATE = 500
INDEPENDENT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
HEIGHTS_MV = (0.3, 1.0, -0.5, -0.9, 0.4, 1.1, 0.8, 0.6)  # of the R wave, in that order: no two leads alike
R_S = 0.015  # its standard deviation
SECONDS = 15.0  # for what must come
LOOK_MS = 40
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


def heart(seconds: float = 10.0, *, silent: Sequence[tuple[float, float]] = ()) -> Signal:
    """60 beats a minute, each a wave of HEIGHTS_MV and nothing else (n x 12, mV); none within `silent` (s)."""
    t = np.arange(round(seconds * RATE)) / RATE
    beats = [at + 0.5 for at in range(int(seconds)) if not any(a <= at + 0.5 < b for a, b in silent)]
    wave = sum((np.exp(-(((t - at) / R_S) ** 2) / 2) for at in beats), np.zeros_like(t))
    noise = 1.5e-3 * np.random.default_rng(1).standard_normal((len(t), len(INDEPENDENT)))
    eight = wave[:, None] * np.array(HEIGHTS_MV) + noise
    return (eight @ TWELVE_FROM_EIGHT.T).astype(np.float32)


def heights_mv() -> dict[str, float]:
    twelve = TWELVE_FROM_EIGHT @ np.array(HEIGHTS_MV)
    return {lead: float(twelve[k]) for lead, k in LEAD.items()}


@contextlib.contextmanager
def patch(
    mv: Signal, leads: Sequence[str], path: Path | None = None, faults: Sequence[str] = (), name: str = "patch 7"
) -> Iterator[str]:
    """The port of a patch that goes on for ever."""
    worn = virtual_patch(mv[:, [LEAD[lead] for lead in leads]], RATE, leads, loop=True, name=name)
    with PtyServer(worn, [parse_fault(text) for text in faults], path=path) as server:
        yield server.path


@dataclass
class LiveRun:
    """edge-run with a page."""

    process: subprocess.Popen[str]
    url: str
    log: Path

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []


@contextlib.contextmanager
def live(folder: Path, *arguments: str, port: int = 0) -> Iterator[LiveRun]:
    """Told where its page is; ended and waited for."""
    log = folder / "events.jsonl"
    command = [sys.executable, "-m", "edge.cli.run", *arguments, "--serve", f"127.0.0.1:{port}", "--view", "none"]
    with (folder / "stderr").open("w+") as said:
        process = subprocess.Popen([*command, "--events", str(log)], stdout=subprocess.DEVNULL, stderr=said, text=True)
        try:
            wait(lambda: "http://" in (folder / "stderr").read_text(), process)
            yield LiveRun(process, re.findall(r"http://\S+", (folder / "stderr").read_text())[0], log)
        finally:
            process.terminate()
            assert process.wait(SECONDS) == 0, (folder / "stderr").read_text()


def wait(condition: Callable[[], bool], process: subprocess.Popen[str], seconds: float = SECONDS) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.returncode
        assert time.monotonic() < until
        time.sleep(0.02)


@dataclass
class Watched:
    """A page, and what a user must never see of it."""

    page: Any
    hosts: set[str] = field(default_factory=set)  # that it asked anything of
    errors: list[str] = field(default_factory=list)
    parts: set[str] = field(default_factory=set)  # paths of the page and of what it is made of

    def until(self, expression: str, seconds: float = SECONDS) -> Any:
        """Waits for a JavaScript expression to be true; asks from here, for the page's policy forbids to poll in it."""
        end = time.monotonic() + seconds
        while not (told := self.page.evaluate(expression)):
            assert time.monotonic() < end, f"not within {seconds:g} s: {expression}"
            self.page.wait_for_timeout(LOOK_MS)
        return told

    def settings(self, **values: object) -> None:
        self.page.evaluate("values => edgePage.settings.set(values)", values)


@contextlib.contextmanager
def watched(
    browser: Any, url: str, size: dict[str, int] = DESKTOP, ratio: float = 1, theme: str = "light"
) -> Iterator[Watched]:
    phone = size["width"] < 500
    how = {"device_scale_factor": ratio, "color_scheme": theme, "is_mobile": phone, "has_touch": phone}
    context = browser.new_context(viewport=size, **how)
    seen = Watched(context.new_page())
    seen.page.on("request", lambda request: _note(seen, urlsplit(request.url)))
    seen.page.on("websocket", lambda socket: seen.hosts.add(urlsplit(socket.url).netloc))
    seen.page.on("console", lambda told: told.type == "error" and seen.errors.append(told.text))
    seen.page.on("pageerror", lambda error: seen.errors.append(str(error)))
    try:
        seen.page.goto(url)
        yield seen
    finally:
        context.close()


def _note(seen: Watched, asked: SplitResult) -> None:
    seen.hosts.add(asked.netloc)
    if asked.path == "/" or asked.path.startswith("/static/"):
        seen.parts.add(asked.path)


def violations(seen: Watched, *rules: str) -> list[tuple[str, str]]:
    """What axe-core says of the page as it is, by the `rules` or all: the rule and the first element against it."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    options = {"resultTypes": ["violations"], **({"runOnly": [*rules]} if rules else {})}
    told = axe.Axe().run(seen.page, options=options).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in told]
