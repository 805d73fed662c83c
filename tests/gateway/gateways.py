"""edge-gateway in a process of its own, with patches on pseudo-terminals."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from edge.leads import LEAD
from edge.sinks.pty_server import PtyServer
from edge.synthetic import synthesise
from edge.virtual import virtual_patch

SENT = ("II", "V1", "V5")
RATE = 500
SECONDS = 120.0  # of signal: more than a test takes
PATIENCE_S = 20.0


@contextlib.contextmanager
def patch(seed: int) -> Iterator[PtyServer]:
    mv = synthesise("sinus", SECONDS, RATE, seed=seed).mv[:, [LEAD[lead] for lead in SENT]]
    with PtyServer(virtual_patch(mv, RATE, SENT, name=f"patch {seed}")) as server:
        yield server


class Gateway:
    """A gateway that runs, its table a file that a test may write anew."""

    def __init__(self, folder: Path, table: str) -> None:
        self.folder = folder
        self.table, self._told = folder / "patches.toml", folder / "told"
        self.table.write_text(table)
        command = [sys.executable, "-m", "edge.cli.gateway", "--config", str(self.table)]
        with self._told.open("w") as told:
            self.process = subprocess.Popen(command, stdout=told, stderr=subprocess.STDOUT)

    @property
    def told(self) -> str:
        return self._told.read_text()

    def until(self, condition: Callable[[], Any]) -> Any:
        """What `condition` gives, as soon as that is true; the gateway must still run."""
        deadline_s = time.monotonic() + PATIENCE_S
        while not (found := condition()):
            assert self.process.poll() is None, self.told
            assert time.monotonic() < deadline_s, self.told
            time.sleep(0.02)
        return found

    def until_live(self, *names: str) -> None:
        self.until(lambda: all(f"{name}: live" in self.told for name in names))

    def pid_of(self, name: str) -> int | None:
        """Of a patch's process, whose parent is the gateway."""
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, IndexError):
                parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
                if parent == self.process.pid and (folder / "comm").read_text().strip() == f"edge:{name}":
                    return int(folder.name)
        return None

    def events(self, name: str, kind: str | None = None) -> list[dict[str, Any]]:
        path = self.folder / f"{name}.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        events = [json.loads(line) for line in lines]
        return [event for event in events if kind in (None, event["type"])]

    def has_recorded(self, name: str) -> bool:
        """Whether a second of its samples is on the disk."""
        return any(file.stat().st_size for file in (self.folder / "rec" / name).glob("*_raw_0001.dat"))

    def get(self, path: str, method: str = "GET") -> tuple[int, Any]:
        """Status and body of the gateway's page."""
        found = re.search(r"page is at http://127\.0\.0\.1:(\d+)/", self.told)
        assert found, self.told
        connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=PATIENCE_S)
        ours = {"origin": f"http://127.0.0.1:{found[1]}", "content-type": "application/json"}
        with contextlib.closing(connection):
            connection.request(method, path, "{}" if method == "POST" else None, ours if method == "POST" else {})
            answer = connection.getresponse()
            data = answer.read()
        is_json = "json" in (answer.headers["content-type"] or "")
        return answer.status, json.loads(data) if is_json else data

    def metrics(self) -> str:
        found = re.search(r"http://127\.0\.0\.1:(\d+)/metrics", self.told)
        assert found, self.told
        connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=PATIENCE_S)
        with contextlib.closing(connection):
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)


@contextlib.contextmanager
def gateway(folder: Path, table: str) -> Iterator[Gateway]:
    one = Gateway(folder, table)
    try:
        yield one
    finally:
        if one.process.poll() is None:
            one.stop()


def is_there(pid: int) -> bool:
    """Whether it still runs: one that has ended, and is waited for by nobody, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def table_of(folder: Path, ports: dict[str, str], top: str = "") -> str:
    """A table with each patch's events in FOLDER/NAME.jsonl."""
    patches = (f'[patch.{name}]\nport = "{port}"\nevents = "{folder / name}.jsonl"\n' for name, port in ports.items())
    return f'record = "{folder / "rec"}"\n{top}\n' + "\n".join(patches)
