"""Least squares from the measured leads to the rest: instant by instant, with lags, or for one patient alone."""

from __future__ import annotations

import functools

import numpy as np

from edge.leads import TWELVE_FROM_EIGHT
from train.baselines.common import OF_EIGHT, Float64s, Reconstructor, Signal, columns, completed, without_wander
from train.data.corpus import Corpus

INSTANT = (0,)
LAGS = tuple(range(-30, 31, 6))  # samples: ten lags over +-60 ms, and now
TOLERANCE = 1e-9  # of the largest singular value: what is smaller is a lead that says the same twice
EIGHT = len(OF_EIGHT)


class Linear:
    """One fit for any set of measured leads: all second moments of the eight leads and their lags are kept."""

    def __init__(self, moments: Float64s, lags: tuple[int, ...]) -> None:
        if 0 not in lags or moments.shape != (EIGHT * len(lags), EIGHT * len(lags)):
            raise ValueError("the lags must contain 0, and the moments be those of eight leads a lag")
        self.moments, self.lags = moments, lags
        self.weights = functools.lru_cache(maxsize=256)(self._weights)

    @classmethod
    def fit(cls, train: Corpus, lags: tuple[int, ...] = INSTANT) -> Linear:
        """On every recording of `train`, without its wander."""
        moments = np.zeros((EIGHT * len(lags), EIGHT * len(lags)))
        for uv in train.uv:
            shifted = _lagged(without_wander(uv[:, OF_EIGHT] * 1e-3), lags)
            moments += shifted.T @ shifted / len(shifted)
        return cls(moments / len(train.uv), lags)

    def _weights(self, given: tuple[str, ...]) -> Float64s:
        """From the measured leads, lag after lag, to the eight (lags * leads x 8)."""
        rows = np.kron(np.eye(len(self.lags)), TWELVE_FROM_EIGHT[columns(given)])
        now = slice(EIGHT * self.lags.index(0), EIGHT * (self.lags.index(0) + 1))
        seen = rows @ self.moments
        weights: Float64s = np.linalg.pinv(seen @ rows.T, TOLERANCE, hermitian=True) @ seen[:, now]
        return weights

    def __call__(self, mv: Signal, given: tuple[str, ...]) -> Signal:
        measured = mv[:, columns(given)].astype(np.float64)
        return completed(_lagged(measured, self.lags) @ self.weights(given), mv, given)


def _lagged(signal: Float64s, lags: tuple[int, ...]) -> Float64s:
    """The signal (n x leads) at every lag, side by side (n x lags * leads); its ends are held."""
    at = np.arange(len(signal))[:, None] + np.array(lags)
    return signal[at.clip(0, len(signal) - 1)].reshape(len(signal), -1)


def enrol(first: Signal, given: tuple[str, ...]) -> Reconstructor:
    """The patient's own least squares, from the first seconds of their twelve leads (n x 12, mV), for `given` alone."""
    weights, *_ = np.linalg.lstsq(
        without_wander(first[:, columns(given)]), without_wander(first[:, OF_EIGHT]), TOLERANCE
    )

    def reconstruct(mv: Signal, leads: tuple[str, ...]) -> Signal:
        if leads != given:
            raise ValueError(f"enrolled for {'+'.join(given)}, not for {'+'.join(leads)}")
        return completed(mv[:, columns(given)].astype(np.float64) @ weights, mv, given)

    return reconstruct
