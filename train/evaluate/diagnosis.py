"""Diagnostic level: does a frozen classifier read the same in reconstructed leads as in true ones?"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

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


def summary(true: Flags, probabilities: Array, thresholds: Array, names: tuple[str, ...]) -> dict[str, Any]:
    """By class, and their mean (records x classes each); a class that allows no answer is left out of the mean."""
    by_class = {
        name: figures(true[:, k], probabilities[:, k] >= thresholds[k], probabilities[:, k])
        for k, name in enumerate(names)
    }
    means = {}
    for figure in FIGURES:
        values = [found[figure] for found in by_class.values() if found[figure] is not None]
        means[figure] = float(np.mean(values)) if values else None
    return {"mean": means, "by_class": by_class}


def best_thresholds(true: Flags, probabilities: Array) -> list[float]:
    """The probability from which on each class is said, for the best F1 (records x classes each)."""
    best = []
    for k in range(true.shape[1]):
        order = np.argsort(-probabilities[:, k], kind="stable")
        hits = true[order, k].cumsum()
        f1 = 2 * hits / (np.arange(len(order)) + 1 + true[:, k].sum())
        best.append(float(probabilities[order[f1.argmax()], k]))
    return best


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
