"""A gateway in a process of its own, with its patches in another; and what each of its processes takes."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.bench.fresh import command, environment

START_S = 60.0  # at most until all patches are live


@dataclass(frozen=True, slots=True)
class Taken:
    """By one process."""

    cpu_s: float
    rss_mb: float
    pss_mb: float  # its own pages, and its share of those it shares
    own_mb: float  # its own pages alone


class Host:
    """A gateway with the table that `write` gave it. Raises RuntimeError where it ends, or does not begin."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._table, self._told = folder / "patches.toml", folder / "told"
        self._process: subprocess.Popen[bytes] | None = None

    def write(self, names: Mapping[str, str]) -> None:
        """names: the port of each patch."""
        patches = (
            f'[patch.{name}]\nport = "{port}"\nevents = "{self.folder / name}.jsonl"\ngive_up = 600\n'
            for name, port in names.items()
        )
        text = f'record = "{self.folder / "rec"}"\nserve = 0\n' + "".join(patches)
        new = self._table.with_suffix(".new")
        new.write_text(text)
        new.rename(self._table)

    def start(self, cores: set[int]) -> None:
        call = command("edge.cli.gateway", "--config", self._table, "--view", "plain")
        with self._told.open("w") as told:
            self._process = subprocess.Popen(call, stdout=told, stderr=subprocess.STDOUT, env=environment())
        os.sched_setaffinity(self._process.pid, cores)

    @property
    def started(self) -> bool:
        return self._process is not None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def told(self) -> str:
        return self._told.read_text()

    def until(self, condition: Callable[[], Any], seconds: float = START_S, every_s: float = 0.02) -> Any:
        assert self._process is not None
        by = time.monotonic() + seconds
        while not (found := condition()):
            if self._process.poll() is not None or time.monotonic() > by:
                raise RuntimeError(f"the gateway does not get so far:\n{self.told[-2000:]}")
            time.sleep(every_s)
        return found

    def until_live(self, names: Mapping[str, str]) -> None:
        self.until(lambda: all(f"{name}: live" in self.told for name in names), every_s=0.1)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Seconds that it took."""
        assert self._process is not None
        began = time.monotonic()
        if self._process.poll() is None:
            self._process.send_signal(number)
        self._process.wait(60)
        return time.monotonic() - began

    def pids(self) -> dict[str, int]:
        """Of the gateway's processes by name: `gateway`, `nursery`, and each patch's."""
        return {"gateway": self.pid} | children(self.pid)

    @property
    def address(self) -> str:
        found = self.until(lambda: re.search(r"http://(127\.0\.0\.1:\d+)/", self.told))
        return str(found[1])

    def states(self) -> dict[str, Any]:
        """How each patch stands, as the page has it."""
        connection = http.client.HTTPConnection(self.address, timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", "/api/patches")
            rows = json.loads(connection.getresponse().read())["patches"]
        return {row["name"]: row for row in rows}

    def events(self, name: str, kind: str) -> list[dict[str, Any]]:
        path = self.folder / f"{name}.jsonl"
        events = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [event for event in events if event["type"] == kind]


def children(pid: int) -> dict[str, int]:
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            comm = (folder / "comm").read_text().strip()
            if parent == pid and comm.startswith("edge:"):
                found[comm.removeprefix("edge:")] = int(folder.name)
    return found


@contextlib.contextmanager
def patches(folder: Path, count: int, *more: object) -> Iterator[subprocess.Popen[bytes]]:
    call = command("benchmarks.gateway_patches", folder, count, *more)
    process = subprocess.Popen(call, env=environment())
    try:
        by = time.monotonic() + START_S
        while not (folder / "ready").exists():
            if process.poll() is not None or time.monotonic() > by:
                raise RuntimeError("the patches do not begin")
            time.sleep(0.02)
        yield process
    finally:
        process.terminate()
        process.wait()


def taken(pid: int) -> Taken:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    kb = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        key, _, value = line.partition(":")
        kb[key] = int(value.split()[0])
    own_kb = kb["Private_Clean"] + kb["Private_Dirty"]
    cpu_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return Taken(cpu_s, *(round(1024 * value / 1e6, 1) for value in (kb["Rss"], kb["Pss"], own_kb)))
