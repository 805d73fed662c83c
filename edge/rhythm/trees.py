"""Gradient-boosted trees, evaluated: a small fitted model as numbers in a JSON file.

Friedman, Ann Statist 29:1189 (2001). All trees are walked down together, one level a step, so that an answer costs a
few array operations whatever their number.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.errors import InputError, Reason
from edge.rhythm import fitted

FORMAT = 1

Floats = npt.NDArray[np.float64]


class Boosted:
    """Trees over named features; one sum of leaves a class, or one for two classes.

    A node sends a sample left where its feature is at most the threshold, or is NaN and the node says so. Leaves point
    at themselves.
    """

    def __init__(self, table: Mapping[str, Any]) -> None:
        """`table` as the file holds it. Raises InputError."""
        try:
            self.features: tuple[str, ...] = tuple(table["features"])
            self.classes: tuple[str, ...] = tuple(table["classes"])
            self._base = np.asarray(table["base"], np.float64)
            self._build(table["trees"])
            if table["format"] != FORMAT or len(self._base) != (len(self.classes) if len(self.classes) > 2 else 1):
                raise ValueError("another format")
            if self._feature.max(initial=0) >= len(self.features) or self._of.max(initial=0) >= len(self._base):
                raise ValueError("a tree asks for a feature or a class that is not named")
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise InputError(f"a model of trees cannot be used: {error}", Reason.MALFORMED) from error

    def _build(self, trees: list[Mapping[str, Any]]) -> None:
        most = max((len(tree["feature"]) for tree in trees), default=1)
        shape = (len(trees), most)
        self._of = np.array([tree["class"] for tree in trees], np.int64)
        self._feature, self._left, self._right = (np.zeros(shape, np.int64) for _ in range(3))
        self._threshold, self._value, self._nan_left = np.zeros(shape), np.zeros(shape), np.zeros(shape, bool)
        self._depth = 0
        for k, tree in enumerate(trees):
            count = len(tree["feature"])
            self._feature[k, :count] = tree["feature"]
            self._threshold[k, :count] = tree["threshold"]
            self._left[k, :count], self._right[k, :count] = tree["left"], tree["right"]
            self._nan_left[k, :count] = tree["nan_left"]
            self._value[k, :count] = tree["value"]
            self._depth = max(self._depth, _depth(tree["left"], tree["right"]))
        self._rows = np.arange(len(trees))

    @classmethod
    def read(cls, path: Path) -> Boosted:
        """The model in a file. Raises InputError."""
        return cls(fitted.table(path))

    def scores(self, x: Floats) -> Floats:
        """Log-odds a class (one for two classes) of a sample (features)."""
        at = np.zeros(len(self._rows), np.int64)
        for _ in range(self._depth):
            value = x[self._feature[self._rows, at]]
            left = np.where(np.isnan(value), self._nan_left[self._rows, at], value <= self._threshold[self._rows, at])
            at = np.where(left, self._left[self._rows, at], self._right[self._rows, at])
        leaves = self._value[self._rows, at]
        return np.asarray(self._base + np.bincount(self._of, leaves, len(self._base)))

    def probabilities(self, x: Floats) -> Floats:
        """Probability of each of `classes` for a sample (features, NaN where unknown)."""
        score = self.scores(x)
        if len(score) == 1:
            yes = 1 / (1 + np.exp(-np.clip(score[0], -50, 50)))
            return np.array([1 - yes, yes])
        rising = np.exp(score - score.max())
        return np.asarray(rising / rising.sum())


def _depth(left: list[int], right: list[int]) -> int:
    """The longest way from the root to a leaf; a leaf points at itself."""
    level, deep = {0}, 0
    while level := {child for node in level for child in (left[node], right[node]) if child != node}:
        deep += 1
        if deep > len(left):
            raise ValueError("a tree that never ends")
    return deep


@cache
def shipped(name: str) -> Boosted:
    """The model `name` that comes with the package, read once."""
    return Boosted(fitted.shipped(name))
