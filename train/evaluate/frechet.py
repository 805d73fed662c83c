"""Distribution: how far the reconstructions lie from true recordings as a population, in an encoder's features."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Features = npt.NDArray[np.floating]


def distance(a: Features, b: Features) -> float:
    """Frechet distance of two sets of features (records x features each), taken as normal (Heusel et al. 2017).

    |mean a - mean b|^2 + tr(A + B - 2 (A B)^(1/2)), A and B the covariances.
    """
    a, b = a.astype(np.float64), b.astype(np.float64)
    of_a, of_b = (np.atleast_2d(np.cov(x.T)) for x in (a, b))
    values, vectors = np.linalg.eigh(of_a)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    between = np.linalg.eigvalsh(root @ of_b @ root)  # those of A B, but symmetric
    apart = np.square(a.mean(0) - b.mean(0)).sum()
    return float(apart + np.trace(of_a) + np.trace(of_b) - 2 * np.sqrt(np.maximum(between, 0)).sum())
