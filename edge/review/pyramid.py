"""The least and the greatest of every lead over stretches of samples: what a trace looks like from afar.

A bin is `factor` samples; its pair is (least, greatest) in uV, both MISSING where the lead was there in none of them.
A coarser bin's pair follows exactly from the finer ones', so a picture at any zoom is that of every sample.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from edge.exports.run_record import MISSING, Counts

Pairs = npt.NDArray[np.int16]  # bins x leads x 2, uV
FACTORS = (64, 512, 4096)  # samples a bin, kept on disk: 4 % of the recording. Finer ones are quickly made from samples
WHOLE = FACTORS[-1]  # samples that fill a bin at every level: 8 s


def from_samples(counts: Counts, factor: int) -> Pairs:
    """`counts` (n x leads, MISSING where there is none) in bins of `factor`, a power of two; n is a multiple of it."""
    # Minus one turns MISSING, the least there is, into the greatest, and leaves the order of the others as it was.
    least = _fold(counts - np.int16(1), factor, np.minimum) + np.int16(1)
    return np.stack([least, _fold(counts, factor, np.maximum)], axis=-1)


def coarser(pairs: Pairs, factor: int) -> Pairs:
    """`factor` bins in one; their number is a multiple of it."""
    least = _fold(pairs[:, :, 0] - np.int16(1), factor, np.minimum) + np.int16(1)
    return np.stack([least, _fold(pairs[:, :, 1], factor, np.maximum)], axis=-1)


def padded(counts: Counts, before: int, total: int) -> Counts:
    """`counts` behind `before` samples that are not there, `total` in all."""
    out = np.full((total, counts.shape[1]), MISSING, np.int16)
    out[before : before + len(counts)] = counts
    return out


def _fold(values: npt.NDArray[np.int16], factor: int, choose: np.ufunc) -> npt.NDArray[np.int16]:
    """Halves again and again: long rows are what numpy is quick with, and `reduce` over a short axis is not."""
    bins, leads = len(values) // factor, values.shape[1]
    row = np.ascontiguousarray(values).reshape(bins, factor * leads)
    while factor > 1:
        factor //= 2
        row = choose(row[:, : factor * leads], row[:, factor * leads :])
    return row
