"""What `kill -9` costs: live runs killed at random instants, each continued by the next in the same recording.

    python -m benchmarks kills
    python -m benchmarks kills --kills 100 --seed 7

A patch in software (II, V1, V5, real time) streams over a pseudo-terminal and goes on whatever happens to its host;
`edge-run --record` is killed a random while after it has begun, then started again. After each kill

opens     the wfdb package and our own reader read the recording, both of it: twelve leads and raw
lacks     at most a second of what the patch had sampled when the kill came is not in the raw samples
true      every raw sample is the one that was worn, and none from before the kill has changed
timed     the new segment begins where the recording's clock says its first sample was taken
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import result
from edge.leads import LEAD
from edge.recordings import open_recording
from edge.sinks.pty_server import PtyServer
from edge.synthetic import synthesise
from edge.virtual import virtual_patch
from firmware_bridge.patch import GAIN_PV_PER_COUNT

LEADS = ("II", "V1", "V5")
NAME = "virtual_patch"  # of the recording
RATE = 500
NOISE_MV = 0.01  # makes every sample one of its kind
MV_PER_COUNT = GAIN_PV_PER_COUNT / 1e9
LIVES_S = (0.2, 6.0)  # shortest and longest time from a run's start to its kill
START_UP_S = 20.0  # more than a run takes until it has begun, on a busy machine
LACKS_S = 1.0  # at most
TIMED_S = 0.3  # what a run cannot know of its line when it begins, and a scheduler between two readings of the clock
TELLING = 2  # samples in a row that are nowhere else

Array = npt.NDArray[Any]


@dataclass(slots=True)
class Kills:
    """What has been found so far."""

    lacks_s: list[float] = field(default_factory=list)
    time_error_s: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


class Worn:
    """The patch's signal, in which every stretch can be found again."""

    def __init__(self, seconds: float, seed: int) -> None:
        clean = synthesise("sinus", seconds, RATE, seed=seed).mv[:, [LEAD[name] for name in LEADS]]
        noise = np.random.default_rng(seed).normal(0, NOISE_MV, clean.shape)
        self.mv = (clean + noise).astype(np.float32).astype(np.float64)  # as the patch has it, and rounds it
        self._counts = np.rint(self.mv / MV_PER_COUNT).astype(np.int32)
        counts = self._counts
        self._at = {counts[at : at + TELLING].tobytes(): at for at in range(len(counts) - TELLING + 1)}

    def find(self, mv: Array) -> int | None:
        """Where samples come from, by the first of them."""
        return self._at.get(self._as_counts(mv[:TELLING]).tobytes())

    def holds(self, mv: Array, first: int) -> bool:
        """Whether these are the samples from `first` on; NaN is any."""
        there = np.isfinite(mv).all(axis=1)
        return bool((self._as_counts(mv[there]) == self._counts[first : first + len(mv)][there]).all())

    @staticmethod
    def _as_counts(mv: Array) -> Array:
        return np.rint(mv.astype(np.float64) / MV_PER_COUNT).astype(np.int32)


