"""Millivolts for a network that has none, such as MCMA as published, from the measured leads alone.

Its output has the right shape and a deviation that is nobody's. What a recording does tell is how large its measured
leads are: each missing lead is given the size that, on recordings held out from training, fits best in mean square as
a linear function of the measured leads' deviations. A lead's correlation stays what it was; its offset is taken out,
since nothing measured speaks of it, and so an ST level is still not to be had.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.optimize import nnls

from edge.dsp.baseline import remove_baseline
from train.baselines.common import RATE, Float64s, Reconstructor, Signal, columns, without_wander
from train.data.corpus import Corpus

TINY = 1e-9  # of the moments' trace: leads that say the same twice leave them singular
FLAT_MV = 1e-6  # an output that moves less has no shape


class Amplitude:
    """Sizes of all twelve leads from those of the `given` ones; weights: 12 x (1 + given), mV."""

    def __init__(self, weights: Float64s, given: tuple[str, ...]) -> None:
        self.weights, self.given = weights, given

    @classmethod
    def fit(cls, pairs: Iterable[tuple[Signal, Signal]], given: tuple[str, ...]) -> Amplitude:
        """From pairs of a recording's true leads and the network's (n x 12 each)."""
        many = 1 + len(given)
        gram, cross = np.zeros((many, many)), np.zeros((many, 12))
        for truth, output in pairs:
            size = _sizes(truth, given)
            gram += np.outer(size, size)
            cross += np.outer(size, (without_wander(truth) * _shape(output)).mean(axis=0))
        root = np.linalg.cholesky(gram + TINY * np.trace(gram) * np.eye(many))
        # none negative: a size that fell below zero would turn its lead over
        weights = [nnls(root.T, np.linalg.solve(root, of_lead))[0] for of_lead in cross.T]
        return cls(np.stack(weights), given)

    def apply(self, output: Signal, mv: Signal) -> Signal:
        """The network's leads (n x 12) at the size that the measured leads of `mv` (n x 12) ask for."""
        twelve = (_shape(output) * (self.weights @ _sizes(mv, self.given))).astype(np.float32)
        twelve[:, columns(self.given)] = mv[:, columns(self.given)]
        return twelve


def _sizes(mv: Signal, given: tuple[str, ...]) -> Float64s:
    """1, then the deviation of every measured lead (mV)."""
    return np.concatenate([[1.0], without_wander(mv[:, columns(given)]).std(axis=0)])


def _shape(output: Signal) -> Float64s:
    """Every lead without its mean, at a deviation of 1."""
    centred = output.astype(np.float64) - output.mean(axis=0, dtype=np.float64)
    deviation = centred.std(axis=0)
    shape: Float64s = centred / np.where(deviation > FLAT_MV, deviation, np.inf)
    return shape


def sized(reconstruct: Reconstructor, held: Corpus) -> Reconstructor:
    """`reconstruct` with the sizes learnt on `held`, which it must not have been trained on nor be scored on; once for
    every set of leads that it is asked for."""
    known: dict[tuple[str, ...], Amplitude] = {}

    def pairs(given: tuple[str, ...]) -> Iterable[tuple[Signal, Signal]]:
        for uv in held.uv:
            truth = remove_baseline(uv.astype(np.float32) * np.float32(1e-3), RATE)
            yield truth, reconstruct(truth, given)

    def sizing(mv: Signal, given: tuple[str, ...]) -> Signal:
        if given not in known:
            known[given] = Amplitude.fit(pairs(given), given)
        return known[given].apply(reconstruct(mv, given), mv)

    return sizing
