"""What befalls a machine, done to real runs of `edge-run`: is anything lost that is not counted, and when is all well?

    python -m benchmarks survival
    python -m benchmarks survival --only disk_full,suspended

A patch in software (II, V1, V5, real time) streams over a pseudo-terminal into `edge-run` with a recording, events and
a summary. Then: its disk fills up, or fails; the reader of its events sleeps; it is suspended; its clock is set; a
second run wants its port; it is told to end. After each, samples in + counted losses = samples out; every raw sample
recorded is the one that was worn at its place; SIGTERM ends it within 2 s. Some need root (to mount a small disk) or a
C compiler (to set a clock that is the run's alone), and are left out, and named, where those are not. 4 minutes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import fault_page, result
from benchmarks.survival_trials import TRIALS, NotHere
from edge.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--only", default=",".join(TRIALS), help="joined by commas (%(default)s)")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "survival.json", help="result file (%(default)s)")


def run(args: argparse.Namespace) -> int:
    trials: dict[str, dict[str, Any]] = {}
    for name in args.only.split(","):
        if name not in TRIALS:
            raise UsageError(f"--only: there is no {name!r}: choose from {', '.join(TRIALS)}")
    for name in args.only.split(","):
        trials[name] = told = _tried(name)
        print(f"{told['what']}: {told.get('left_out') or told['seen']}", flush=True)
        for reason in told.get("broken", ()):
            print(f"{name}: {reason}", file=sys.stderr)
    result.write(args.out, {"trials": trials}, ("numpy", "pyserial", "ai-edge-litert"))
    fault_page.write(args.out.parent)
    return 1 if any(told.get("broken") for told in trials.values()) else 0


def _tried(name: str) -> dict[str, Any]:
    what, trial = TRIALS[name]
    with tempfile.TemporaryDirectory() as folder:
        try:
            return {"what": what, **asdict(trial(Path(folder)))}
        except NotHere as why:
            return {"what": what, "left_out": str(why)}
        except RuntimeError as error:
            return {"what": what, "seen": "", "recovery_s": None, "lost": 0, "broken": [str(error)]}
