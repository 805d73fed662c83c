"""A scheduler and workers of their own, as a real cluster has them; the scheduler dies."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from archives import edge_batch, ended, make_archive, parts_of, rows_of, running, wait_for

DASK = (sys.executable, "-c", "from dask.__main__ import main; main()")
WORKER = ("worker", "--nthreads", 1, "--no-dashboard", "--death-timeout", 20)


@contextlib.contextmanager
def scheduler(port: int) -> Iterator[subprocess.Popen[str]]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with running(*DASK, "scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard", **quiet) as process:
        wait_for(lambda: _answers(port), process)
        yield process


def _answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def workers(port: int) -> Iterator[None]:
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            stack.enter_context(running(*DASK, *WORKER, f"tcp://127.0.0.1:{port}", **quiet))
        yield


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_a_scheduler_that_dies_and_comes_back_costs_what_was_on_the_way_and_no_more(tmp_path: Path):
    source, out, port = make_archive(tmp_path / "set", 20, seconds=2.2), tmp_path / "out", free_port()
    command = (source, "--out", out, "--scheduler", f"tcp://127.0.0.1:{port}", "--no-classify", "--chunk", 2)
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(scheduler(port))
        stack.enter_context(workers(port))
        client = stack.enter_context(edge_batch(*command))
        wait_for(lambda: len(parts_of(out)) >= 2, client)
        before = parts_of(out)
        first.kill()
        first.wait()
        with scheduler(port), workers(port):  # whoever looks after a cluster starts both again
            code, told, _ = ended(client)
    assert code == 0
    assert "20 recordings: 0 were done, 20 done now, 0 bad" in told
    assert before.items() <= parts_of(out).items()
    assert [row["recording"] for row in rows_of(out)] == [f"p{k // 10:02d}/r{k:03d}" for k in range(20)]
