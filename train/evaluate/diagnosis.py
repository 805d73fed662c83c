"""Diagnostic level: does a frozen classifier read the same in reconstructed leads as in true ones?"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

NEVER = 1.01  # a threshold that no probability reaches
FIGURES = ("precision", "recall", "specificity", "f1", "auroc")
Flags = npt.NDArray[np.bool_]
Array = npt.NDArray[np.floating]


def figures(true: Flags, said: Flags, probability: Array) -> dict[str, float | int | None]:
    """Of one class over all records (each records); None where the records allow no answer."""
    tp, fp = int((true & said).sum()), int((~true & said).sum())
    fn, tn = int((true & ~said).sum()), int((~true & ~said).sum())
    return {
        "positives": tp + fn,
        "precision": _share(tp, tp + fp),
        "recall": _share(tp, tp + fn),
        "specificity": _share(tn, tn + fp),
        "f1": _share(2 * tp, 2 * tp + fn + fp),
        "auroc": auroc(true, probability),
    }


def auroc(true: Flags, probability: Array) -> float | None:
    """Area under the curve: how often a positive ranks above a negative (Mann and Whitney 1947); ties count half."""
    positives, negatives = int(true.sum()), int((~true).sum())
    if not positives or not negatives:
        return None
    ranks = rankdata(probability)[true].sum()
    return float((ranks - positives * (positives + 1) / 2) / (positives * negatives))


def summary(
    true: Flags, probabilities: Array, thresholds: Array, names: tuple[str, ...], known: Flags | None = None
) -> dict[str, Any]:
    """By class, and their mean (records x classes each); a class that allows no answer is left out of the mean.

    Where `known` is False the record does not count for that class.
    """
    by_class = {}
    for k, name in enumerate(names):
        there = slice(None) if known is None else known[:, k]
        said = probabilities[there, k]
        by_class[name] = figures(true[there, k], said >= thresholds[k], said)
    means = {}
    for figure in FIGURES:
        values = [found[figure] for found in by_class.values() if found[figure] is not None]
        means[figure] = float(np.mean(values)) if values else None
    return {"mean": means, "by_class": by_class}


def best_thresholds(true: Flags, probabilities: Array, known: Flags | None = None) -> list[float]:
    """The probability from which on each class is said, for the best F1 (records x classes each).

    Records count where `known`; a class that none of them has is never said.
    """
    best = []
    for k in range(true.shape[1]):
        there = slice(None) if known is None else known[:, k]
        has, said = true[there, k], probabilities[there, k]
        if not has.any():
            best.append(NEVER)
            continue
        order = np.argsort(-said, kind="stable")
        f1 = 2 * has[order].cumsum() / (np.arange(len(order)) + 1 + has.sum())
        best.append(float(said[order[f1.argmax()]]))
    return best


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
