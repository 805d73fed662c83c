"""What it costs an archive when somebody dies: a worker, the client, the scheduler; and when the disk is full.

    python -m benchmarks batch-faults

Each time a synthetic archive is begun (`edge-batch`, two workers, parts of `--chunk`), disturbed once a few parts are
there, and brought to its end: by itself, or by the same command where the fault ended it. Then

lost       recordings without a row, and rows that nobody asked for
twice      parts that were finished before the fault and were made again
other      rows that differ from an undisturbed run's, by the hash of their twelve leads
begun      recordings that were on the way when the fault came, at most: what had to be begun again
recovered  seconds from the fault to the next part, and those the whole took more than undisturbed

The scheduler and its workers are `dask scheduler` and `dask worker`, started again by hand as a supervisor would. The
disk is a small tmpfs where this machine lets us mount one, else a limit on files' size. Exit code 1 where anything was
lost, done twice or other.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import batch_page, result
from benchmarks.batch_archive import make
from benchmarks.batch_run import parts_in, rows_in, started, workers_of
from edge.bench.fresh import environment
from edge.errors import OutputError

LEADS = "II,V1,V5"
BEFORE = 3  # parts that are there when the fault comes
PATIENCE_S = 300.0
SMALL_KB = 200  # of the full disk: room for a few parts
DASK = (sys.executable, "-c", "from dask.__main__ import main; main()")


@dataclass(slots=True)
class Scene:
    """An archive to be disturbed, and what it should come to."""

    source: Path
    folder: Path
    chunk: int
    rows: list[dict[str, Any]]  # undisturbed
    seconds: float  # undisturbed

    @property
    def options(self) -> tuple[object, ...]:
        return ("--channels", LEADS, "--chunk", self.chunk)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recordings", type=int, default=120, help="of 10 s (%(default)s)")
    parser.add_argument("--chunk", type=int, default=5, help="recordings a part (%(default)s)")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "batch_faults.json", help="result (%(default)s)")


def run(args: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = make(folder / "archive", args.recordings)
        began = time.monotonic()
        _finish(source, folder / "undisturbed", ("--channels", LEADS, "--chunk", args.chunk))
        scene = Scene(source, folder, args.chunk, rows_in(folder / "undisturbed"), time.monotonic() - began)
        figures: dict[str, Any] = {"recordings": args.recordings, "chunk": args.chunk, "workers": 2}
        figures |= {"undisturbed_s": round(scene.seconds, 1), "faults": {}}
        for title, fault in FAULTS.items():
            print(title, file=sys.stderr)
            figures["faults"][title] = fault(scene)
    print(json.dumps(figures, indent=1))
    result.write(args.out, figures, ("dask", "distributed", "pyarrow"))
    batch_page.write(args.out.parent)
    return 1 if any(f["lost"] or f["twice"] or f["other"] for f in figures["faults"].values()) else 0


def worker_killed(scene: Scene) -> dict[str, Any]:
    out, began = scene.folder / "worker", time.monotonic()
    with started(scene.source, out, "--workers", 2, *scene.options) as client:
        before = _begun(out, client)
        os.kill(workers_of(client.pid)[0], signal.SIGKILL)
        recovered = _next_part(out, client)
        _end(client)
    return _account(scene, out, before, recovered, time.monotonic() - began, on_the_way=scene.chunk)


def client_killed(scene: Scene) -> dict[str, Any]:
    out, began = scene.folder / "client", time.monotonic()
    with started(scene.source, out, "--workers", 2, *scene.options) as client:
        before = _begun(out, client)
        client.kill()
    with started(scene.source, out, "--workers", 2, *scene.options) as client:
        recovered = _next_part(out, client)
        _end(client)
    return _account(scene, out, before, recovered, time.monotonic() - began, on_the_way=2 * scene.chunk)


def scheduler_killed(scene: Scene) -> dict[str, Any]:
    out, port = scene.folder / "scheduler", _free_port()
    address = f"tcp://127.0.0.1:{port}"
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(_dask("scheduler", "--host", "127.0.0.1", "--port", port))
        _workers(stack, address)
        began = time.monotonic()
        client = stack.enter_context(started(scene.source, out, "--scheduler", address, *scene.options))
        before = _begun(out, client)
        first.kill()
        first.wait()
        stack.enter_context(_dask("scheduler", "--host", "127.0.0.1", "--port", port))
        _workers(stack, address)
        recovered = _next_part(out, client)
        _end(client)
        took_s = time.monotonic() - began
    return _account(scene, out, before, recovered, took_s, on_the_way=2 * scene.chunk)


def disk_full(scene: Scene) -> dict[str, Any]:
    """The run ends with 6; room is made, and the same command goes on."""
    began = time.monotonic()
    with _small_disk(scene.folder / "disk") as (out, limits, make_room):
        with started(scene.source, out, "--workers", 2, *scene.options, **limits) as client:
            client.communicate(timeout=PATIENCE_S)
            if client.returncode != OutputError.exit_code:
                raise RuntimeError(f"on a full disk edge-batch ended with {client.returncode}")
        before = parts_in(out)
        make_room()
        with started(scene.source, out, "--workers", 2, *scene.options) as client:
            recovered = _next_part(out, client)
            _end(client)
        told = _account(scene, out, before, recovered, time.monotonic() - began, on_the_way=2 * scene.chunk)
    return told | {"disk": "limit on files' size" if limits else "tmpfs"}


FAULTS: dict[str, Callable[[Scene], dict[str, Any]]] = {
    "worker killed (kill -9)": worker_killed,
    "client killed (kill -9), same command again": client_killed,
    "scheduler killed (kill -9), started again": scheduler_killed,
    "disk full, room made, same command again": disk_full,
}


def _account(
    scene: Scene, out: Path, before: dict[str, int], recovered: float, took_s: float, on_the_way: int
) -> dict[str, Any]:
    rows, after = rows_in(out), parts_in(out)
    wanted = {row["recording"]: row["twelve_hash"] for row in scene.rows}
    found = {row["recording"]: row["twelve_hash"] for row in rows}
    return {
        "parts_before": len(before),
        "lost": len(wanted.keys() ^ found.keys()) + len(rows) - len(found),
        "twice": sum(after.get(name) != inode for name, inode in before.items()),
        "other": sum(found.get(name) != of for name, of in wanted.items()),
        "begun_at_most": on_the_way,
        "recovered_s": round(recovered, 1),
        "longer_s": round(took_s - scene.seconds, 1),
    }


def _finish(source: Path, out: Path, options: tuple[object, ...]) -> None:
    with started(source, out, "--workers", 2, *options) as client:
        _end(client)


def _end(client: subprocess.Popen[str]) -> None:
    said = client.communicate(timeout=PATIENCE_S)[1]
    if client.returncode:
        raise RuntimeError(f"edge-batch ended with {client.returncode}: {said}")


def _begun(out: Path, client: subprocess.Popen[str]) -> dict[str, int]:
    _wait(lambda: len(parts_in(out)) >= BEFORE, client)
    return parts_in(out)


def _next_part(out: Path, client: subprocess.Popen[str]) -> float:
    """Seconds until one more is there than now."""
    count, began = len(parts_in(out)), time.monotonic()
    _wait(lambda: len(parts_in(out)) > count, client)
    return time.monotonic() - began


def _wait(condition: Callable[[], bool], client: subprocess.Popen[str]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        if client.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"edge-batch ended too early, with {client.returncode}: {client.communicate()[1]}")
        time.sleep(0.02)


@contextlib.contextmanager
def _dask(*words: object) -> Iterator[subprocess.Popen[str]]:
    call = [*DASK, *map(str, words), "--no-dashboard"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(call, env=environment(), text=True, start_new_session=True, **quiet)
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _workers(stack: contextlib.ExitStack, address: str) -> None:
    for _ in range(2):
        stack.enter_context(_dask("worker", address, "--nthreads", 1, "--death-timeout", 30))


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def _small_disk(at: Path) -> Iterator[tuple[Path, dict[str, Any], Callable[[], None]]]:
    """Where to write, how to start the client, and what makes room."""
    at.mkdir()
    mount = shutil.which("mount")
    call = [mount or "", "-t", "tmpfs", "-o", f"size={SMALL_KB}k", "tmpfs", str(at)]
    if mount is None or subprocess.run(call, capture_output=True).returncode:
        size = SMALL_KB * 1024 // 10
        yield at / "out", {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))}, lambda: None
        return
    try:
        grow = [mount, "-o", "remount,size=64m", str(at)]
        yield at / "out", {}, lambda: subprocess.run(grow, check=True) and None
    finally:
        subprocess.run(["umount", str(at)], check=True)
