"""Inputs changed at random, from a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence

MAX_INPUT = 600  # bytes: some frames of any device
CHANGES = 6  # of an input, at most, at once
PIECE = 40  # bytes: a whole packet of the smaller formats


class Mutator:
    """Changes inputs, with `tokens` (bytes that mean something in the format) among what it puts in."""

    def __init__(self, seed: int, tokens: Sequence[bytes]) -> None:
        self._any = random.Random(seed)
        self._tokens = [*tokens, b"\0", b"\xff", b"\x7f\xff\xff", b"\x80\0\0"]

    def pick(self, corpus: Sequence[bytes]) -> bytes:
        return corpus[self._any.randrange(len(corpus))]

    def changed(self, corpus: Sequence[bytes]) -> bytes:
        """One of the corpus with some changes, at most MAX_INPUT bytes long."""
        data = bytearray(self.pick(corpus))
        for _ in range(self._any.randint(1, CHANGES)):
            self._change(data, corpus)
        return bytes(data[:MAX_INPUT])

    def _change(self, data: bytearray, corpus: Sequence[bytes]) -> None:
        any_ = self._any
        at = any_.randrange(len(data) + 1)
        count = any_.randint(1, PIECE)
        match any_.randrange(8):
            case 0 if at < len(data):
                data[at] ^= 1 << any_.randrange(8)
            case 1 if at < len(data):
                data[at] = any_.randrange(256)
            case 2:
                del data[at : at + count]
            case 3:  # a piece of itself again
                data[at:at] = data[at : at + count]
            case 4:
                data[at:at] = self._tokens[any_.randrange(len(self._tokens))]
            case 5:
                data[at:at] = any_.randbytes(any_.randint(1, 8))
            case 6:  # another, whole
                data += self.pick(corpus)
            case _:  # the end of another
                other = self.pick(corpus)
                data[at:] = other[any_.randrange(len(other) + 1) :]
