"""Does a reconstructor peek at the leads it is to reconstruct?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from edge.leads import LEADS

Signal = npt.NDArray[np.float32]
NOISES_MV = (0.3, 30.0)  # of the kind of a signal, and far beyond one


def leaks(
    reconstruct: Callable[[Signal, tuple[str, ...]], Signal], mv: Signal, given: Sequence[str], seed: int = 0
) -> bool:
    """Whether the output changes by a single bit when the leads not in `given` are overwritten with noise.

    mv: n x 12 (mV, 500 Hz, baseline-filtered).
    """
    given = tuple(given)
    hidden = [k for k, lead in enumerate(LEADS) if lead not in given]
    expected = reconstruct(mv.copy(), given)
    rng = np.random.default_rng(seed)
    for noise_mv in NOISES_MV:
        other = mv.copy()
        other[:, hidden] = noise_mv * rng.standard_normal((len(mv), len(hidden)))
        if reconstruct(other, given).tobytes() != expected.tobytes():
            return True
    return False
