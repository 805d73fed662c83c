"""A stretch of a recording at the resolution of a screen: samples where they fit, else the least and the greatest.

An answer is bounded however long the stretch: a bin is a power of two of samples, the most that still gives a bin to
every pixel, and begins at a multiple of itself, so that answers next to each other fit together.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.errors import UsageError
from edge.exports.run_record import MISSING, RunRecord
from edge.leads import canonical
from edge.review.pyramid import FACTORS, Pairs, coarser, from_samples, padded
from edge.review.tiles import Tiles

MAX_PX = 4096  # the widest screen; an answer has less than twice as many bins of each lead
MAX_RAW_BINS = 2 * MAX_PX  # of bins finer than the first level, made from samples: 0.5 million of them, 13 MB
COARSE_BINS = 512  # where there are no tiles yet: so many looks into the recording, and no more
COARSE_SAMPLES = 512  # a look: a second, in which there is a beat as a rule
_HEAD = struct.Struct(
    "<4sBBHIId"
)  # magic, kind, exact, leads, step, bins, first sample (a double: JavaScript's number)
MAGIC = b"EDGW"
SAMPLES, PAIRS = 0, 1


@dataclass(frozen=True)
class Window:
    """Bins of `step` samples each from sample `first` of the record on, which is a multiple of `step`."""

    first: int
    step: int  # samples a bin
    exact: bool  # every sample is in it; otherwise looks of a second into each bin
    uv: npt.NDArray[np.int16]  # bins x leads x 1, or x 2 where step > 1: least, greatest; MISSING where there is none

    def encoded(self) -> bytes:
        """Little-endian: 24 bytes of head, then lead by lead its numbers in order of time."""
        bins, leads, width = self.uv.shape
        kind = SAMPLES if width == 1 else PAIRS
        head = _HEAD.pack(MAGIC, kind, self.exact, leads, self.step, bins, float(self.first))
        return head + self.uv.transpose(1, 0, 2).astype("<i2").tobytes()


def window(record: RunRecord, tiles: Tiles, first: int, last: int, px: int, leads: Sequence[str] = ()) -> Window:
    """Samples `first` up to, not including, `last`, as far as the record goes, on `px` pixels; of `leads`, or all.

    Errors: UsageError for a stretch, a width or leads that make no sense; InputError, OSError.
    """
    columns = _columns(record, leads)
    if not 0 < px <= MAX_PX:
        raise UsageError(f"px is {px}: it must be 1 to {MAX_PX}")
    if not 0 <= first < last or first >= record.samples:
        raise UsageError(f"from sample {first} to {last}: {record.name} has samples 0 to {record.samples}")
    step = 1 << max(1, (last - first) // px).bit_length() - 1  # of what was asked for: tiles at the end are like others
    last = min(last, record.samples)
    if step == 1:
        return Window(first, 1, True, record.counts(first, last)[:, columns, None])
    step, coarse = _affordable(step, first, last, tiles)
    return Window(first // step * step, step, not coarse, _binned(record, tiles, first, last, step, coarse)[:, columns])


def _affordable(step: int, first: int, last: int, tiles: Tiles) -> tuple[int, bool]:
    """The step that can be answered in time, and whether by looks only: where there are no tiles yet."""
    without = last - max(first, tiles.done)
    if without <= MAX_RAW_BINS * FACTORS[0]:
        return step, False
    while without > COARSE_BINS * step:
        step *= 2
    return step, True


def _binned(record: RunRecord, tiles: Tiles, first: int, last: int, step: int, coarse: bool) -> Pairs:
    begin, end = first // step * step, -(-last // step) * step
    level = max((factor for factor in FACTORS if factor <= step), default=0)
    tiled = min(end, tiles.done // step * step) if level else begin  # up to here from tiles
    parts: list[Pairs] = []
    if tiled > begin:
        parts.append(coarser(tiles.pairs(level, begin // level, tiled // level), step // level))
    if end > max(begin, tiled):
        rest = max(begin, tiled)
        parts.append(_looks(record, rest, end, step) if coarse else _from_record(record, rest, end, step))
    return np.concatenate(parts)


def _from_record(record: RunRecord, begin: int, end: int, step: int) -> Pairs:
    counts = record.counts(begin, min(end, record.samples))
    return from_samples(padded(counts, 0, end - begin), step)


def _looks(record: RunRecord, begin: int, end: int, step: int) -> Pairs:
    """The least and greatest of the middle of each bin."""
    length = min(step, COARSE_SAMPLES)
    out = np.full(((end - begin) // step, len(record.leads), 2), MISSING, np.int16)
    for k, at in enumerate(range(begin, end, step)):
        middle = at + (min(step, record.samples - at) - length) // 2
        counts = record.counts(max(at, middle), min(max(at, middle) + length, record.samples))
        if len(counts):
            out[k] = from_samples(padded(counts, 0, length), length)[0]
    return out


def _columns(record: RunRecord, leads: Sequence[str]) -> list[int]:
    there = {lead.name: lead.column for lead in record.leads}
    wanted = [canonical(name) or name for name in leads] or list(there)
    if len(wanted) > len(there) or any(name not in there for name in wanted):
        raise UsageError(f"leads {','.join(leads)[:100]}: choose among {', '.join(there)}")
    return [there[name] for name in wanted]
