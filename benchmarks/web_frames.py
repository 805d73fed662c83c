"""What the live page costs a browser, how smooth it is, and how old a sample is when its pixel is drawn.

    python -m benchmarks web
    python -m benchmarks web --seconds 20 --pictures build

A virtual patch sends II, V1 and V5 at 500 Hz over a pseudo-terminal; `edge-run --port … --serve` runs as users run it,
and the system's Chromium shows its page, without a screen. Measured in the page: the time between two frames, and the
script's own part of each; the heap, after the garbage is collected, at the beginning and at the end; and for each
second's first sample the time from the moment at which the patch had taken it (the patch and the browser share this
machine's clock) to the frame that draws it, in two parts: until the run gave its block away, and until it was drawn.
Chromium draws without a graphics processor here. Weights are those of the files, unpacked.

Needs Chromium and `pip install '.[test]'`. `--pictures DIR` keeps the page as pictures, too.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import numpy as np

from benchmarks import result
from edge.bench.fresh import command, environment
from edge.bundle import RATE
from edge.errors import InputError, Reason, UsageError
from edge.leads import LEAD
from edge.sinks.pty_server import PtyServer
from edge.synthetic import synthesise
from edge.virtual import virtual_patch

LEADS = ("II", "V1", "V5")
LOOP_S = 60.0  # of signal, sent again and again
START_S = 20.0  # in which the page must show something
SETTLED_S = 6.0  # before what is measured counts: the first windows, the play-out's search for its delay
FRAME_MS = 1000 / 60
ON_TIME = 1.5  # frames: an interval up to here has missed none
SIZES = {"desktop": (1280, 800, 1.0), "phone": (390, 844, 2.0)}  # CSS pixels, device pixels in each
VIEWS = (("desktop", "sweep"), ("desktop", "scroll"), ("phone", "sweep"), ("phone", "scroll"))
COLOURS = 256  # of a picture
CHROMIUM = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
# Wraps the page's frames before the page begins, and looks after each what is drawn.
WATCH = """
(() => {
  const told = { at: [], script: [], drawn: [], given: [] }, ask = requestAnimationFrame.bind(globalThis);
  globalThis.benchmark = told;
  globalThis.requestAnimationFrame = (call) => ask((now) => {
    const before = performance.now();
    call(now);
    told.script.push(performance.now() - before);
    told.at.push(now);
    const { traces, stream } = globalThis.edgePage ?? {};
    if (!traces?.scale || traces.drawn === null) return;
    told.drawn.push([performance.timeOrigin + performance.now(), traces.drawn / traces.scale.pps - stream.shift]);
    if (told.wrapped) return;
    told.wrapped = true;
    const block = stream.block.bind(stream);
    stream.block = (one) => { told.given.push([one.start, one.start + one.n, one.told_ms]); block(one); };
  });
})();
"""
PEAKS = """() => {
  const { ring } = edgePage.stream, found = [];
  for (let s = ring.end - 4000; s < ring.end; s++) found.push(ring.uv[ring.size + (s & ring.mask)]);
  return { first: ring.end - 4000 - edgePage.stream.shift, uv: found };
}"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seconds", type=float, default=60.0, help="that each view is watched for (%(default)g)")
    parser.add_argument("--pictures", type=Path, default=result.RESULTS, help="folder for the pictures (%(default)s)")
    parser.add_argument(
        "--out", type=Path, default=result.RESULTS / "web_frames.json", help="result file (%(default)s)"
    )


def run(args: argparse.Namespace) -> int:
    if args.seconds < 5:
        raise UsageError(f"--seconds {args.seconds:g}: frames are told after 5 s at least")
    figures: dict[str, Any] = {"seconds": args.seconds, "views": {}}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server, port = stack.enter_context(_patch(folder, "sinus"))
        url, browser = stack.enter_context(_served(folder, port)), stack.enter_context(_browser())
        figures["browser"] = f"Chromium {browser.version}, software rendering"
        for view in VIEWS:
            print(*view, file=sys.stderr)
            figures["views"][" ".join(view)] = _watched(browser, url, server, *view, args.seconds)
        figures["weights"] = _weights(browser, url)
        _pictures(browser, url, args.pictures)
    print(json.dumps(figures, indent=1))
    result.write(args.out, figures, ("numpy", "starlette", "uvicorn", "websockets", "playwright"))
    return 0


