"""What was lost on the way, and why: the truth that a host's counters are held against."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

LOSSES_KEPT = 100_000  # a bound on the list, not on the counts


@dataclass(frozen=True, slots=True)
class Loss:
    """Samples that never reach the host."""

    kind: str  # the fault, or "stopped", "overrun"
    first: int  # samples since the start of the signal, boots notwithstanding
    count: int


@dataclass(slots=True)
class Log:
    """`sampled` is `delivered` plus all that is `lost`, once nothing is under way any more."""

    sampled: int = 0  # samples the electrodes saw
    delivered: int = 0  # samples on the line, whole
    lost: Counter[str] = field(default_factory=Counter)  # samples, by kind
    happened: Counter[str] = field(default_factory=Counter)  # how often each fault struck
    losses: deque[Loss] = field(default_factory=lambda: deque(maxlen=LOSSES_KEPT))  # in order of their discovery

    def lose(self, kind: str, first: int, count: int) -> None:
        if count:
            self.lost[kind] += count
            self.losses.append(Loss(kind, first, count))
