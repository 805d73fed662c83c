"""From a logit to a probability that means what it says, by Platt's two numbers a class (Platt 1999).

Fitted on held-out records. A class with few positives says little about its slope: that is held to 1 by a normal prior,
and only the offset moves, so that the mean probability is the share of records that have it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

PRIOR_SD = 0.3  # of the slope about 1
ROUNDS = 50  # of Newton's method, which ends by itself much sooner
DONE = 1e-9
RIDGE = 1e-6  # on the offset: a class without positives, or without negatives, has no finite one
Floats = npt.NDArray[np.float64]


def platt(logits: Floats, true: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Slope and offset of the calibrated logit, from records' logits and answers (each n)."""
    x = np.stack([logits, np.ones_like(logits)], 1)
    prior, weight = np.array([1.0, 0.0]), np.diag([1 / PRIOR_SD**2, RIDGE])
    w = prior.copy()
    for _ in range(ROUNDS):
        p = sigmoid(x @ w)
        slope = x.T @ (p - true) + weight @ (w - prior)
        bend = x.T @ (x * (p * (1 - p))[:, None]) + weight
        move = np.linalg.solve(bend, slope)
        w = w - np.clip(move, -1, 1)
        if np.abs(move).max() < DONE:
            break
    return float(w[0]), float(w[1])


def calibrate(logits: Floats, true: npt.NDArray[np.bool_], known: npt.NDArray[np.bool_]) -> list[list[float]]:
    """Slope and offset of every class (records x classes each), from the records where it is known."""
    numbers = [platt(logits[known[:, k], k], true[known[:, k], k]) for k in range(logits.shape[1])]
    return [[round(slope, 4), round(offset, 4)] for slope, offset in numbers]


def sigmoid(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -50, 50))))
