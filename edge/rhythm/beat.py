"""One heartbeat on the timeline."""

from __future__ import annotations

from dataclasses import dataclass

SURE = 0.3  # confidence: what the detector puts below it is P waves and wander
FAINT = 0.35  # of the usual strength: fused beats and most ventricular ones are stronger, spikes and P waves are not


@dataclass(frozen=True, slots=True)
class Beat:
    """A ventricular beat, where and how surely it was found."""

    sample: int  # of the R peak (the QRS complex's largest deflection), on the timeline
    lead: str  # the measured lead the peak was placed in
    kind: str = "N"  # EC57's class: N, S, V, F, Q
    rr_ms: float | None = None  # since the beat before; None where a gap lies between, or there is none
    confidence: float = 1.0  # 0 to 1
    strength: float = 1.0  # of its QRS complex, beside the usual one of the last beats

    @property
    def breaks_silence(self) -> bool:
        """Whether it is a ventricle's: a pacing spike without capture, a P wave, wander and little noise are not."""
        return self.confidence >= SURE and self.strength >= FAINT
