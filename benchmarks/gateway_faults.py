"""What befalls one of several patches, and what the others notice of it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import struct
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from benchmarks.gateway_host import Host, patches, taken
from benchmarks.gateway_patches import FAST, RATE

CALM_S = 12.0  # before anything happens, for comparison
FLOOD_S = 10.0
FAST_S = 4.0  # of its sending
QUIET_S = 1.0  # after the last sample was sent, before all are ended
SIGNAL_S = 240.0  # of each patch: more than it all takes
SETTLED_S = 1.0  # at its own pace for so long, a patch has recovered
PACE = 0.9  # of its own, in samples a second
LEAST_S = 5.0  # of watching, after which a phase has latencies to tell
_BLOCK = struct.Struct("<qdH")
_BLOCK_TYPE = 2


class Watcher:
    """A page that looks at one patch: how late each stretch of its twelve leads is, by the gateway's own clock."""

    def __init__(self, address: str, name: str) -> None:
        self._socket = connect(f"ws://{address}/p/{name}/ws", origin=f"http://{address}", max_size=None)  # type: ignore[arg-type]
        self._late: list[tuple[float, float]] = []  # time.monotonic(), s behind the samples' own time
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def late_ms(self, since: float, until: float) -> list[float]:
        """Of the stretches that came between, relative to the least late of all."""
        least = min((late for _, late in self._late), default=0.0)
        return [1000 * (late - least) for at, late in self._late if since <= at < until]

    def close(self) -> None:
        self._socket.close()
        self._thread.join()

    def _work(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            for message in self._socket:
                self._take(message)

    def _take(self, message: bytes) -> None:
        at = 0
        while at < len(message):
            kind, size = message[at], int.from_bytes(message[at + 4 : at + 8], "little")
            if kind == _BLOCK_TYPE:
                start, told_ms, count = _BLOCK.unpack_from(message, at + 8)
                self._late.append((time.monotonic(), told_ms / 1000 - (start + count) / RATE))
            at += 8 + size


class Trial:
    """Eight patches, one of which has it hard."""

    def __init__(self, host: Host, folder: Path, count: int) -> None:
        self._host, self._folder = host, folder
        self._names = {f"p{k}": str(folder / f"p{k}") for k in range(count)}
        self._others = [*self._names][2:]  # of the first the line is flooded, of the second the process killed
        self._more, self._quick = f"p{count}", f"p{count + 1}"
        self._watchers: list[Watcher] = []
        self.killed_had = 0  # samples that the killed process had received
        self._gaps = 0  # of the others, so far
        self.rows: dict[str, Any] = {}

    def run(self, cores: set[int]) -> None:
        host = self._host
        host.write(self._names)
        host.start(cores)
        host.until_live(self._names)
        self._watchers = [Watcher(host.address, name) for name in self._others[:3]]
        self._phase("calm", lambda: time.sleep(CALM_S))
        self._phase("kill -9 of one process", self._kill)
        self._phase("one patch added and taken away", self._add)
        self._phase("garbage floods one line", self._flood)
        self._phase("one patch at 50 times its pace", self._fast)
        for watcher in self._watchers:
            watcher.close()
        (self._folder / "quiet").touch()
        time.sleep(QUIET_S)
        self.rows["kill -9 of the gateway"] = self._kill_all()

    def _phase(self, name: str, work: Callable[[], Mapping[str, Any] | None]) -> None:
        began, cpu = time.monotonic(), self._cpu_s()
        told = work() or {}
        if (left_s := LEAST_S - (time.monotonic() - began)) > 0:
            time.sleep(left_s)
        until = time.monotonic()
        late = [ms for watcher in self._watchers for ms in watcher.late_ms(began, until)]
        after = self._cpu_s()
        used = {key: 100 * (after[key] - cpu[key]) / (until - began) for key in after if key in cpu}
        others = [percent for key, percent in used.items() if key.split()[0] in self._others]
        its = [round(percent, 1) for key, percent in used.items() if key.split()[0] == "p0"]
        gaps = sum(len(self._host.events(of, "gap")) for of in self._others)
        self._gaps, before = gaps, self._gaps
        self.rows[name] = {
            **told,
            "seconds": round(until - began, 1),
            "others": {
                "same_processes": len(others) == len(self._others),
                "gaps": gaps - before,
                "late_ms": {"p50": _percentile(late, 50), "p99": _percentile(late, 99)},
                "cpu_percent": round(float(np.mean(others)), 1),
            },
            "its_cpu_percent": its[0] if its else None,
        }

    def _cpu_s(self) -> dict[str, float]:
        """By name and number of a process: one that was started anew is another one."""
        pids = self._host.pids()
        return {
            (of if pids[of] == self._known(of, pids) else f"{of} anew"): taken(pid).cpu_s for of, pid in pids.items()
        }

    def _known(self, of: str, pids: Mapping[str, int]) -> int:
        first: dict[str, int] = self.__dict__.setdefault("_first", {})
        return first.setdefault(of, pids[of])

    def _kill(self) -> dict[str, Any]:
        host = self._host
        self.killed_had = int(host.states()["p1"]["state"]["samples"])
        runs, began = len(host.events("p1", "start")), time.monotonic()
        os.kill(host.pids()["p1"], signal.SIGKILL)
        host.until(lambda: len(host.events("p1", "start")) > runs)
        return {"recovered_s": round(time.monotonic() - began, 2)}

    def _add(self) -> dict[str, Any]:
        host, name = self._host, self._more
        took = {}
        for what, names in (("added_s", self._names | {name: str(self._folder / name)}), ("gone_s", self._names)):
            began = time.monotonic()
            host.write(names)
            os.kill(host.pid, signal.SIGHUP)
            present = what == "added_s"
            host.until(lambda present=present: (name in host.pids()) is present)
            took[what] = round(time.monotonic() - began, 2)
        return took

    def _flood(self) -> dict[str, Any]:
        before = self._host.states()["p0"]["state"]["lost"]
        flood = self._folder / "flood"
        flood.touch()
        time.sleep(FLOOD_S)
        during = self._host.states()["p0"]["state"]["lost"]
        flood.unlink()
        began = time.monotonic()
        self._host.until(self._at_its_pace, every_s=0.0)
        counted = {cause: n - before.get(cause, 0) for cause, n in during.items()}
        return {"lost_samples": counted, "recovered_s": round(max(0.0, time.monotonic() - began - SETTLED_S), 2)}

    def _at_its_pace(self) -> bool:
        """Whether p0's samples came as fast as they are taken, for a while."""
        before, began = self._host.states()["p0"]["state"]["samples"], time.monotonic()
        time.sleep(SETTLED_S)
        came = self._host.states()["p0"]["state"]["samples"] - before
        return bool(came >= PACE * RATE * (time.monotonic() - began))

    def _fast(self) -> dict[str, Any]:
        host, name = self._host, self._quick
        host.write(self._names | {name: str(self._folder / name)})
        host.until(lambda: host.events(name, "start") and name in host.pids())
        pid, began = host.pids()[name], time.monotonic()
        before = taken(pid).cpu_s
        time.sleep(FAST_S)
        used = 100 * (taken(pid).cpu_s - before) / (time.monotonic() - began)
        host.until(lambda: self._placed(name) >= FAST * FAST_S * RATE, 180.0, every_s=0.1)
        took_s = time.monotonic() - began
        host.write(self._names)
        host.until(lambda: name not in host.pids())
        samples = host.events(name, "summary")[-1]["samples"]
        return {
            "fast_cpu_percent": round(used, 1),
            "fast_times_its_pace": round(samples["out"] / RATE / took_s, 1),
            "fast_lost_samples": samples["lost"],
            "fast_uncounted": round(FAST * FAST_S * RATE) - samples["in"] - sum(samples["lost"].values()),
        }

    def _placed(self, name: str) -> int:
        state = self._host.states()[name]["state"]
        return int(state["samples"]) + sum(state["lost"].values())

    def _kill_all(self) -> dict[str, Any]:
        """The gateway itself: its patches' processes end by themselves, in good order."""
        host = self._host
        pids = [pid for of, pid in host.pids().items() if of != "gateway"]
        before = {of: len(host.events(of, "summary")) for of in self._names}
        took_s = host.stop(signal.SIGKILL)
        began = time.monotonic()
        while any(Path(f"/proc/{pid}/exe").exists() for pid in pids) and time.monotonic() - began < 30:
            time.sleep(0.01)
        ended = sum(len(host.events(of, "summary")) > before[of] for of in self._names)
        return {
            "all_ended_s": round(took_s + time.monotonic() - began, 2),
            "ended_in_good_order": ended,
            "of": len(before),
        }


def faults(count: int, cores: set[int]) -> dict[str, Any]:
    """Rows by fault, and each patch's account of its samples at the end."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as told:
        folder = Path(told)
        host = Host(folder)
        with patches(folder, count + 1, SIGNAL_S, "--fast", FAST * FAST_S):
            trial = Trial(host, folder, count)
            try:
                trial.run(cores)
            finally:
                if host.started:
                    host.stop(signal.SIGKILL)
        sent = json.loads((folder / "patches.json").read_text())
        accounts = [_account(host, f"p{k}", sent["samples"][k]) for k in range(count)]
        accounts[1]["received"] += trial.killed_had
        accounts[1]["unheard"] -= trial.killed_had
    trial.rows["garbage floods one line"]["garbage_bytes"] = sent["garbage_bytes"]
    return {"rows": trial.rows, "patches": accounts}


def _account(host: Host, name: str, sent: int) -> dict[str, Any]:
    """Of all runs of one patch together. What it sent and no run has, nor tells as lost, is uncounted; unless a run was
    killed: then it was sent while nobody was there to hear it.
    """
    runs = [event["samples"] for event in host.events(name, "summary")]
    starts = len(host.events(name, "start"))
    received, lost = sum(run["in"] for run in runs), sum(sum(run["lost"].values()) for run in runs)
    missing = sent - received - lost
    return {
        "runs": starts,
        "sent": sent,
        "received": received,
        "counted_as_lost": lost,
        "unheard": missing if starts > 1 else 0,
        "uncounted": missing if starts == 1 else 0,
        "corrupt_bytes": sum(run["corrupt_bytes"] for run in runs),
    }


def _percentile(values: Sequence[float], of: float) -> float | None:
    return round(float(np.percentile(values, of)), 1) if values else None
