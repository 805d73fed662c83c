"""What a patch is asked to send again: the holes in what came, for as long as it can still hold them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from edge.sources.items import Awaited, Forgone, Item

ASK_AFTER_S = 0.1  # of samples beyond a hole: frames may be overtaken by so much, and come without being asked for
MAX_HOLE_S = 10.0  # 60 kB at 500 Hz and three channels: a longer one no patch's memory holds
MAX_OPEN = 100  # holes: more at a time is a line that is not there
PIECE_S = 1.0  # asked for and not there yet, at most: more would crowd out the live samples
MAX_ASKED = 8  # commands, likewise: a patch keeps as many
RETRY_S = 0.7  # without an answer: command or answer were lost
PATIENCE_S = 3.0  # without an answer: the patch will send nothing any more
LONGEST_S = 10.0  # until the last of a hole is there: what comes after it waits for so long
REMEMBERED = 64  # ranges asked for, so that an answer that comes too late is known for one


@dataclass(frozen=True, slots=True)
class Span:
    """Samples `first` to before `end`, of a count that never wraps."""

    first: int
    end: int
    since_ns: int  # when it was noticed, or asked for

    def meets(self, other: Span) -> bool:
        return self.first < other.end and other.first < self.end

    def without(self, others: Iterable[Span]) -> list[Span]:
        left = [self]
        for other in others:
            left = [part for span in left for part in span._without(other)]
        return left

    def _without(self, other: Span) -> Iterator[Span]:
        if not self.meets(other):
            yield self
            return
        for first, end in ((self.first, other.first), (other.end, self.end)):
            if first < end:
                yield Span(first, end, self.since_ns)


class Resending:
    """Follows one boot's samples; says which holes the timeline should wait for, and when it need not any more.

    `ask` sends the patch a command for so many samples from an index on, and returns the command's token.
    """

    def __init__(self, rate: float, ask: Callable[[int, int], int]) -> None:
        self._rate, self._ask = rate, ask
        self._able = False
        self.restart()

    def restart(self) -> None:
        """Another boot: what is missing of the last one stays so."""
        self._fresh: list[Span] = []  # holes that a frame under way may still fill
        self._awaited: list[Span] = []  # holes that the timeline waits for
        self._asked: dict[int, Span] = {}  # by the command's token, in order
        self._remembered: deque[Span] = deque(maxlen=REMEMBERED)
        self._news_ns = 0  # when an answer last came
        self._stale = False

    def capable(self, able: bool) -> None:
        """Whether the patch says that it can."""
        self._able = able

    def link_returned(self) -> None:
        """What was asked for over the old link is not on its way."""
        self._stale = True

    def answers(self, first: int, end: int) -> bool:
        """Whether samples are of those that were asked for."""
        came = Span(first, end, 0)
        return any(span.meets(came) for span in self._remembered)

    def came(self, first: int, end: int, expected: int, now_ns: int) -> list[Item]:
        """Samples `first` to before `end` are here, where `expected` was the next one; to be told before they are."""
        if not self._able:
            return []
        if self._stale:
            self._stale, self._news_ns = False, now_ns
            self._asked.clear()
        here = Span(first, end, now_ns)
        self._fill(here)
        newest = max(end, expected)
        if expected < first <= expected + MAX_HOLE_S * self._rate:
            self._fresh.append(Span(expected, first, now_ns))
        out: list[Item] = [*self._give_up(now_ns), *self._await(newest, now_ns)]
        self._ask_again(now_ns)
        return out

    def refused(self, token: int, ever: bool) -> list[Item]:
        """The patch has nothing of what a command asked for; with `ever`, it knows no such command."""
        asked = self._asked.pop(token, None)
        if asked is None:
            return []
        self._able &= not ever
        return self._forgo([asked] if self._able else list(self._awaited))

    def _fill(self, here: Span) -> None:
        self._fresh = [part for hole in self._fresh for part in hole.without([here])]
        if not any(hole.meets(here) for hole in self._awaited):
            return
        self._news_ns = here.since_ns
        self._awaited = [part for hole in self._awaited for part in hole.without([here])]
        for token, asked in tuple(self._asked.items()):
            if asked.meets(here):
                if not any(hole.meets(asked) for hole in self._awaited):
                    del self._asked[token]
                break
            del self._asked[token]  # a patch answers in order: what has not come of this is lost, or was not there

    def _await(self, newest: int, now_ns: int) -> list[Item]:
        overtaken = newest - ASK_AFTER_S * self._rate
        due = [hole for hole in self._fresh if hole.end <= overtaken]
        self._fresh = [hole for hole in self._fresh if hole.end > overtaken]
        due = due[: MAX_OPEN - len(self._awaited)]
        self._awaited += [Span(hole.first, hole.end, now_ns) for hole in due]
        return [Awaited(hole.first, hole.end) for hole in due]

    def _give_up(self, now_ns: int) -> list[Item]:
        def over(hole: Span) -> bool:
            quiet_ns = now_ns - max(hole.since_ns, self._news_ns)
            return quiet_ns > PATIENCE_S * 1e9 or now_ns - hole.since_ns > LONGEST_S * 1e9

        return self._forgo([hole for hole in self._awaited if over(hole)])

    def _forgo(self, spans: list[Span]) -> list[Item]:
        gone = [span for span in spans if any(hole.meets(span) for hole in self._awaited)]
        self._awaited = [part for hole in self._awaited for part in hole.without(gone)]
        return [Forgone(span.first, span.end) for span in gone]

    def _ask_again(self, now_ns: int) -> None:
        """Ask for what is missing and not on its way, the oldest first."""
        if not self._awaited:
            self._asked.clear()
            return
        for token, asked in tuple(self._asked.items()):
            if now_ns - max(asked.since_ns, self._news_ns) > RETRY_S * 1e9:
                del self._asked[token]
        room = round(PIECE_S * self._rate) - sum(span.end - span.first for span in self._asked.values())
        for hole in sorted(self._awaited, key=lambda hole: hole.first):
            for part in hole.without(self._asked.values()):
                if room <= 0 or len(self._asked) >= MAX_ASKED:
                    return
                piece = Span(part.first, min(part.end, part.first + room), now_ns)
                room -= piece.end - piece.first
                self._asked[self._ask(piece.first, piece.end - piece.first)] = piece
                self._remembered.append(piece)
