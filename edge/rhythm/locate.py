"""Where in a complex R is: its largest deflection, whichever way it points."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

REFINE_S = 0.025  # around the band-passed peak: where R is in the signal itself

Rows = npt.NDArray[np.float64]


def r_peak(passed: Rows, raw: Rows, there: npt.NDArray[np.bool_], refine: int) -> int:
    """Index of R in a stretch of one lead (n): its band-passed and its own samples, and which of them count."""
    seen = np.where(there, passed, 0.0)
    coarse = int(np.abs(seen).argmax())
    first, last = max(coarse - refine, 0), coarse + refine + 1
    up = np.where(there[first:last], np.sign(seen[coarse]) * raw[first:last], -np.inf)
    return first + int(up.argmax())
