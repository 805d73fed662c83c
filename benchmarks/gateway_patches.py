"""Patches for a gateway, on pseudo-terminals, all in this one process, which costs little: bytes encoded beforehand.

    python -m benchmarks.gateway_patches FOLDER COUNT SECONDS [--fast SECONDS]

Their ports are FOLDER/p0, FOLDER/p1, …; FOLDER/ready is made when they are there. Each begins when it is first greeted
and sends SECONDS of signal, whatever becomes of its host; with --fast one more, p`COUNT`, sends so much at FAST times
its pace. Nothing is lost on these lines: what the kernel has no room for waits. While FOLDER/flood is there, garbage
goes into the line of p0, between its messages, as fast as it is taken; once FOLDER/quiet is there, nothing is sent any
more. On SIGTERM, FOLDER/patches.json says what was sent.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edge.leads import LEAD
from edge.sinks.pty import Pty
from edge.synthetic import synthesise
from edge.virtual import virtual_patch
from firmware_bridge.framing import SerialDecoder
from firmware_bridge.link import Link
from firmware_bridge.messages import Hello, Start
from firmware_bridge.patch import VirtualPatch

LEADS = ("II", "V1", "V5")
RATE = 500
SIGNAL_S = 60.0  # of signal, again and again
TICK_S = 0.02  # a message, as a patch sends them
TICK = round(TICK_S * RATE)  # samples
SOON_S = 0.002  # to the next turn where something waits for room in the kernel
ASK_TICKS = 25  # between two looks for commands once the signal flows
FAST = 50  # times its own pace
GARBAGE_BYTES = 2048  # at once
BACKLOG_BYTES = 4096  # beyond what the kernel holds: garbage waits until that is taken


def patch() -> VirtualPatch:
    mv = synthesise("sinus", SIGNAL_S, RATE, seed=1).mv[:, [LEAD[name] for name in LEADS]]
    return virtual_patch(mv, RATE, LEADS, loop=True)


def encoded(seconds: float) -> list[bytes]:
    """What a patch sends, a tick each."""
    one = Link(patch(), ())
    return [b"".join(sent.data for sent in one.advance(TICK)) for _ in range(round(seconds / TICK_S))]


class Port:
    """One port: a patch's bytes from the moment somebody greets it."""

    def __init__(self, path: Path, ticks: Sequence[bytes], pace: int = 1) -> None:
        self._pty, self._ticks, self._pace = Pty(path), ticks, pace
        self._pty.plug_in()
        self._link, self._decoder = Link(patch(), ()), SerialDecoder()
        self._began: int | None = None  # tick
        self._sent, self._rest = 0, b""
        self.backlog_bytes = 0  # the most that the host left unread beyond the kernel's buffer
        self.garbage_bytes = 0

    @property
    def waits(self) -> bool:
        return bool(self._rest)

    @property
    def samples(self) -> int:
        """Sent, or waiting to be."""
        return self._sent * TICK

    def turn(self, tick: int, *, quiet: bool) -> None:
        if self._began is None or tick % ASK_TICKS == 0:
            self._answer(tick)
        if self._began is not None and not quiet:
            due = min((tick - self._began) * self._pace, len(self._ticks))
            self._rest += b"".join(self._ticks[self._sent : due])
            self._sent = due
        self._write()
        self.backlog_bytes = max(self.backlog_bytes, len(self._rest))

    def flood(self, garbage: bytes) -> None:
        """As much as is taken at once."""
        while len(self._rest) < BACKLOG_BYTES:
            self._rest += garbage
            self.garbage_bytes += len(garbage)
            self._write()

    def _write(self) -> None:
        while self._rest and (count := self._pty.write(self._rest)):
            self._rest = self._rest[count:]

    def _answer(self, tick: int) -> None:
        for message in self._decoder.feed(self._pty.read(0.0)):
            if isinstance(message, Hello | Start) and self._began is None:
                self._began = tick
            self._rest += b"".join(sent.data for sent in self._link.command(message))


def serve(folder: Path, ports: Sequence[Port], over: threading.Event) -> None:
    """Until `over`."""
    garbage = np.random.default_rng(1).bytes(GARBAGE_BYTES)
    (folder / "ready").touch()
    began = time.monotonic()
    while not over.is_set():
        tick = int((time.monotonic() - began) / TICK_S)
        quiet = (folder / "quiet").exists()
        for port in ports:
            port.turn(tick, quiet=quiet)
        if (folder / "flood").exists():
            ports[0].flood(garbage)
        if any(port.waits for port in ports):
            over.wait(SOON_S)
        else:
            over.wait(max(0.0, began + (tick + 1) * TICK_S - time.monotonic()))


def told(ports: Sequence[Port]) -> dict[str, Any]:
    used = os.times()
    return {
        "samples": [port.samples for port in ports],
        "backlog_bytes": max(port.backlog_bytes for port in ports),
        "garbage_bytes": ports[0].garbage_bytes,
        "cpu_s": used.user + used.system,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("count", type=int)
    parser.add_argument("seconds", type=float, help="s of signal")
    parser.add_argument("--fast", type=float, help="s of signal of the fast one")
    args = parser.parse_args()
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    ticks = encoded(args.seconds)
    ports = [Port(args.folder / f"p{k}", ticks) for k in range(args.count)]
    if args.fast:
        ports.append(Port(args.folder / f"p{args.count}", encoded(args.fast), FAST))
    serve(args.folder, ports, over)
    (args.folder / "patches.json").write_text(json.dumps(told(ports)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
