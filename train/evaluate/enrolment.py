"""A patient's own correction for any network: ridge regression of what it got wrong in the first seconds.

What explains the errors: the eight leads as they are known (measured, else the network's) and, where the network makes
one, its basis, each held back by the strength that its training found for it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from edge.leads import INDEPENDENT, LEAD
from train.baselines.common import completed, without_wander

STRENGTH_MV2 = 1e-3  # of a network whose training has not found its own
OF_EIGHT = [LEAD[name] for name in INDEPENDENT]

Signal = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Explained = Callable[[Signal, tuple[str, ...]], tuple[Floats, Floats]]
"""The network's eight leads (n x 8, mV; the measured among them as they are) and its basis (n x B; B may be 0)."""


def fit(
    explained: Explained, first: Signal, given: tuple[str, ...], strengths: Floats | None = None
) -> Callable[[Signal, tuple[str, ...]], Signal]:
    """The corrected network, fitted on a patient's first seconds (n x 12, mV at 500 Hz, baseline-filtered)."""
    eight, basis = explained(first, given)
    features = without_wander(np.concatenate([eight, basis], 1))
    wrong = without_wander(first[:, OF_EIGHT]) - features[:, : len(OF_EIGHT)]
    ridge = np.full(features.shape[1], STRENGTH_MV2) if strengths is None else strengths
    gram = features.T @ features / len(features) + np.diag(ridge)
    weights = np.linalg.solve(gram, features.T @ wrong / len(features))

    def corrected(mv: Signal, leads: tuple[str, ...]) -> Signal:
        eight, basis = explained(mv, leads)
        return completed(eight + np.concatenate([eight, basis], 1) @ weights, mv, leads)

    return corrected
