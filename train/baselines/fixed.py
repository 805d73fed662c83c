"""Baselines that are fitted on nothing: a heart of three numbers, and no reconstruction at all."""

from __future__ import annotations

import numpy as np

from edge.leads import LEADS, TWELVE_FROM_EIGHT, determined
from edge.synthetic import DOWER
from train.baselines.common import Signal, columns, completed


def dower(mv: Signal, given: tuple[str, ...]) -> Signal:
    """The heart as a dipole: its three components by least squares from the measured leads through Dower's matrix
    (the shortest where there are fewer than three leads), and the other leads from them."""
    seen = TWELVE_FROM_EIGHT[columns(given)] @ DOWER
    heart = mv[:, columns(given)].astype(np.float64) @ np.linalg.pinv(seen).T
    return completed(heart @ DOWER.T, mv, given)


def measured(mv: Signal, given: tuple[str, ...]) -> Signal:
    """The measured leads and what follows from them exactly (III from I and II); zero where a lead is not available."""
    twelve = completed(np.zeros((len(mv), 8)), mv, given)
    known = determined(TWELVE_FROM_EIGHT[columns(given)]) | np.isin(LEADS, given)
    twelve[:, ~known] = 0.0
    return twelve
