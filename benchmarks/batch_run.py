"""One run of edge-batch from outside: how long it took, what it made, and its memory meanwhile."""

from __future__ import annotations

import contextlib
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from edge.bench.fresh import command, environment

LOOK_S = 0.25
OWN = re.compile(r"; ([0-9.]+) s, ")  # what the command says of itself: without imports, with starting workers


@dataclass(slots=True)
class Memory:
    """Resident MB over time, of the client and of the largest worker."""

    client: list[float] = field(default_factory=list)
    worker: list[float] = field(default_factory=list)

    def look(self, pid: int) -> None:
        if mb := _resident_mb(pid):
            self.client.append(mb)
        held = [_resident_mb(child) for child in workers_of(pid)]
        if held:
            self.worker.append(max(held))

    def told(self) -> dict[str, float]:
        """The most; and how much more it usually is in the third quarter of the run than in the second.

        Both lie behind the start and before the index is read at the end: what grows while it works shows there.
        """
        figures = {}
        for name, held in (("client", self.client), ("worker", self.worker)):
            if len(held) >= 8:
                n = len(held) // 4
                figures[f"{name}_mb"] = round(max(held), 1)
                figures[f"{name}_growth_mb"] = round(median(held[2 * n : 3 * n]) - median(held[n : 2 * n]), 1)
        return figures


@contextlib.contextmanager
def started(source: Path, out: Path, *options: object, **more: Any) -> Iterator[subprocess.Popen[str]]:
    """edge-batch, which does not outlive the block."""
    call = command("edge.cli.batch", source, "--out", out, *options)
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(call, env={**environment(), "OMP_NUM_THREADS": "1"}, **{**streams, **more})
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def timed(source: Path, out: Path, *options: object) -> dict[str, Any]:
    """Seconds of the whole command, those it says it worked, and its memory. Raises RuntimeError where it fails."""
    memory, began = Memory(), time.monotonic()
    with started(source, out, *options) as process:
        while process.poll() is None:
            memory.look(process.pid)
            time.sleep(LOOK_S)
        took_s = time.monotonic() - began
        told, said = process.communicate()
    own = OWN.search(told)
    if process.returncode or own is None:
        raise RuntimeError(f"edge-batch ended with {process.returncode}: {said}")
    rows = rows_in(out)
    mb = sum(row["input_bytes"] for row in rows) / 1e6
    figures = {"recordings": len(rows), "seconds": round(took_s, 2), "work_s": float(own[1])}
    figures |= {"recordings_a_s": round(len(rows) / took_s, 3), "mb_a_s": round(mb / took_s, 3)}
    return figures | memory.told()


def rows_in(out: Path, columns: Sequence[str] = ("recording", "input_bytes", "twelve_hash", "status")) -> list[dict]:
    from pyarrow import parquet

    tables = (parquet.read_table(path, columns=list(columns), partitioning=None) for path in _parts(out))
    return sorted((row for table in tables for row in table.to_pylist()), key=lambda row: row["recording"])


def _parts(out: Path) -> list[Path]:
    return sorted(out.glob("rows/*/part-*.parquet"))


def parts_in(out: Path) -> dict[str, int]:
    """Each part that is there and the file it is: made again, it would be another."""
    found = {}
    for path in _parts(out):
        with contextlib.suppress(FileNotFoundError):
            found[path.name] = path.stat().st_ino
    return found


def workers_of(pid: int) -> list[int]:
    """The worker processes of a client, or of a worker's nanny."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError):
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
            if parent == pid and "spawn_main" in (stat.parent / "cmdline").read_text():
                found.append(int(stat.parent.name))
    return found


def _resident_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmRSS"))
    except (OSError, StopIteration, IndexError):
        return 0.0
