"""Small archives, and edge-batch in a process of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from pyarrow import parquet

from edge.leads import LEAD
from edge.synthetic import synthesise

ROOT = Path(__file__).parents[2]
SENT = ("II", "V1", "V5")
UV_PER_COUNT = 1


def write_record(path: Path, mv: np.ndarray, leads: tuple[str, ...] = SENT, rate: int = 500) -> None:
    """A WFDB record of one segment, 16 bits, 1 uV a count."""
    path.parent.mkdir(parents=True, exist_ok=True)
    np.rint(1000 * mv).astype("<i2").tofile(path.with_suffix(".dat"))
    lines = [f"{path.name}.dat 16 1000/mV 16 0 0 0 0 {lead}" for lead in leads]
    path.with_suffix(".hea").write_text("\n".join([f"{path.name} {len(leads)} {rate} {len(mv)}", *lines]) + "\n")


def make_archive(root: Path, records: int, seconds: float = 3.0) -> Path:
    """`records` synthetic hearts in folders of ten."""
    whole = synthesise("sinus", 60.0, 500.0, seed=5).mv[:, [LEAD[name] for name in SENT]]
    for k in range(records):
        first = 250 * (k % 80)
        write_record(root / f"p{k // 10:02d}" / f"r{k:03d}", whole[first : first + round(seconds * 500)])
    return root


def rows_of(out: Path) -> list[dict]:
    """All rows below `out`, by recording."""
    tables = [parquet.read_table(path, partitioning=None) for path in sorted(out.glob("rows/*/part-*.parquet"))]
    return sorted((row for table in tables for row in table.to_pylist()), key=lambda row: row["recording"])


def parts_of(out: Path) -> dict[str, int]:
    """Each part that is there, and the file it is: made again, it would be another."""
    found = {}
    for path in out.glob("rows/*/part-*.parquet"):
        with contextlib.suppress(FileNotFoundError):
            found[path.name] = path.stat().st_ino
    return found


def environment() -> dict[str, str]:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "batch")])
    return {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}


@contextlib.contextmanager
def running(*command: object, **options: object) -> Iterator[subprocess.Popen[str]]:
    """A process in a group of its own, of which nothing is left afterwards."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(
        [str(word) for word in command], env=environment(), start_new_session=True, **{**streams, **options}
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def edge_batch(*arguments: object, **options: object) -> contextlib.AbstractContextManager[subprocess.Popen[str]]:
    return running(sys.executable, "-m", "edge.cli.batch", *arguments, **options)


def ended(process: subprocess.Popen[str], seconds: float = 60.0) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=seconds)
    assert "Traceback" not in err, err
    return process.returncode, out, err


def wait_for(
    condition: Callable[[], object], process: subprocess.Popen[str] | None = None, seconds: float = 40
) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert process is None or process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.02)


def children_of(pid: int) -> list[int]:
    """The worker processes of a client."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError):
            fields = stat.read_text().rsplit(")", 1)[1].split()
            line = (stat.parent / "cmdline").read_text()
            if int(fields[1]) == pid and "spawn_main" in line:
                found.append(int(stat.parent.name))
    return found
