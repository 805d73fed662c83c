from __future__ import annotations

from benchmarks.fault_check import broken
from benchmarks.fault_run import Outcome, Setup, run

SECONDS = 8.0


def kept(*faults: str, seed: int = 0, rhythm: str = "sinus", **setup: object) -> Outcome:
    """A run that keeps to all that it must, and in which each fault did strike."""
    outcome = run(Setup(faults, seed, rhythm, **({"seconds": SECONDS} | setup)))  # type: ignore[arg-type]
    assert broken(outcome) == {}
    return outcome


def lost(outcome: Outcome) -> dict[str, int]:
    return {str(cause): n for cause, n in outcome.pipeline.timeline.lost.items() if n}


def alerts(outcome: Outcome) -> list[str]:
    """What was told of, in order."""
    return [e["kind"] for e in outcome.heard.events if e["type"] in ("alert", "technical") and e["state"] == "on"]
