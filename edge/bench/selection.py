"""Which variant, with how many threads, suits a board."""

from __future__ import annotations

from collections.abc import Sequence

from edge.bench.turns import Timing

PRECISIONS = ("float32", "float16", "int8-dynamic", "int8")  # from high to low; what else there may be comes after
AS_GOOD = 1.1  # times the fastest's p95: what is nearer than that is not worth precision


def select(timings: Sequence[Timing]) -> Timing | None:
    """The lowest p95; among those within 10 % of it the highest precision, then the fewest threads, then the first.

    None where nothing was timed.
    """
    timed = [(t.p95_ms, t) for t in timings if t.p95_ms is not None]
    if not timed:
        return None
    limit = AS_GOOD * min(p95 for p95, _ in timed)
    _, best = min((p for p in timed if p[0] <= limit), key=lambda p: (_coarseness(p[1].precision), p[1].threads))
    return best


def _coarseness(precision: str) -> int:
    return PRECISIONS.index(precision) if precision in PRECISIONS else len(PRECISIONS)
