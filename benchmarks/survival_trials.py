"""What befalls a machine, each done to a real run: full and failing disks, readers that sleep, a clock that is set.

Each returns what was seen; `NotHere` where this machine cannot do it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from benchmarks.kills import RATE
from benchmarks.survival_live import Live, Trial, edge_run

DISK_MB = 2
SLEEP_S = 20.0
STEP_OFF_S = 0.1  # what the run may be off in telling it
STEP_S = -3600.0  # an hour back, as a machine without a battery for its clock may be set
PIPE_BYTES = 4096  # the least room of a pipe
WATCH_S = 25.0  # a notice comes every ten
STEPPED = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
/* The wall's clock, and no other, as many seconds ahead as the file STEP says. */
int clock_gettime(clockid_t id, struct timespec *out)
{
    static int (*real)(clockid_t, struct timespec *);
    long ahead = 0;
    FILE *file;
    int result;
    if (!real)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    result = real(id, out);
    if (id == CLOCK_REALTIME && (file = fopen(getenv("STEP"), "r"))) {
        if (fscanf(file, "%ld", &ahead) == 1)
            out->tv_sec += ahead;
        fclose(file);
    }
    return result;
}
"""


class NotHere(Exception):
    """This machine cannot do it; why."""


def disk_full(folder: Path) -> Trial:
    trial, disk = Trial(), folder / "disk"
    mounted = _mounted("-t", "tmpfs", "-o", f"size={DISK_MB}m", "none", at=disk)
    with mounted, Live(folder, 90, record=disk / "rec") as live:
        live.wait_for_beat()
        _fill(disk / "fill")
        live.wait(lambda: any(not e["up"] for e in live.events("output")), "the full disk being told")
        free_at = live.sampled
        (disk / "fill").unlink()
        live.wait(lambda: live.events("output")[-1]["up"], "the recording going on")
        live.end(trial)
        trial.recovery_s = live.recorded_again(free_at)
        trial.seen = "told; events go on; then recorded on in its place"
    return trial


def disk_fails(folder: Path) -> Trial:
    """The kernel makes it read-only under the run, as it does with a memory card whose writes fail."""
    trial, disk, image = Trial(), folder / "disk", folder / "image"
    if not (shutil.which("mkfs.ext4") and shutil.which("losetup")):
        raise NotHere("needs mkfs.ext4 and losetup")
    with image.open("wb") as file:
        file.truncate(16 << 20)
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    mounted = _mounted("-o", "loop,errors=remount-ro", str(image), at=disk)
    with mounted, Live(folder, 60, record=disk / "rec") as live:
        live.wait_for_beat()
        _break(image)
        failed_at = live.sampled
        live.wait(lambda: any(not e["up"] for e in live.events("output")), "the failed disk being told")
        told_s = (live.sampled - failed_at) / RATE
        live.wait_for_beat(live.sampled)
        live.end(trial, code=6)
        trial.seen = f"told after {told_s:.1f} s; beats go on; what was written opens; ends with 6"
    return trial


def reader_sleeps(folder: Path) -> Trial:
    """A FIFO as --events whose reader stands still; then it wakes."""
    trial, fifo = Trial(), folder / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    with contextlib.closing(os.fdopen(reader, "rb")) as read, Live(folder, 90, events=fifo) as live:
        header = live.record / "virtual_patch_raw.hea"
        live.wait(header.exists, "the recording beginning")
        time.sleep(SLEEP_S)
        grown = header.read_text(encoding="utf-8")
        time.sleep(2.0)
        trial.check(header.read_text(encoding="utf-8") != grown, "the recording stands still with its reader")
        began_s, text = time.monotonic(), b""
        while text.count(b'"health"') < 2 and time.monotonic() < began_s + SLEEP_S:
            text += read.read(65536) or b""
            time.sleep(0.01)
        trial.recovery_s = round(time.monotonic() - began_s, 2)
        trial.check(text.count(b'"health"') >= 2, "the reader that woke did not get what had waited")
        with _read_on(read) as rest:
            summary = live.end(trial)
        told = (text + rest).count(b'"type":"beat"')
        trial.check(told == summary["beats"], f"{told} of {summary['beats']} beats came")
        trial.seen = "recorded on; every event waited for it"
    return trial


def reader_never_reads(folder: Path) -> Trial:
    trial, fifo = Trial(), folder / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    with contextlib.closing(os.fdopen(reader, "rb")), Live(folder, 90, events=fifo) as live:
        live.wait((live.record / "virtual_patch_raw.hea").exists, "the recording beginning")
        time.sleep(SLEEP_S)
        live.end(trial, code=6)
        trial.seen = "recorded on; SIGTERM ends it all the same, with 6 for the events that nobody took"
    return trial


def suspended(folder: Path) -> Trial:
    """SIGSTOP and SIGCONT, while the patch goes on."""
    trial = Trial()
    with Live(folder, 90) as live:
        live.wait_for_beat()
        live.run.send_signal(signal.SIGSTOP)
        time.sleep(SLEEP_S)
        woken_at, woken_s = live.sampled, time.monotonic()
        live.run.send_signal(signal.SIGCONT)
        live.wait_for_beat(woken_at)
        trial.recovery_s = round(time.monotonic() - woken_s, 2)
        live.end(trial)
        patch_lost = live.server.log.lost.total()
        trial.check(abs(trial.lost - patch_lost) <= RATE, f"{trial.lost} counted, {patch_lost} were lost")
        trial.seen = f"asleep for {SLEEP_S:g} s; {SLEEP_S - trial.lost / RATE:.1f} s of it waited in the port's buffer"
    return trial


