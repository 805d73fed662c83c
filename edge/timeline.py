"""From numbered chunks, late, twice, broken or missing, to one gapless timeline on which every loss is counted."""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edge.blocks import Block, Signal

REORDER_S = 0.2  # how far a chunk may run ahead of a missing one before that is given up
HELD_S = 12.0  # the same where the missing one was asked for again: more than any source waits for it
BRIDGE_S = 0.020  # a hole this short is bridged for display and filtering; it stays invalid
PIECE_S = 1.0  # a gap goes down the road in pieces, so that an hour's loss is no hour's allocation


class Cause(enum.StrEnum):
    """Why samples are missing."""

    MISSING = "missing"  # never came, and nobody knows why
    CORRUPT = "corrupt"  # bytes that were no frame arrived in their place
    LINK = "link"  # the link was down
    REBOOT = "reboot"  # the patch started anew; the number is what its host's clock says


@dataclass(frozen=True, slots=True)
class Chunk:
    """Samples as they arrive."""

    index: int  # the sender's number of the first sample
    mv: Signal  # n x leads; NaN where a channel says nothing usable
    clock_us: int | None = None  # the sender's clock at the first sample
    came_ns: int | None = None  # the receiver's when they came, live; None where that tells nothing of the time


@dataclass(frozen=True, slots=True)
class Gap:
    """A loss on the timeline."""

    start: int
    samples: int
    cause: Cause


