"""Pages that look at a run: some that read, as a browser does, and some that open the socket and never do.

    python -m benchmarks.page_clients URL READING STUCK

Ends with the run; says what the reading ones saw, as JSON: samples missed between the first and the last, and how long
after the run gave each stretch away it was there (ms).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import sys
import time
from typing import Any
from urllib.parse import urlsplit

import numpy as np

BLOCK, HOLE, OVER = 2, 3, 6
JOINED_S = 1.0  # after joining: until then it is told what was before it came


class Reading:
    """What one page saw."""

    def __init__(self) -> None:
        self.began = time.time()
        self.end = self.missed = self.samples = 0
        self.ages_ms: list[float] = []

    def take(self, message: bytes) -> bool:
        """False once it is over."""
        now_ms, at = 1000 * time.time(), 0
        while at < len(message):
            kind, size = message[at], struct.unpack_from("<I", message, at + 4)[0]
            if kind in (BLOCK, HOLE):
                self._signal(message, at + 8, kind, now_ms)
            if kind == OVER:
                return False
            at += 8 + size
        return True

    def _signal(self, message: bytes, at: int, kind: int, now_ms: float) -> None:
        start, told_ms, n = struct.unpack_from("<qdH", message, at)
        n = n if kind == BLOCK else struct.unpack_from("<q", message, at + 8)[0]
        self.missed += start - self.end if self.samples else 0
        self.samples += n
        self.end = start + n
        if kind == BLOCK and time.time() - self.began > JOINED_S:
            self.ages_ms.append(now_ms - told_ms)


async def looking(url: str, reading: int, stuck: int) -> dict[str, Any]:
    pages = [Reading() for _ in range(reading)]
    with contextlib.ExitStack() as lines:
        for _ in range(stuck):
            lines.enter_context(_never_reads(url))
        await asyncio.gather(*(_read(url, page) for page in pages))
    ages = np.array([age for page in pages for age in page.ages_ms])
    p50, p99 = np.percentile(ages, (50, 99)) if len(ages) else (float("nan"),) * 2
    return {
        "pages": reading,
        "samples": min(page.samples for page in pages),
        "samples_missed": sum(page.missed for page in pages),
        "age_ms": {"p50": round(float(p50), 2), "p99": round(float(p99), 2)},
    }


async def _read(url: str, page: Reading) -> None:
    from websockets.asyncio.client import connect

    of = urlsplit(url)
    async with connect(f"ws://{of.netloc}/ws", origin=f"http://{of.netloc}", compression=None) as line:  # type: ignore[arg-type]
        with contextlib.suppress(Exception):  # the run's end, whichever way it comes
            async for message in line:
                assert isinstance(message, bytes)
                if not page.take(message):
                    return


def _never_reads(url: str) -> socket.socket:
    of = urlsplit(url)
    assert of.hostname is not None
    line = socket.create_connection((of.hostname, of.port))
    asked = f"GET /ws HTTP/1.1\r\nHost: {of.netloc}\r\nOrigin: http://{of.netloc}\r\nUpgrade: websocket\r\n"
    asked += "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    line.sendall(asked.encode())
    return line


if __name__ == "__main__":
    print(json.dumps(asyncio.run(looking(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))))