def clock_set(folder: Path) -> Trial:
    """The wall's clock as the run sees it, through a clock_gettime put before the C library's; nobody else's."""
    trial, step = Trial(), folder / "step"
    library = _compiled(folder)
    with Live(folder, 90, environment={"LD_PRELOAD": str(library), "STEP": str(step)}) as live:
        live.wait_for_beat()
        step.write_text(f"{STEP_S:.0f}")
        at_s = time.monotonic()
        live.wait(lambda: bool(_steps(live)), "the step being told")
        trial.recovery_s = round(time.monotonic() - at_s, 2)
        live.wait_for_beat(live.sampled)
        (told_s,) = _steps(live)
        live.end(trial)
        trial.check(abs(told_s - STEP_S) < STEP_OFF_S, f"a step of {told_s} s was told instead of {STEP_S}")
        trial.check(trial.lost == 0, f"{trial.lost} samples lost")
        after = live.events("beat")[-1]
        ahead_s = time.time() + STEP_S - _unix_s(after["utc"])
        trial.check(-1.0 < ahead_s < 10.0, f"a beat after it is dated {ahead_s:.1f} s before now")
        trial.seen = f"a step of {told_s:.2f} s is told; events after it have the new time; the signal is whole"
    return trial


def _steps(live: Live) -> list[float]:
    """Those of the wall's clock that were told, s."""
    return [event["clock_set_s"] for event in live.events("time") if event["clock_set_s"] is not None]


def second_run(folder: Path) -> Trial:
    trial = Trial()
    with Live(folder, 60) as live:
        live.wait_for_beat()
        began_s = time.monotonic()
        second = edge_run("--port", live.server.path)
        told = second.communicate()[1]
        took_s = time.monotonic() - began_s
        trial.check(second.returncode == 4, f"the second ended with {second.returncode}")
        trial.check("in use by another program" in told, f"the second said: {told[-200:]}")
        live.wait_for_beat(live.sampled)
        live.end(trial)
        trial.check(trial.lost == 0, f"the first lost {trial.lost} samples")
        trial.seen = f"the second is refused with 4 after {took_s:.1f} s; the first goes on"
    return trial


def stopped(folder: Path) -> Trial:
    """SIGTERM, while all outputs are written; and what systemd is told until then."""
    trial, address = Trial(), folder / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(address))
        systemd.setblocking(False)
        options = ("--alert-dir", folder / "alerts")
        with Live(folder, 60, options=options, environment={"NOTIFY_SOCKET": str(address)}) as live:
            live.wait_for_beat()
            time.sleep(WATCH_S)
            began_s = time.monotonic()
            live.end(trial)
            took_s = time.monotonic() - began_s
            trial.check(live.events("summary") != [], "the events do not end with the summary")
        words = [word.decode() for word in _datagrams(systemd)]
    beats = words.count("WATCHDOG=1")
    trial.check(words[:1] == ["READY=1"] and words[-1:] == ["STOPPING=1"], f"systemd was told {words}")
    trial.check(beats >= int(WATCH_S // 10), f"the watchdog was told {beats} times")
    trial.seen = f"all flushed {took_s:.1f} s after SIGTERM; systemd told READY, {beats} times WATCHDOG, STOPPING"
    return trial


TRIALS: dict[str, tuple[str, Callable[[Path], Trial]]] = {
    "disk_full": ("the disk of --record is full, then has room again", disk_full),
    "disk_fails": ("the disk of --record fails and is read-only from then on", disk_fails),
    "reader_sleeps": (f"the reader of --events (a FIFO) sleeps for {SLEEP_S:g} s", reader_sleeps),
    "reader_never_reads": ("the reader of --events never reads, and the run is to end", reader_never_reads),
    "suspended": (f"edge-run is stopped for {SLEEP_S:g} s (SIGSTOP), the patch goes on", suspended),
    "clock_set": ("the clock on the wall is set an hour back", clock_set),
    "second_run": ("a second edge-run on the same port", second_run),
    "stopped": ("SIGTERM under systemd, all outputs open", stopped),
}


@contextlib.contextmanager
def _mounted(*words: str, at: Path) -> Iterator[None]:
    if os.geteuid() != 0:
        raise NotHere("needs root, to mount a disk of its own")
    at.mkdir()
    done = subprocess.run(["mount", *words, str(at)], capture_output=True, text=True)
    if done.returncode:
        raise NotHere(f"cannot mount: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(at)], check=True)


def _fill(path: Path) -> None:
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1024))


def _break(image: Path) -> None:
    """ext4's own switch for testing how it takes an error."""
    told = subprocess.run(["losetup", "-j", str(image)], capture_output=True, text=True, check=True).stdout
    device = told.partition(":")[0].rpartition("/")[2]
    try:
        Path(f"/sys/fs/ext4/{device}/trigger_fs_error").write_text("1")
    except OSError as error:
        raise NotHere(f"ext4 cannot be told to fail: {error.strerror}") from error


def _compiled(folder: Path) -> Path:
    if not shutil.which("cc"):
        raise NotHere("needs a C compiler")
    source, library = folder / "stepped.c", folder / "stepped.so"
    source.write_text(STEPPED)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
    return library


@contextlib.contextmanager
def _read_on(read: BinaryIO) -> Iterator[bytearray]:
    """A reader that takes whatever comes."""
    over, came = threading.Event(), bytearray()

    def work() -> None:
        while not over.wait(0.01):
            came.extend(read.read(65536) or b"")
        came.extend(read.read(65536) or b"")

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield came
    finally:
        over.set()
        thread.join()


def _datagrams(systemd: socket.socket) -> Iterator[bytes]:
    with contextlib.suppress(BlockingIOError):
        while True:
            yield systemd.recv(256)


def _unix_s(utc: str) -> float:
    return datetime.fromisoformat(utc).timestamp()
