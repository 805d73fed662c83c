"""A real edge-run at a patch in software, while something befalls it; and whether all that came of it is true."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.kills import LEADS, NAME, RATE, Worn
from edge.recordings import open_recording
from edge.sinks.pty_server import PtyServer
from edge.virtual import virtual_patch

PATIENCE_S = 45.0  # for anything to happen
LOOK_S = 0.02
STOP_S = 2.0  # from SIGTERM to the end, at most

Event = dict[str, Any]


@dataclass(slots=True)
class Trial:
    """What was seen of it."""

    seen: str = ""
    recovery_s: float | None = None  # from the trouble's end until all is well
    lost: int = 0  # samples, counted by the run or missing in its recording
    broken: list[str] = field(default_factory=list)

    def check(self, holds: bool, what: str) -> None:
        if not holds:
            self.broken.append(what)


class Live:
    """`edge-run` on a pseudo-terminal, for `with`; the patch streams in real time from the run's first word on."""

    def __init__(
        self, folder: Path, seconds: float, *, record: Path | None = None, events: Path | None = None, **how: Any
    ) -> None:
        """`how`: `options` of edge-run beside those, `environment` variables."""
        self.folder = folder
        self.worn = Worn(seconds, seed=1)
        self.record, self.events_file = record or folder / "rec", events or folder / "events"
        patch = virtual_patch(self.worn.mv.astype(np.float32), RATE, LEADS)
        self.server = PtyServer(patch, path=folder / "patch")
        self._options: list[str] = [str(word) for word in how.get("options", ())]
        self._environment: Mapping[str, str] = how.get("environment", {})

    def __enter__(self) -> Live:
        self.server.__enter__()
        outputs = ["--record", self.record, "--events", self.events_file, "--summary", self.folder / "summary"]
        self.run = edge_run("--port", self.server.path, *map(str, outputs), *self._options, **self._environment)
        return self

    def __exit__(self, *_: object) -> None:
        if self.run.poll() is None:
            self.run.kill()
        self.run.communicate()
        self.server.close()

    @property
    def sampled(self) -> int:
        return self.server.log.sampled

    def events(self, kind: str) -> list[Event]:
        return [event for event in _events(self.events_file) if event["type"] == kind]

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Raises RuntimeError where it does not happen."""
        until_s = time.monotonic() + PATIENCE_S
        while not condition():
            if self.run.poll() is not None or time.monotonic() > until_s:
                raise RuntimeError(f"edge-run: {what} did not happen (it ended with {self.run.poll()})")
            time.sleep(LOOK_S)

    def wait_for_beat(self, after: int = 0) -> None:
        """One that was worn after so many samples."""
        self.wait(lambda: any(e["sample"] > after for e in self.events("beat")), f"a beat after sample {after}")

    def end(self, trial: Trial, *, code: int = 0) -> Event:
        """Stops it by SIGTERM; its summary. What it wrote is held against what was worn."""
        self.run.terminate()
        began_s = time.monotonic()
        told = self.run.communicate(timeout=PATIENCE_S)[1]
        took_s = time.monotonic() - began_s
        trial.check(took_s <= STOP_S, f"it took {took_s:.1f} s to end")
        trial.check(self.run.returncode == code, f"it ended with {self.run.returncode}: {told[-200:]}")
        trial.check("Traceback" not in told, "it ended with a traceback")
        summary: Event = json.loads((self.folder / "summary").read_text(encoding="utf-8"))
        samples = summary["samples"]
        lost = sum(samples["lost"].values())
        trial.check(samples["in"] + lost == samples["out"], f"samples do not add up: {samples}")
        trial.lost = lost + self._check_recording(trial, samples["out"])
        return summary

    def _check_recording(self, trial: Trial, expected: int) -> int:
        """Every raw sample is the one worn at its place; how many are missing that the run had."""
        mv = open_recording(self.record / f"{NAME}_raw.hea").mv
        there = np.isfinite(mv).all(axis=1)
        first = int(np.argmax(there))
        at = self.worn.find(mv[first:])
        true = at is not None and self.worn.holds(mv, at - first)
        trial.check(true, "the recording's samples are not those that were worn there")
        trial.check(len(mv) <= expected, f"{len(mv)} samples recorded of {expected}")
        lost_before = sum(e["samples"] for e in self.events("gap")) if self.events_file.is_file() else 0
        return max(0, expected - int(there.sum()) - lost_before)

    def recorded_again(self, after: int) -> float:
        """Seconds of signal from sample `after` on until the recording has samples again, behind its last hole."""
        mv = open_recording(self.record / f"{NAME}_raw.hea").mv
        missing = np.flatnonzero(~np.isfinite(mv).all(axis=1))
        return max(0.0, (int(missing[-1]) + 1 - after) / RATE) if len(missing) else 0.0


def edge_run(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "edge.cli.run", *arguments, "--view", "none"]
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, text=True, env=os.environ | environment, **streams)  # type: ignore[call-overload, no-any-return]


def _events(path: Path) -> Iterator[Event]:
    with contextlib.suppress(FileNotFoundError):
        for line in path.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError):  # the last one, half written
                yield json.loads(line)