@contextlib.contextmanager
def _patch(folder: Path, rhythm: str) -> Iterator[tuple[PtyServer, str]]:
    mv = synthesise(rhythm, LOOP_S, RATE, seed=1, noise_uv=1.5).mv[:, [LEAD[lead] for lead in LEADS]]
    with PtyServer(virtual_patch(mv, RATE, LEADS, loop=True, name="patch 7"), path=folder / "patch") as server:
        yield server, server.path


@contextlib.contextmanager
def _served(folder: Path, port: str) -> Iterator[str]:
    """The address of the page of a run of its own."""
    call = command(
        "edge.cli.run", "--port", port, "--serve", "127.0.0.1:0", "--view", "none", "--record", folder / "night"
    )
    said = folder / "said"
    with said.open("w") as stderr:
        process = subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=stderr, env=environment(), cwd=folder)
        try:
            until = time.monotonic() + START_S
            while not (found := re.search(r"http://\S+", said.read_text())):
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"edge-run shows no page: {said.read_text()}")
                time.sleep(0.05)
            yield found.group()
        finally:
            process.terminate()
            process.wait()


@contextlib.contextmanager
def _browser() -> Iterator[Any]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise InputError(
            "a browser is driven by playwright: pip install 'playwright>=1.50'", Reason.UNREADABLE
        ) from error
    path = shutil.which("chromium")
    if path is None:
        raise InputError("there is no chromium here: sudo apt install chromium", Reason.UNREADABLE)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=[*CHROMIUM])
        yield browser
        browser.close()


@contextlib.contextmanager
def _page(browser: Any, url: str, size: str, theme: str = "light") -> Iterator[Any]:
    width, height, ratio = SIZES[size]
    phone = size == "phone"
    how = {"device_scale_factor": ratio, "is_mobile": phone, "has_touch": phone, "color_scheme": theme}
    context = browser.new_context(viewport={"width": width, "height": height}, **how)
    page = context.new_page()
    try:
        yield page
    finally:
        context.close()


def _shown(page: Any, url: str, mode: str) -> None:
    page.goto(url)
    page.evaluate("mode => edgePage.settings.set({ mode })", mode)
    until = time.monotonic() + START_S
    while not page.evaluate("edgePage.traces.drawn"):
        if time.monotonic() > until:
            raise RuntimeError(f"{url}: nothing is drawn after {START_S:g} s")
        page.wait_for_timeout(100)
    page.wait_for_timeout(1000 * SETTLED_S)


def _watched(browser: Any, url: str, server: PtyServer, size: str, mode: str, seconds: float) -> dict[str, Any]:
    with _page(browser, url, size) as page:
        page.add_init_script(WATCH)
        _shown(page, url, mode)
        client = page.context.new_cdp_session(page)
        before = _heap_mb(client)
        page.evaluate("Object.assign(benchmark, { at: [], script: [], drawn: [] })")
        page.wait_for_timeout(1000 * seconds)
        told, peaks = page.evaluate("benchmark"), page.evaluate(PEAKS)
        after = _heap_mb(client)
        late = page.evaluate("edgePage.stream.playOut.late") / RATE
    between, script = np.diff(told["at"]), np.array(told["script"])
    return {
        "frames": len(between),
        "interval_ms": _percentiles(between),
        "on_time_percent": round(100 * float(np.mean(between <= ON_TIME * FRAME_MS)), 2),
        "script_ms": _percentiles(script),
        "heap_mb": {"before": before, "after": after},
        "head_was_short_s": round(late, 3),
        "sample_to_pixel_ms": _to_pixel(told, server, _offset(peaks)),
    }


def _heap_mb(client: Any) -> float:
    client.send("HeapProfiler.collectGarbage")
    return round(client.send("Runtime.getHeapUsage")["usedSize"] / 1e6, 2)


