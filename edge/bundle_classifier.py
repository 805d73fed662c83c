"""The bundle's classifier, where it has one: its files, its classes, and what makes probabilities of its logits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.bundle_file import Variant, choose, variant_of
from edge.leads import INDEPENDENT

SAMPLES = 1000  # ten seconds at 100 Hz
RATE = 100  # Hz
MAX_CLASSES = 200
TRUE, RECONSTRUCTED = "true", "reconstructed"  # leads: all eight measured or derived; some of them the network's
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ClassifierSpec:
    """A validated part `classifier` of a manifest."""

    names: tuple[str, ...]
    variants: tuple[Variant, ...]
    calibration: Mapping[str, Floats]  # slope and offset of each class' logit (classes x 2), by what it is shown
    thresholds: Mapping[str, Floats]  # probability from which on a class is said

    def choose(self, engine: str | None = None) -> Variant:
        """The variant for an engine, or the first there is."""
        return choose(self.variants, engine, None) or self.variants[0]

    def calibrated(self, logits: npt.NDArray[np.floating], view: str) -> Floats:
        """Logits whose logistic function is a probability."""
        slope, offset = self.calibration[view].T
        return np.asarray(slope * logits + offset, np.float64)

    def said(self, probability: Floats, view: str) -> tuple[str, ...]:
        """The classes that are as likely as their thresholds ask for."""
        return tuple(name for name, over in zip(self.names, probability >= self.thresholds[view], strict=True) if over)


def probability(logits: Floats) -> Floats:
    """Of calibrated logits."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -50, 50))))


def parse(entry: Mapping[str, Any] | None) -> ClassifierSpec | None:
    """Raises KeyError, TypeError or ValueError for what is no classifier."""
    if entry is None:
        return None
    names = tuple(str(name) for name in entry["names"])
    if not 0 < len(names) <= MAX_CLASSES or len(set(names)) < len(names):
        raise ValueError(f"classifier.names: 1 to {MAX_CLASSES} different ones are expected")
    if tuple(entry["leads"]) != INDEPENDENT or (entry["rate"], entry["samples"]) != (RATE, SAMPLES):
        raise ValueError(f"the classifier must be shown the eight independent leads, {SAMPLES} samples at {RATE} Hz")
    variants = tuple(variant_of(variant) for variant in entry["variants"])
    if not variants:
        raise ValueError("classifier.variants is empty")
    views = (TRUE, RECONSTRUCTED)
    calibration = {view: _numbers(entry, "calibration", view, (len(names), 2)) for view in views}
    thresholds = {view: _numbers(entry, "thresholds", view, (len(names),)) for view in views}
    return ClassifierSpec(names, variants, calibration, thresholds)


def _numbers(entry: Mapping[str, Any], part: str, view: str, shape: tuple[int, ...]) -> Floats:
    numbers = np.array(entry[part][view], np.float64)
    if numbers.shape != shape or not np.isfinite(numbers).all():
        raise ValueError(f"classifier.{part}.{view} is not {' x '.join(map(str, shape))} finite numbers")
    return numbers
