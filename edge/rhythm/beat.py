"""One heartbeat on the timeline."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Beat:
    """A ventricular beat, where and how surely it was found."""

    sample: int  # of the R peak (the QRS complex's largest deflection), on the timeline
    lead: str  # the measured lead the peak was placed in
    kind: str = "N"  # EC57's class: N, S, V, F, Q
    rr_ms: float | None = None  # since the beat before; None where a gap lies between, or there is none
    confidence: float = 1.0  # 0 to 1