def _percentiles(values: Any) -> dict[str, float]:
    return {f"p{q}": round(float(np.percentile(values, q)), 2) for q in (50, 95, 99)}


def _offset(peaks: dict[str, Any]) -> int:
    """Samples from the patch's count to the run's, by where the R waves of lead II lie; they must lie within 20 ms."""
    truth = synthesise("sinus", LOOP_S, RATE, seed=1, noise_uv=1.5).mv[:, LEAD["II"]]
    shown = np.array(peaks["uv"], float) / 1000
    index = (peaks["first"] + np.arange(len(shown))) % len(truth)
    shifts = range(-50, 51)
    apart = [float(np.mean(np.abs(shown - truth[(index + shift) % len(truth)]))) for shift in shifts]
    best = shifts[int(np.argmin(apart))]
    if abs(best) > RATE / 50:
        raise RuntimeError(f"the run's samples lie {best} beside the patch's: no time to pixel can be told")
    return best


def _to_pixel(told: dict[str, Any], server: PtyServer, offset: int) -> dict[str, Any]:
    """For each second's first sample; on the page's clock, which is the host's."""
    began_s = server._began_s
    assert began_s is not None
    wall_s = time.time() - time.monotonic()
    at_ms, upto = (np.array(column) for column in zip(*told["drawn"], strict=True))
    whole, given, drawn = [], [], []
    second = round(RATE)
    for sample in range(int(upto[0]) // second * second + 2 * second, int(upto[-1]) - second, second):
        taken_ms = 1000 * (began_s + wall_s + (sample + offset + 1) / RATE)
        seen_ms = at_ms[int(np.argmax(upto > sample))]
        block = [ms for first, end, ms in told["given"] if first <= sample < end]
        if not block:
            continue
        whole.append(seen_ms - taken_ms)
        given.append(block[0] - taken_ms)
        drawn.append(seen_ms - block[0])
    parts = {"until_its_block_leaves_the_run": _percentiles(given), "from_there_to_its_frame": _percentiles(drawn)}
    return {"samples": len(whole), "offset_samples": offset, "whole": _percentiles(whole), **parts}


def _weights(browser: Any, url: str) -> dict[str, int]:
    """Bytes of all that the page is made of, as it lies in the wheel."""
    asked: set[str] = set()
    with _page(browser, url, "desktop") as page:
        page.on("request", lambda request: asked.add(urlsplit(request.url).path))
        _shown(page, url, "sweep")
        parts = sorted(path for path in asked if path == "/" or path.startswith("/static/"))
        weights = {path: len(page.request.get(urljoin(url, path)).body()) for path in parts}
    return weights | {"all": sum(weights.values())}


def _pictures(browser: Any, url: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, size, theme in (("page-desktop", "desktop", "light"), ("page-phone", "phone", "dark")):
        with _page(browser, url, size, theme) as page:
            _shown(page, url, "sweep")
            _keep(page.screenshot(), folder / f"{name}.png")


def _keep(png: bytes, path: Path) -> None:
    """In so many colours as the page has: a third of the bytes."""
    from PIL import Image

    few = Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS, Image.Quantize.FASTOCTREE)
    few.save(path, optimize=True)


def tables(figures: dict[str, Any], table: Any) -> list[str]:
    """For the README: a row a view."""
    head: Sequence[str] = (
        *("live page", "frame ms: p50, p95, p99", "on time", "script ms a frame: p50, p99"),
        *("heap MB", "s from sample to pixel: p50, p99"),
    )
    rows = []
    for name, of in figures["views"].items():
        interval, script, pixel = of["interval_ms"], of["script_ms"], of["sample_to_pixel_ms"]["whole"]
        row = [name, ", ".join(f"{interval[p]:.1f}" for p in ("p50", "p95", "p99")), f"{of['on_time_percent']:.1f} %"]
        row += [f"{script['p50']:.1f}, {script['p99']:.1f}", f"{of['heap_mb']['before']} to {of['heap_mb']['after']}"]
        rows.append([*row, f"{pixel['p50'] / 1000:.1f}, {pixel['p99'] / 1000:.1f}"])
    return table(head, rows)
