"""Samples numbered where the device's own counter says too little, with the host's clock as its witness.

A counter of one byte turns over once a second, and some devices have none. The clock alone misleads too: a host that
was busy gets what piled up all at once. So a count that falls behind the clock is not judged at once. The samples wait
until they have caught up with the clock (nothing was lost) or have stayed behind for `HOLD_S` (that much was).
"""

from __future__ import annotations

from collections.abc import Sequence

from firmware_bridge.decoders.base import Runs

HOLD_S = 1.0  # what piled up while a host was busy is read within a tenth of it
BEHIND_S = 0.25  # arrivals bunch by less: a USB serial chip hands over every 16 ms, a radio retries for some 0.1 s
AHEAD_S = 0.25  # no sample comes before it was taken; the first ones heard may have come this late
INSISTS = 5  # packets in turn that are ahead: the clock was stopped (a suspended host), not the counter wrong
MAX_HELD = 4096  # samples: twice what a kernel keeps unread (64 kB of 33-byte packets)
LEAK_S = 0.1  # longer pauses tell nothing of how fast the device samples


class ClockedCount:
    """Numbers packets of samples from 0 on; a number skipped is a sample lost."""

    def __init__(self, rate: float, modulus: int, slower: float) -> None:
        """`rate`: Hz, nominal; losses are known up to a multiple of `modulus`; `slower`: the part a device may be."""
        self._period_ns = 1e9 / rate
        self._modulus, self._slower = modulus, slower
        self._behind = max(modulus / 2, BEHIND_S * rate)  # samples
        self._ahead = AHEAD_S * rate
        self._end = 0  # the next sample's number, the held ones counted
        self._zero_ns: float | None = None  # when sample 0 came, had it come without delay
        self._last_ns = 0
        self._insisting = 0
        self._held: list[tuple[int, Sequence[Sequence[int]]]] = []  # first number, samples
        self._held_samples = 0
        self._held_ns = 0
        self._least = 0.0  # samples that the held ones were behind at least

    def packet(self, missing: int, rows: Sequence[Sequence[int]], at_ns: int, runs: Runs) -> bool:
        """Samples after at least `missing` lost ones; False, and nothing is taken, where the clock rules them out."""
        behind = self._lag(self._end + missing + len(rows), at_ns)
        if missing and behind < -self._ahead and self._insisting < INSISTS:
            self._insisting += 1
            return False
        self._insisting = 0
        if behind < 0.0 and self._zero_ns is not None:
            self._zero_ns += behind * self._period_ns
        first = self._end + missing
        self._end = first + len(rows)
        if behind < self._behind:
            self._release(runs, 0)
            _give(runs, first, rows)
            return True
        self._hold(first, rows, behind, at_ns)
        if at_ns - self._held_ns >= HOLD_S * 1e9 or self._held_samples > MAX_HELD:
            self._release(runs, self._lost())
        return True

    def flush(self, runs: Runs) -> None:
        """What still waits, as far behind as it has stayed until now."""
        self._release(runs, self._lost() if self._held else 0)

    def _lag(self, end: int, at_ns: int) -> float:
        """By how many samples a count that ends at `end` is behind the clock; negative: ahead of it."""
        zero_ns = at_ns - end * self._period_ns
        if self._zero_ns is None:
            self._zero_ns, self._last_ns = zero_ns, at_ns
        pause_ns = min(max(0, at_ns - self._last_ns), LEAK_S * 1e9)
        self._last_ns = at_ns
        if not self._held:
            self._zero_ns += self._slower * pause_ns
        return (zero_ns - self._zero_ns) / self._period_ns

    def _hold(self, first: int, rows: Sequence[Sequence[int]], behind: float, at_ns: int) -> None:
        if not self._held:
            self._held_ns, self._least = at_ns, behind
        self._held.append((first, rows))
        self._held_samples += len(rows)
        self._least = min(self._least, behind)

    def _lost(self) -> int:
        return self._modulus * round(self._least / self._modulus)

    def _release(self, runs: Runs, lost: int) -> None:
        """The held samples, all of them `lost` further on."""
        for first, rows in self._held:
            _give(runs, first + lost, rows)
        self._end += lost
        self._held, self._held_samples = [], 0


def _give(runs: Runs, first: int, rows: Sequence[Sequence[int]]) -> None:
    for k, row in enumerate(rows):
        runs.sample(first + k, row)
