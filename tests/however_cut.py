"""One signal cut in many ways: what a stage makes of it must not depend on how."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from edge.blocks import Block


def cuttings(length: int, seed: int = 0, ways: int = 3, singles: int = 700) -> Iterator[list[int]]:
    """Edges of pieces that make up 0 to `length`: `singles` single samples and the rest; at random, empty ones too."""
    rng = np.random.default_rng(seed)
    yield [*range(min(length, singles)), length]
    for way in range(ways):
        inner = np.sort(rng.integers(0, length + 1, 4 * 6**way % 200)).tolist()
        yield [0, *inner, length]


def pieces(edges: list[int]) -> Iterator[slice]:
    return (slice(a, b) for a, b in itertools.pairwise(edges))


def bits(x: npt.NDArray[np.generic]) -> bytes:
    """The bytes of an array, any NaN like any other."""
    if np.issubdtype(x.dtype, np.floating):
        x = np.where(np.isnan(x), np.asarray(np.nan, x.dtype), x)
    return x.tobytes()


def run(stage: object, block: Block, edges: list[int]) -> Block:
    """All that `stage` makes of `block`, pushed in pieces, as one block; asserts that the pieces follow each other."""
    out: list[Block] = []
    for piece in pieces(edges):
        out += stage.push(block.cut(block.start + piece.start, block.start + piece.stop))  # type: ignore[attr-defined]
    out += stage.flush()  # type: ignore[attr-defined]
    for a, b in itertools.pairwise(out):
        assert a.end == b.start, f"a block that ends at {a.end} is followed by one from {b.start}"
    first = out[0]
    mv, valid = np.concatenate([b.mv for b in out]), np.concatenate([b.valid for b in out])
    return Block(first.start, first.rate, first.leads, mv, valid)


def assert_same_however_cut(make: Callable[[], object], block: Block, singles: int = 700) -> Block:
    """Push `block` into fresh stages whole and in pieces; returns what came out of the whole."""
    whole = run(make(), block, [0, len(block.mv)])
    for edges in cuttings(len(block.mv), singles=singles):
        cut = run(make(), block, edges)
        assert (cut.start, cut.rate, cut.leads) == (whole.start, whole.rate, whole.leads)
        assert bits(cut.mv) == bits(whole.mv), f"other values when cut at {edges[:20]} …"
        assert bits(cut.valid) == bits(whole.valid), f"other flags when cut at {edges[:20]} …"
    return whole
