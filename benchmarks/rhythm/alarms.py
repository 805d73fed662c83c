"""Is a bedside alarm true? The product's evidence in a record's last seconds against a limit.

The alerts' own limits are a wearer's. Here a missed alarm costs five times a false one, and the alarm has said already
what to look for, so each kind of alarm has a limit of its own. It is chosen on the other folds' records: the one that
costs least there, in the middle of the values that cost the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.rhythm.road import Told
from edge.bundle import RATE
from edge.quality import BAD, Cause, QualityReport
from edge.rhythm.beat import Beat

LAST_S = 16.0  # the alarm sounds within ten seconds of its onset, and the record ends there
MISS_COSTS = 5.0  # times a false alarm (PhysioNet/CinC Challenge 2015)
SLOW_BEATS, FAST_BEATS = 5, 17  # of the challenge's definitions
ECHO_S = 0.4  # after a beat: a T wave, or the second of a pair without a pulse of its own
RUN_BEATS, RUN_PER_MIN = 5, 100.0  # ventricular beats in a row, faster
BY_EMERGENCY = {  # which of the product's emergencies would have told it, by a wearer's limits
    "Asystole": (),  # the alert itself
    "Bradycardia": ("extreme_bradycardia",),
    "Tachycardia": ("extreme_tachycardia",),
    "Ventricular_Tachycardia": ("vt", "vf"),
    "Ventricular_Flutter_Fib": ("vf",),
}
UNLEARNT = {  # the definitions, for a kind that the other folds have only one answer of
    "Asystole": 4.0,  # s
    "Bradycardia": -40.0,  # a minute, negative: slower is more
    "Tachycardia": 140.0,  # a minute
    "Ventricular_Tachycardia": 0.5,
    "Ventricular_Flutter_Fib": 0.5,
}


@dataclass(frozen=True, slots=True)
class Case:
    """An alarm: its record's group, what was announced, whether it was true, and the evidence: more speaks for it."""

    name: str
    fold: int
    kind: str
    true: bool
    evidence: float


def evidence(kind: str, said: Told) -> float:
    """What the product saw of an alarm's kind in the last seconds."""
    first = said.end - LAST_S * RATE
    strong = [beat.sample for beat in said.beats if beat.breaks_silence]
    match kind:
        case "Asystole":
            return longest_silence_s(strong, said.reports, first, said.end)
        case "Bradycardia":
            return -min(_rates(_without_echoes(strong), SLOW_BEATS, first), default=np.inf)
        case "Tachycardia":
            return max(_rates([beat.sample for beat in said.beats], FAST_BEATS, first), default=0.0)
        case "Ventricular_Tachycardia":
            windows = [max(w.vt, w.vf) for w in said.windows if w.sample > first]
            return max([*windows, _run(said.beats, first)], default=0.0)
        case _:
            return max((w.vf for w in said.windows if w.sample > first), default=0.0)


def longest_silence_s(beats: Sequence[int], reports: Iterable[QualityReport], first: float, end: int) -> float:
    """Between beats (samples), as far as some lead can be read."""
    broken = [(float(r.start), float(r.end)) for r in reports if r.end > first and not _readable(r)]
    at = sorted({first, float(end), *(float(b) for b in beats if b > first), *(t for span in broken for t in span)})
    whole = [(a, b) for a, b in pairwise(at) if not any(start <= a < over for start, over in broken)]
    return max(((b - a) / RATE for a, b in whole), default=0.0)


def _readable(report: QualityReport) -> bool:
    return any(score >= BAD or report.causes[lead] is Cause.WEAK for lead, score in report.score.items())


def _without_echoes(at: Sequence[int]) -> list[int]:
    kept: list[int] = []
    for beat in at:
        if not kept or beat - kept[-1] > ECHO_S * RATE:
            kept.append(beat)
    return kept


def _rates(at: Sequence[int], beats: int, first: float) -> list[float]:
    """Beats a minute over each `beats` in a row that end after `first`."""
    n = beats - 1
    return [60 * RATE * n / (at[k + n] - at[k]) for k in range(len(at) - n) if at[k + n] > first]


def _run(beats: Sequence[Beat], first: float) -> float:
    """The longest fast run of ventricular beats, as a share of what makes a tachycardia."""
    longest, run = 0, 0
    for beat in beats:
        fast = beat.rr_ms is not None and beat.rr_ms < 60_000 / RUN_PER_MIN
        run = 0 if beat.kind != "V" else run + 1 if fast and run else 1
        longest = max(longest, run) if beat.sample > first else longest
    return min(longest / RUN_BEATS, 1.0)


def believed(cases: Sequence[Case]) -> list[bool]:
    """For each case, whether it is by the limit that the other folds' cases of its kind set."""
    limits = {(kind, fold): _limit_of(cases, kind, fold) for kind, fold in {(c.kind, c.fold) for c in cases}}
    return [case.evidence >= limits[case.kind, case.fold] for case in cases]


def _limit_of(cases: Sequence[Case], kind: str, fold: int) -> float:
    others = [case for case in cases if case.kind == kind and case.fold != fold]
    both = len({case.true for case in others}) == 2
    return limit([c.evidence for c in others], [c.true for c in others]) if both else UNLEARNT[kind]


def limit(found: Sequence[float], true: Sequence[bool]) -> float:
    """The limit that costs least; of several, the middle of the lowest stretch."""
    values = np.unique(np.clip(found, -1e6, 1e6))
    edges = np.concatenate([[values[0] - 1.0], (values[1:] + values[:-1]) / 2, [values[-1] + 1.0]])
    x, y = np.array(found), np.array(true)
    costs = [MISS_COSTS * float((y & (x < edge)).sum()) + float((~y & (x >= edge)).sum()) for edge in edges]
    return float(edges[int(np.argmin(costs))])


def told_by_itself(kind: str, said: Told) -> bool:
    """Whether the product, asked nothing, was telling of it in the last seconds."""
    alerted = kind == "Asystole" and said.alerted_within("asystole", LAST_S)
    return alerted or any(said.on_within(emergency, LAST_S) for emergency in BY_EMERGENCY[kind])


def count(cases: Sequence[Case], verdicts: Sequence[bool], kind: str | None = None) -> dict[str, int]:
    """True and false alarms, believed and dismissed; of one `kind`, or all."""
    told = [(c.true, v) for c, v in zip(cases, verdicts, strict=True) if kind in (None, c.kind)]
    names = {"tp": (True, True), "fn": (True, False), "fp": (False, True), "tn": (False, False)}
    return {name: told.count(pair) for name, pair in names.items()}


def score(of: dict[str, int]) -> float:
    """The challenge's, 0 to 1."""
    right = of["tp"] + of["tn"]
    return round(right / max(right + of["fp"] + MISS_COSTS * of["fn"], 1.0), 4)
