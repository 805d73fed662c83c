"""What was lost on the way, and why: the truth that a host's counters are held against."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

LOSSES_KEPT = 100_000  # a bound on the list, not on the counts
RECENT = 2000  # losses, or messages sent again: more than any ring's seconds hold


@dataclass(frozen=True, slots=True)
class Loss:
    """Samples that never reach the host."""

    kind: str  # the fault, or "stopped", "overrun"
    first: int  # samples since the start of the signal, boots notwithstanding
    count: int

    @property
    def end(self) -> int:
        return self.first + self.count

    def without(self, first: int, end: int) -> Iterator[Loss]:
        """What is left of it beside the samples from `first` to before `end`."""
        for a, b in ((self.first, min(self.end, first)), (max(self.first, end), self.end)):
            if a < b:
                yield Loss(self.kind, a, b - a)


@dataclass(slots=True)
class Log:
    """`sampled` is `delivered` plus all that is `lost`, once nothing is under way any more."""

    sampled: int = 0  # samples the electrodes saw
    delivered: int = 0  # samples on the line, whole
    regained: int = 0  # of these, the ones that were lost first and were sent again
    lost: Counter[str] = field(default_factory=Counter)  # samples, by kind
    happened: Counter[str] = field(default_factory=Counter)  # how often each fault struck
    losses: deque[Loss] = field(default_factory=lambda: deque(maxlen=LOSSES_KEPT))  # in order of their discovery
    _again: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=RECENT))  # sent again, whole

    def lose(self, kind: str, first: int, count: int) -> None:
        """Samples are lost, but for those that have been sent again already."""
        left = [Loss(kind, first, count)] if count else []
        for a, b in self._again:
            left = [part for loss in left for part in loss.without(a, b)]
        self._count_regained(count - sum(loss.count for loss in left))
        for loss in left:
            self.lost[kind] += loss.count
            self.losses.append(loss)

    def regain(self, first: int, count: int) -> None:
        """Samples were sent again, whole: those of them that are lost are so no more."""
        if not count:
            return
        self._again.append((first, first + count))
        recent = [self.losses.pop() for _ in range(min(RECENT, len(self.losses)))]
        for loss in reversed(recent):
            left = list(loss.without(first, first + count))
            back = loss.count - sum(part.count for part in left)
            self.lost[loss.kind] -= back
            self._count_regained(back)
            self.losses.extend(left)
        self.lost += Counter()  # a kind of which nothing is left goes

    def _count_regained(self, count: int) -> None:
        self.regained += count
        self.delivered += count