class Trial:
    """One recording, killed and continued."""

    def __init__(self, folder: Path, server: PtyServer, worn: Worn) -> None:
        self._folder, self._server, self._worn = folder, server, worn
        self._before = np.zeros((0, len(LEADS)), np.float32)
        self._began_s = 0.0  # wall's clock at the patch's first sample
        self.found = Kills()

    def kill_after(self, lives_s: float) -> None:
        events = self._folder / f"events{len(self.found.lacks_s) + len(self.found.failures)}"
        outputs = ["--record", self._folder / "rec", "--events", events, "--view", "none"]
        command = [sys.executable, "-m", "edge.cli.run", "--port", self._server.path, *map(str, outputs)]
        run = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        self._wait_for(events, run)
        begun = self._server.log.sampled
        self._began_s = self._began_s or time.time() - begun / RATE
        time.sleep(lives_s)
        sampled = self._server.log.sampled
        run.kill()
        run.wait()
        self._look(sampled, sampled - begun)

    def _wait_for(self, events: Path, run: subprocess.Popen[bytes]) -> None:
        until_s = time.monotonic() + START_UP_S
        while not (events.exists() and events.stat().st_size):
            if run.poll() is not None or time.monotonic() > until_s:
                run.kill()
                raise RuntimeError("edge-run did not begin")
            time.sleep(0.01)

    def _look(self, sampled: int, of_this_run: int) -> None:
        import wfdb

        found = {path.stem: path for path in (self._folder / "rec").glob("*.hea") if path.stem in (NAME, f"{NAME}_raw")}
        try:
            for path in found.values():
                wfdb.rdrecord(str(path.with_suffix("")))
            recordings = {name: open_recording(path) for name, path in found.items()}
        except Exception as error:  # noqa: BLE001  whatever it is, the recording does not open
            self.found.failures.append(f"it does not open: {error!r}")
            return
        raw = recordings.get(f"{NAME}_raw")
        if raw is None or len(raw.mv) == len(self._before):  # killed before anything was written
            self.found.lacks_s.append(of_this_run / RATE)
            return
        self._compare(raw.mv, sampled, raw.start_utc.timestamp() if raw.start_utc else 0.0)

    def _compare(self, mv: Array, sampled: int, began_s: float) -> None:
        old, self._before = self._before, mv
        if not np.array_equal(mv[: len(old)], old, equal_nan=True):
            self.found.failures.append("samples from before the last kill have changed")
        there = np.flatnonzero(np.isfinite(mv[len(old) :]).all(axis=1)) + len(old)
        if not len(there):
            return
        first, last = int(there[0]), int(there[-1])
        at = self._worn.find(mv[first:])
        if at is None or not self._worn.holds(mv[first : last + 1], at):
            self.found.failures.append(f"samples from {first} on are not what was worn")
            return
        self.found.lacks_s.append((sampled - (at + last - first + 1)) / RATE)
        self.found.time_error_s.append(began_s + first / RATE - (self._began_s + at / RATE))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kills", type=int, default=30, help="how many (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the instants (%(default)s)")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "kills.json", help="result file (%(default)s)")


def run(args: argparse.Namespace) -> int:
    found = trial(args.kills, args.seed)
    figures = figures_of(found, args.kills)
    print(json.dumps(figures, indent=1))
    result.write(args.out, figures, ("numpy", "wfdb"))
    return 1 if broken(found) else 0


def trial(kills: int, seed: int, lives_s: tuple[float, float] = LIVES_S) -> Kills:
    """So many kills of one recording."""
    rng = random.Random(seed)
    worn = Worn((kills + 1) * (lives_s[1] + START_UP_S / 4), seed)
    patch = virtual_patch(worn.mv.astype(np.float32), RATE, LEADS)
    with tempfile.TemporaryDirectory() as folder, PtyServer(patch, path=Path(folder) / "patch") as server:
        one = Trial(Path(folder), server, worn)
        for _ in range(kills):
            one.kill_after(rng.uniform(*lives_s))
    return one.found


def broken(found: Kills) -> list[str]:
    """What does not hold."""
    out = list(found.failures)
    out += [f"{lacks_s:.2f} s are missing" for lacks_s in found.lacks_s if lacks_s > LACKS_S]
    out += [f"a segment is {error_s:.2f} s off" for error_s in found.time_error_s if abs(error_s) > TIMED_S]
    return out


def figures_of(found: Kills, kills: int) -> dict[str, Any]:
    lacks, errors = np.array(found.lacks_s), np.abs(found.time_error_s)
    return {
        "kills": kills,
        "lacking_s": {"median": round(float(np.median(lacks)), 3), "most": round(float(lacks.max()), 3)},
        "segments": len(errors),
        "time_error_ms": {
            "median": round(1000 * float(np.median(errors)), 1),
            "most": round(1000 * float(errors.max()), 1),
        },
        "broken": broken(found),
    }
