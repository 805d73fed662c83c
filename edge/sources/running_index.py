"""A patch's sample index, followed through its wraps and held against the host's clock."""

from __future__ import annotations

import enum

INDEX_MODULUS = 1 << 32
OVERTAKEN_S = 0.1  # frames may come so much after those sent behind them
STALE_S = 0.5  # further back than any link reorders frames: the count may have begun anew
QUIET_S = 0.5  # a line so long without samples may hide a reboot
LEAP_S = 600.0  # forward, believed without a witness: the longest gap that an index gone wrong can open
CLOCK_MARGIN = 1.05  # the worst crystal is 2 % off; the rest is what lay in buffers


class Place(enum.Enum):
    """Where an index lies."""

    BEHIND = "behind"  # too far back to be late
    HERE = "here"
    AHEAD = "ahead"  # further on than the patch can have come


class RunningIndex:
    """One boot's count after another. An index is 32 bits wide on the wire and never wraps here."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self.next: int | None = None  # the sample after the last one heard; None: a count has yet to begin
        self._last: int | None = None  # what was next when the last count ended
        self._next_ns = 0  # when that one came
        self._end_ns = 0  # the same, or when a Status last named a later one

    def begin(self, index: int, at_ns: int) -> None:
        """A count begins with sample `index`, taken at `at_ns` of the host's clock."""
        self.next, self._next_ns, self._end_ns = index, at_ns, at_ns

    def end(self) -> None:
        """This count goes on no more."""
        if self.next is not None:
            self._last, self.next = self.next, None

    def unwrap(self, index: int) -> int:
        """The index nearest to the next one whose lowest 32 bits are `index`."""
        assert self.next is not None
        return _nearest(index, self.next)

    def left_over(self, index: int) -> int | None:
        """The index, unwrapped, of samples of the count that has ended, held up until after its end; or None."""
        reach = STALE_S * self.rate
        if self._last is None or self._last < 2 * reach:
            return None  # too near a beginning to be told from one
        at = _nearest(index, self._last)
        return at if abs(at - self._last) <= reach else None

    def place(self, end: int, now_ns: int) -> Place:
        """Whether samples that end before `end` (unwrapped) can come at `now_ns`."""
        assert self.next is not None
        if end <= self.next - STALE_S * self.rate:
            return Place.BEHIND
        passed_s = CLOCK_MARGIN * (now_ns - self._next_ns) * 1e-9
        return Place.HERE if end - self.next <= max(LEAP_S, passed_s) * self.rate else Place.AHEAD

    def due_ns(self, end: int) -> int:
        """When samples up to `end` come, if nothing holds them up."""
        assert self.next is not None
        return self._next_ns + round((end - self.next) / self.rate * 1e9)

    def follows(self, end: int) -> bool:
        """Whether samples up to `end` are the next ones, however long they were held up."""
        assert self.next is not None
        return -OVERTAKEN_S <= (end - self.next) / self.rate <= STALE_S

    def keeps_pace(self, end: int, now_ns: int) -> bool:
        """Whether samples up to `end`, come at `now_ns`, are where the clock has the count by now."""
        return now_ns - self.due_ns(end) <= STALE_S * 1e9 and self.place(end, now_ns) is Place.HERE

    def heard(self, end: int, now_ns: int) -> bool:
        """Samples that end before `end` came; whether that is further than before."""
        assert self.next is not None
        further = end > self.next
        if further:
            self.next = end
            self._next_ns = self._end_ns = now_ns
        return further

    def announced(self, index: int, now_ns: int) -> None:
        """The patch has said that `index` is next."""
        if self.next is not None and index > self.next:
            self._end_ns = now_ns

    def quiet(self, now_ns: int) -> bool:
        """Whether no samples have come for long."""
        return now_ns - self._next_ns > QUIET_S * 1e9

    def since_end(self, at_ns: int) -> int:
        """Samples from the end of the last count to `at_ns`, by the host's clock."""
        return max(0, round((at_ns - self._end_ns) * 1e-9 * self.rate))


def _nearest(index: int, to: int) -> int:
    half = INDEX_MODULUS // 2
    return to + (index - to + half) % INDEX_MODULUS - half