class Timeline:
    """Stage: puts chunks in order, drops what came twice, and turns what never came into invalid samples.

    Sample 0 is the first one received, or the one that `upto` named before any came. Nothing here looks at a clock: a
    hole is given up when what came after it spans more than `REORDER_S`; one that the sender was asked to fill
    (`await_again`), when that is in vain (`forgo`), or at `HELD_S`. `emitted == received + lost` at any time after
    `flush`.
    """

    def __init__(self, leads: tuple[str, ...], rate: float) -> None:
        self.leads, self.rate = leads, rate
        self.delay_samples = 0  # up to REORDER_S while a hole is open, HELD_S while it may yet be filled
        self.received = 0  # fresh samples
        self.duplicates = 0  # samples that were already there
        self.emitted = 0
        self.lost: Counter[Cause] = Counter()
        self.gaps: list[Gap] = []  # since the last call of take_gaps
        self._reorder = round(REORDER_S * rate)
        self._longest = round(HELD_S * rate)
        self._asked: list[tuple[int, int]] = []  # holes the sender was asked to fill: timeline indices, first and end
        self._hoped: list[tuple[int, int]] = []  # what of them has not been given up
        self._piece = max(1, round(PIECE_S * rate))
        self._offset: int | None = None  # timeline index - sender's index
        self._pending: dict[int, Chunk] = {}  # by the sender's index, all beyond the hole
        self._known: int | None = None  # the sender has sent all samples before this index
        self._suspects: dict[int, Cause] = {}  # by the timeline index at which a hole of that cause begins

    def push(self, chunk: Chunk, /) -> list[Block]:
        if self._offset is None:
            self._offset = self.emitted - chunk.index
        fresh = self._fresh(chunk)
        out: list[Block] = []
        for part in fresh:
            self._pending[part.index] = part
        return out + self._go_on()

    def await_again(self, first: int, end: int) -> None:
        """The sender was asked for its samples `first` to before `end` again."""
        if self._offset is not None:
            hole = first + self._offset, end + self._offset
            self._asked, self._hoped = [*self._ahead(self._asked), hole], [*self._ahead(self._hoped), hole]

    def forgo(self, first: int, end: int) -> list[Block]:
        """What is missing of its samples `first` to before `end` will not come."""
        if self._offset is None:
            return []
        first, end = first + self._offset, end + self._offset
        left = []
        for a, b in self._ahead(self._hoped):
            left += [(x, y) for x, y in ((a, min(b, first)), (max(a, end), b)) if x < y]
        self._hoped = left
        return self._go_on()

    def _ahead(self, spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
        return [(first, end) for first, end in spans if end > self.emitted]

    def suspect(self, cause: Cause) -> None:
        """A hole that begins where the latest samples ended is put down to `cause`."""
        at = self.emitted
        if self._pending and self._offset is not None:
            at = max(index + len(c.mv) for index, c in self._pending.items()) + self._offset
        since = min([self.emitted, *(first for first, _ in self._ahead(self._asked))])
        self._suspects = {k: c for k, c in self._suspects.items() if k >= since}
        if self._suspects.get(at) is not Cause.LINK:  # what comes broken over a link that has just returned
            self._suspects[at] = cause

    def upto(self, index: int) -> None:
        """The sender says that its next sample is `index`: what is still missing before it at the end was lost.

        Where nothing has come yet the count begins there, so that a loss of the first samples is one.
        """
        if self._offset is None:
            self._offset = self.emitted - index
        self._known = index

    def restart(self, lost: int, cause: Cause = Cause.REBOOT) -> list[Block]:
        """The sender counts from anew; `lost` samples of the timeline passed meanwhile."""
        out = self.flush()
        if lost > 0 and (self._offset is not None or self.emitted):
            out += self._give_up(lost, cause)
        self._offset = self._known = None
        self._asked, self._hoped = [], []
        return out

    def flush(self) -> list[Block]:
        out = self._drain()
        while self._pending:
            out += self._give_up(min(self._pending) - self._expected) + self._drain()
        if self._offset is not None and self._known is not None and self._known > self._expected:
            out += self._give_up(self._known - self._expected)
        return out

    def take_gaps(self) -> list[Gap]:
        gaps, self.gaps = self.gaps, []
        return gaps

    @property
    def origin(self) -> int:
        """The sender's index of timeline sample 0."""
        return -(self._offset or 0)

    @property
    def _expected(self) -> int:
        """The sender's index of the next sample to emit."""
        assert self._offset is not None
        return self.emitted - self._offset

    def _go_on(self) -> list[Block]:
        out: list[Block] = []
        while self._pending:
            out += self._drain()
            if not self._pending:
                break
            given_up = self._past_hope(min(self._pending) - self._expected)
            if not given_up:
                break
            out += self._give_up(given_up)
        return out

    def _past_hope(self, hole: int) -> int:
        """How many of the next samples, `hole` of which are missing, are not to be waited for any more."""
        span = self._span()
        if span <= self._reorder:
            return 0
        hoped = [first for first, _ in self._ahead(self._hoped) if first < self.emitted + hole]
        if not hoped or span > self._longest:
            return hole
        return max(0, min(hoped) - self.emitted)

    def _span(self) -> int:
        return max(index + len(c.mv) for index, c in self._pending.items()) - min(self._pending)

    def _fresh(self, chunk: Chunk) -> list[Chunk]:
        """The parts of `chunk` that are neither emitted nor pending."""
        first, last = max(chunk.index, self._expected), chunk.index + len(chunk.mv)
        parts: list[Chunk] = []
        for held in sorted(self._pending):
            held_end = held + len(self._pending[held].mv)
            if held_end <= first or held >= last:
                continue
            if first < held:
                parts.append(_part(chunk, first, held))
            first = max(first, held_end)
        if first < last:
            parts.append(_part(chunk, first, last))
        count = sum(len(p.mv) for p in parts)
        self.received += count
        self.duplicates += len(chunk.mv) - count
        return parts

    def _drain(self) -> list[Block]:
        out = []
        while self._offset is not None and self._expected in self._pending:
            chunk = self._pending.pop(self._expected)
            mv = chunk.mv.astype(np.float32, copy=False)
            valid = np.isfinite(mv)
            mv = np.where(valid, mv, np.float32(np.nan))  # infinities are no values either
            out.append(Block(self.emitted, self.rate, self.leads, mv, valid))
            self.emitted += len(mv)
        return out

    def _cause(self) -> Cause:
        """Of the hole at the next sample; of what is left of one that was partly filled, the cause of the whole."""
        begins = min((first for first, end in self._asked if first <= self.emitted < end), default=self.emitted)
        known = [at for at in self._suspects if begins <= at <= self.emitted]
        if not known:
            return Cause.MISSING
        cause = self._suspects[max(known)]
        if max(known) == self.emitted:
            del self._suspects[self.emitted]
        return cause

    def _give_up(self, samples: int, cause: Cause | None = None) -> list[Block]:
        cause = cause or self._cause()
        self.gaps.append(Gap(self.emitted, samples, cause))
        self.lost[cause] += samples
        out = list(_nothing(self.emitted, samples, self._piece, self.rate, self.leads))
        self.emitted += samples
        return out


class Bridge:
    """Stage: interpolates holes of up to `BRIDGE_S` for the filters' sake; the samples stay invalid.

    A lead's value on both sides of the hole must be known. Holds back a hole's samples until its length is known.
    """

    def __init__(self, rate: float) -> None:
        self._longest = round(BRIDGE_S * rate)
        self.delay_samples = 0  # up to BRIDGE_S while a hole is open
        self._held: Block | None = None
        self._last: Signal | None = None  # the sample before what is held

    def push(self, block: Block, /) -> list[Block]:
        if self._held is None and len(block.mv) and not np.isnan(block.mv).any():
            self._last = block.mv[-1].copy()
            return [block]
        if self._held is None and block.blank and len(block.mv) > self._longest:
            self._last = block.mv[-1].copy()
            return [block]
        return self._pass(block, final=False)

    def flush(self) -> list[Block]:
        return self._pass(None, final=True)

    def _pass(self, block: Block | None, *, final: bool) -> list[Block]:
        parts = [b for b in (self._held, block) if b is not None]
        if not parts:
            return []
        first = parts[0]
        mv = np.concatenate([b.mv for b in parts])
        valid = np.concatenate([b.valid for b in parts])
        if self._last is None:
            self._last = np.full(mv.shape[1], np.nan, np.float32)
        ready = len(mv)
        for k in range(mv.shape[1]):
            ready = min(ready, self._bridge(mv[:, k], float(self._last[k]), final=final))
        whole = Block(first.start, first.rate, first.leads, mv, valid)
        self._held = None if ready == len(mv) else whole.cut(whole.start + ready, whole.end)
        if not ready:
            return []
        done = whole.cut(whole.start, whole.start + ready)
        self._last = done.mv[-1].copy()
        return [done]

    def _bridge(self, x: Signal, before: float, *, final: bool) -> int:
        """Fill the short holes of `x` in place; how many samples are settled."""
        lost = np.isnan(x)
        if not lost.any():
            return len(x)
        edges = np.diff(lost.astype(np.int8), prepend=0, append=0)
        for start, stop in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1), strict=True):
            left = before if start == 0 else float(x[start - 1])
            if np.isnan(left) or stop - start > self._longest:
                continue
            if stop == len(x):
                return len(x) if final else int(start)
            ramp = np.arange(1, stop - start + 1) / (stop - start + 1)
            x[start:stop] = left + ramp * (float(x[stop]) - left)
        return len(x)


def _part(chunk: Chunk, first: int, last: int) -> Chunk:
    return Chunk(first, chunk.mv[first - chunk.index : last - chunk.index])


def _nothing(start: int, samples: int, piece: int, rate: float, leads: tuple[str, ...]) -> Iterator[Block]:
    for at in range(start, start + samples, piece):
        n = min(piece, start + samples - at)
        yield Block.nothing(at, n, rate, leads)
