"""What tells one heart from another, learnt from many: how beats differ within a recording, and between people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edge.beat_shape import POINTS, Float64s, average, signature
from edge.leads import INDEPENDENT, row
from edge.misfit import Likeness

NUMBERS = 8  # to tell a lead's signature in: 99 % of its variance over people
SIZE = NUMBERS * len(INDEPENDENT)
LATER = 4  # beats of a later average
OTHERS = 3  # people each one is compared with, to learn
OWN_FLOOR, OTHER_FLOOR = 0.02, 0.01  # of the mean variance, added to each: no direction is without any


@dataclass(frozen=True)
class MisfitModel:
    """Covariances over the eight leads, of which a montage's are a part; differences divided by the beats' size."""

    basis: Float64s  # NUMBERS x POINTS, orthonormal
    own: Float64s  # SIZE squared: of the difference between two averages of one heart's beats
    other: Float64s  # SIZE squared: between two people's
    position: float  # of the limit between what own and others' differences measure, 0 to 1 on a logarithmic scale

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> MisfitModel:
        """From a manifest. Raises ValueError or KeyError."""
        basis = np.array([line.split() for line in entry["basis"]], np.float64)
        if basis.shape != (NUMBERS, POINTS) or not np.isfinite(basis).all():
            raise ValueError(f"patient.misfit.basis is not {NUMBERS} x {POINTS} finite numbers")
        own, other = (_symmetric(entry[key], f"patient.misfit.{key}") for key in ("own", "other"))
        position = float(entry["position"])
        if not 0 < position < 1:
            raise ValueError("patient.misfit.position is not between 0 and 1")
        return cls(basis, own, other, position)

    def as_json(self) -> dict[str, Any]:
        lower = np.tril_indices(SIZE)
        return {
            "basis": [_line(line) for line in self.basis],
            "own": _line(self.own[lower]),
            "other": _line(self.other[lower]),
            "position": round(self.position, 4),
        }

    def likeness(self, leads: Sequence[str], beats: list[Float64s]) -> Likeness:
        """Of the heart whose beats in `leads` these are (as `edge.beat_shape.cut` gives them)."""
        weights, own, other = self.weights(leads)
        limit = float(np.exp((1 - self.position) * np.log(own) + self.position * np.log(other)))
        return Likeness(tuple(leads), average(beats), self.basis, weights, limit)

    def weights(self, leads: Sequence[str]) -> tuple[Float64s, float, float]:
        """How much a difference in `leads` counts, and what one's own and others' differences measure on average."""
        rows = np.stack([row(lead) for lead in leads])
        spread = np.kron(rows, np.eye(NUMBERS))
        own, other = (_regular(spread @ c @ spread.T, f) for c, f in ((self.own, OWN_FLOOR), (self.other, OTHER_FLOOR)))
        weights = np.linalg.inv(own) - np.linalg.inv(other)  # of the logarithm of a ratio of likelihoods
        usual_own = float(np.trace(weights @ own))
        return weights, max(usual_own, 1e-9), max(float(np.trace(weights @ other)), 2 * usual_own, 2e-9)


def learn(hearts: Iterable[tuple[list[Float64s], list[Float64s]]], position: float, seed: int = 0) -> MisfitModel:
    """A model from people's beats in the eight leads, of each some early and some later ones (as `cut` gives them)."""
    early, late = [], []
    for first, then in hearts:
        if len(first) >= 2 and len(then) >= 2:
            shape = average(first)
            early.append(shape)
            late.append(then[:LATER])
    signatures = np.stack([signature(shape) for shape in early])
    flat = signatures.transpose(0, 2, 1).reshape(-1, POINTS)
    basis = np.linalg.svd(flat, full_matrices=False)[2][:NUMBERS]
    rng = np.random.default_rng(seed)

    def difference(k: int, j: int) -> Float64s:
        theirs = signature(average(late[j], early[k]))
        size = float((signatures[k] ** 2).mean() + (theirs**2).mean())
        told: Float64s = (basis @ (theirs - signatures[k])).T.ravel() / np.sqrt(max(size, 1e-9))
        return told

    own = np.stack([difference(k, k) for k in range(len(early))])
    pairs = [(k, int(j)) for k in range(len(early)) for j in rng.choice(len(early), OTHERS, replace=False) if j != k]
    other = np.stack([difference(k, j) for k, j in pairs])
    return MisfitModel(basis, _second_moment(own), _second_moment(other), position)


def _second_moment(x: Float64s) -> Float64s:
    moment: Float64s = x.T @ x / len(x)
    return moment


def _regular(covariance: Float64s, share: float) -> Float64s:
    regular: Float64s = covariance + share * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    return regular


def _line(values: Float64s) -> str:
    """Thousands of numbers, told as one line of text."""
    return " ".join(f"{v:.4g}" for v in values)


def _symmetric(lower: str, what: str) -> Float64s:
    numbers = np.array(lower.split(), np.float64)
    if numbers.shape != (SIZE * (SIZE + 1) // 2,) or not np.isfinite(numbers).all():
        raise ValueError(f"{what} is not a lower triangle of {SIZE} x {SIZE} finite numbers")
    matrix = np.zeros((SIZE, SIZE))
    matrix[np.tril_indices(SIZE)] = numbers
    matrix += np.tril(matrix, -1).T
    return matrix
