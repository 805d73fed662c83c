"""End to end: edge-run in a process of its own, on a pseudo-terminal on which a virtual patch sends in real time."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from edge.bench.emergency import OFF, SIGNAL_S, Delay, Sent, delays, signal
from edge.bench.fresh import command, environment
from edge.bench.inputs import PATCH
from edge.bench.progress import Tell, quiet
from edge.bench.turns import Timing
from edge.bundle import RATE, Bundle
from edge.errors import EdgeError
from edge.events import Event
from edge.sinks.pty_server import PtyServer
from edge.virtual import virtual_patch

LIMIT_S = 45.0  # for all of it, on a board that takes long to start
GRACE_S = 3.0  # to end in good order

Heard = list[tuple[float, Event]]  # with time.monotonic()


@dataclass(frozen=True, slots=True)
class Streamed:
    """Figures of one run; None where it did not tell."""

    variant: str
    threads: int
    seconds: float  # of signal
    alerts: list[Delay] = field(default_factory=list)
    twelve_leads_p50_ms: float | None = None  # from a sample's arrival to its leaving as twelve leads
    twelve_leads_p99_ms: float | None = None
    core_percent: float | None = None
    resident_mb: float | None = None
    first_input_s: float | None = None  # since the start of the process
    first_reconstructed_s: float | None = None  # since the first input
    lost_samples: int | None = None
    failed: str | None = None  # why the run came to nothing


def stream(bundle: Bundle, timing: Timing, *, tell: Tell = quiet, limit_s: float = LIMIT_S) -> Streamed:
    """A run with the variant and threads of `timing`."""
    mv, emergencies = signal()
    patch = virtual_patch(mv, RATE, PATCH)
    patch.source = sent = Sent(patch.source)
    try:
        with PtyServer(patch, [OFF]) as server:
            heard, complaint = _heard(server.path, bundle, timing, tell, limit_s)
    except EdgeError as error:  # no pseudo-terminal to be had
        heard, complaint = [], str(error)
    of = {str(event["type"]): event for _, event in heard}
    if "summary" not in of:
        return Streamed(timing.variant, timing.threads, SIGNAL_S, failed=complaint or "edge-run told no summary")
    return _figures(timing, delays(emergencies, sent, heard), of["summary"], of.get("health", {}))


def _figures(timing: Timing, alerts: list[Delay], summary: Event, health: Event) -> Streamed:
    latency: dict[str, Any] = summary.get("latency_ms", {})
    start: dict[str, Any] = summary.get("start_up", {})
    lost: dict[str, int] = summary.get("samples", {}).get("lost", {})
    return Streamed(
        timing.variant,
        timing.threads,
        SIGNAL_S,
        alerts,
        latency.get("p50"),
        latency.get("p99"),
        health.get("cpu_percent"),
        health.get("rss_mb"),
        start.get("first_input_s"),
        start.get("first_reconstructed_s"),
        sum(lost.values()),
    )


def _heard(port: str, bundle: Bundle, timing: Timing, tell: Tell, limit_s: float) -> tuple[Heard, str]:
    """The events of edge-run on `port`, and its last words where it complained."""
    network = ("--bundle", bundle.path, "--variant", timing.variant, "--threads", timing.threads)
    call = command("edge.cli.run", "--port", port, *network, "--events", "-", "--view", "none", "--give-up", 0)
    heard: Heard = []
    with tempfile.TemporaryFile() as words:
        with _running(call, words, limit_s) as host:
            assert host.stdout is not None
            began_s = time.monotonic()
            for line in host.stdout:
                now_s = time.monotonic()
                with contextlib.suppress(ValueError):  # cut off, where the process was ended
                    heard.append((now_s, json.loads(line)))
                tell("a live run, end to end", min(1.0, (now_s - began_s) / SIGNAL_S))
        words.seek(0)
        lines = words.read().decode("utf-8", "replace").split("\n")
        return heard, next((line for line in reversed(lines) if line), "")


@contextlib.contextmanager
def _running(call: list[str], words: IO[bytes], limit_s: float) -> Iterator[subprocess.Popen[bytes]]:
    """The process, which does not outlive its limit nor what uses it."""
    host = subprocess.Popen(call, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=words, env=environment())
    clock = threading.Timer(limit_s, host.kill)
    clock.start()
    try:
        yield host
    finally:
        clock.cancel()
        if host.stdout is not None:
            host.stdout.close()
        host.terminate()
        try:
            host.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            host.kill()
            host.wait()
