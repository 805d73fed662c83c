"""The shape of a beat in several leads at once: cut out around R, aligned, averaged, and told in few numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float64s = npt.NDArray[np.float64]

RATE = 500.0  # Hz: the toolkit's own
BEFORE, AFTER = 125, 225  # samples about R: 250 ms of P wave, 450 ms of ST and T at rest
LENGTH = BEFORE + AFTER
REACH = 20  # samples: R may be placed in another lead, 40 ms off
QRS = slice(BEFORE - 50, BEFORE + 50)  # 100 ms to either side: by it beats are aligned
STEP = 5  # samples a point of a signature: 100 Hz
POINTS = LENGTH // STEP


def cut(mv: Float64s, at: int) -> Float64s | None:
    """The beat with R at row `at` and room to align it (LENGTH + 2 REACH x leads); None where a part is missing."""
    first, last = at - BEFORE - REACH, at + AFTER + REACH
    if first < 0 or last > len(mv):
        return None
    beat = mv[first:last]
    return beat if np.isfinite(beat).all() else None


def aligned(beat: Float64s, shape: Float64s) -> Float64s:
    """`beat` (as `cut` gives it), shifted to where its QRS complex is most like that of `shape` (LENGTH x leads)."""
    wanted = shape[QRS] - shape[QRS].mean(axis=0)
    about = beat[QRS.start : QRS.stop + 2 * REACH]
    likeness = np.sum([np.correlate(about[:, k], wanted[:, k], "valid") for k in range(beat.shape[1])], axis=0)
    shift = int(np.argmax(likeness))
    best: Float64s = beat[shift : shift + LENGTH]
    return best


def average(beats: list[Float64s], shape: Float64s | None = None) -> Float64s:
    """The median of `beats`, aligned to `shape`, or to one another (LENGTH x leads)."""
    if shape is None:
        shape = np.median([beat[REACH : REACH + LENGTH] for beat in beats], axis=0)
        shape = np.median([aligned(beat, shape) for beat in beats], axis=0)
    middle: Float64s = np.median([aligned(beat, shape) for beat in beats], axis=0)
    return middle


def signature(shape: Float64s) -> Float64s:
    """A beat (LENGTH x leads) at 100 Hz and without its level (POINTS x leads)."""
    points: Float64s = shape.reshape(POINTS, STEP, -1).mean(axis=1)
    points -= points.mean(axis=0)
    return points
