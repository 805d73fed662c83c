"""WearECG's preprocessing: leads in order, holes filled from their neighbours, 500 Hz, z-scores if wanted.

Every step is linear over the leads or the same for all, so that Goldberger's identities outlive it; the z-score is not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from edge.leads import LEADS, canonical
from train.data.record import Signal

RATE = 500.0  # Hz
LONGEST_HOLE_S = 0.020  # as long as the device bridges; more would be invented
NEIGHBOURS_S = 0.020  # on each side of a missing sample


def reordered(mv: Signal, names: Sequence[str]) -> Signal:
    """The twelve leads in standard order (samples x 12), found by name among `names`. Raises ValueError."""
    found = [canonical(name) for name in names]
    missing = [lead for lead in LEADS if lead not in found]
    if missing:
        raise ValueError(f"it has no lead {', '.join(missing)}")
    return mv[:, [found.index(lead) for lead in LEADS]]


def filled(mv: Signal, rate: float) -> Signal:
    """Each missing sample replaced by the mean of what its lead has within `NEIGHBOURS_S`.

    Raises ValueError for a hole longer than `LONGEST_HOLE_S`.
    """
    missing = ~np.isfinite(mv)
    if not missing.any():
        return mv
    longest = max(_longest_run(column) for column in missing.T)
    if longest > LONGEST_HOLE_S * rate:
        raise ValueError(f"a hole of {1000 * longest / rate:.0f} ms")
    reach = max(1, round(NEIGHBOURS_S * rate))
    out = mv.copy()
    for sample, lead in np.argwhere(missing):
        out[sample, lead] = np.nanmean(mv[max(0, sample - reach) : sample + reach + 1, lead])
    return out


def _longest_run(flags: npt.NDArray[np.bool_]) -> int:
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def resampled(mv: Signal, rate: float, samples: int) -> Signal:
    """`samples` samples over the same time, by the Fourier method.

    The straight line from the first to the last sample is laid aside meanwhile: the method takes a recording for
    one turn of a loop, and a step between its ends would ring.
    """
    from scipy.signal import resample

    if len(mv) == samples:
        return mv
    turn = np.linspace(0, 1, len(mv), endpoint=False)[:, None]
    slope = (mv[-1:] - mv[:1]) * len(mv) / max(1, len(mv) - 1)
    level = resample(mv - mv[:1] - slope * turn, samples, axis=0)
    out: Signal = level + mv[:1] + slope * np.linspace(0, 1, samples, endpoint=False)[:, None]
    return out


def zscored(mv: Signal) -> Signal:
    """Every lead with mean 0 and deviation 1. Millivolts, and with them amplitudes and ST levels, are lost."""
    spread = mv.std(0)
    scored: Signal = (mv - mv.mean(0)) / np.where(spread > 0, spread, 1)
    return scored
