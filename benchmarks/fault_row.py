"""Runs of one kind of fault, added up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from benchmarks.fault_check import CHECKS, broken
from benchmarks.fault_recovery import Recovery, recoveries
from benchmarks.fault_run import Outcome, Setup, run
from benchmarks.fault_truth import Truth, time_error, tolerance
from edge.errors import EdgeError


@dataclass(slots=True)
class Row:
    """What came of them; counts are of samples unless they say otherwise."""

    runs: int = 0
    sampled: int = 0
    received: int = 0
    emitted: int = 0
    lost: Counter[str] = field(default_factory=Counter)  # by cause
    duplicates: int = 0
    time_error: int = 0  # the worst
    time_tolerance: int = 0
    recoveries: list[Recovery] = field(default_factory=list)
    checked: int = 0  # invariants
    failures: list[dict[str, Any]] = field(default_factory=list)

    def run(self, setup: Setup) -> None:
        """One run more, and all that it must keep to."""
        self.runs += 1
        try:
            outcome = run(setup)
        except EdgeError as error:
            self._failed(setup, {"ended": str(error)}, len(CHECKS))
            return
        self._add(outcome)
        failed, checked = broken(outcome), len(CHECKS)
        if setup.seed == 0 and setup.road == "software":
            checked += 1
            if run(setup).digest != outcome.digest:
                failed["same"] = "another digest"
        self._failed(setup, failed, checked)

    @property
    def broken(self) -> int:
        """Invariants that did not hold."""
        return sum(len(failure["broken"]) for failure in self.failures)

    def _add(self, outcome: Outcome) -> None:
        line, truth = outcome.pipeline.timeline, Truth(outcome)
        self.sampled += outcome.log.sampled
        self.received += line.received
        self.emitted += line.emitted
        self.lost.update({str(cause): n for cause, n in line.lost.items()})
        self.duplicates += line.duplicates
        self.time_error = max(self.time_error, abs(time_error(truth)))
        self.time_tolerance = max(self.time_tolerance, tolerance(outcome.setup))
        self.recoveries += recoveries(truth)

    def _failed(self, setup: Setup, failed: dict[str, str], checked: int) -> None:
        self.checked += checked
        if failed:
            where = {"faults": setup.faults, "seed": setup.seed, "rhythm": setup.rhythm, "road": setup.road}
            self.failures.append(where | {"speed": str(setup.speed), "ring_s": setup.ring_s, "broken": failed})


HEAD = f"{'fault':20}{'runs':>5}{'sampled':>9}{'in':>9}{'out':>9}  {'lost':34}{'twice':>7}{'time':>6}  back s     held"


def line_of(name: str, row: Row) -> str:
    lost = " ".join(f"{cause} {n}" for cause, n in row.lost.items() if n) or "-"
    counts = f"{row.runs:5}{row.sampled:9}{row.received:9}{row.emitted:9}"
    back = _recovered(row)
    told = f"{back['sample_s']:.2f} {back['twelve_leads_s']:.2f}" if back and back["back"] else "-"
    held = f"{row.checked - row.broken}/{row.checked}"
    return f"{name:20}{counts}  {lost:34}{row.duplicates:7}{row.time_error:6}  {told:10} {held}"


def figures_of(row: Row) -> dict[str, Any]:
    return {
        "runs": row.runs,
        "samples_sampled": row.sampled,
        "samples_in": row.received,
        "samples_out": row.emitted,
        "samples_lost": {cause: n for cause, n in row.lost.items() if n},
        "samples_duplicate": row.duplicates,
        "worst_time_error_samples": row.time_error,
        "time_tolerance_samples": row.time_tolerance,
        "recovery": _recovered(row),
        "checks": row.checked,
        "failures": row.failures,
    }


def _recovered(row: Row) -> dict[str, Any] | None:
    """The worst of each, s of signal; `ends` of faults were in a recording, after `back` of them all was well again."""
    if not row.recoveries:
        return None
    samples = [r.sample_s for r in row.recoveries if r.sample_s is not None]
    twelve = [r.twelve_leads_s for r in row.recoveries if r.twelve_leads_s is not None]
    worst = {"sample_s": max(samples, default=None), "twelve_leads_s": max(twelve, default=None)}
    return {"ends": len(row.recoveries), "back": len(twelve)} | worst
