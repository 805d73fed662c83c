"""Boosted trees: fitted with scikit-learn, judged out of fold, written as numbers that the device evaluates."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SETTINGS: dict[str, Any] = {
    "max_iter": 120,
    "max_depth": 4,
    "max_leaf_nodes": 12,
    "learning_rate": 0.06,
    "min_samples_leaf": 20,
    "l2_regularization": 1.0,
    "random_state": 0,
    "early_stopping": False,
}
LEAF_DIGITS = 7  # kept of a leaf; a threshold is kept whole, for it may be a sample's own value
BEYOND_ALL = 1e300  # for a node that parts the known from the unknown


def classifier(**settings: Any) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(**{**SETTINGS, **settings})


def one_thread() -> Any:
    """A context: so small a fit loses more to threads that wait for one another than it gains."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1)


def fit(
    x: Floats,
    y: npt.NDArray[np.int64],
    features: tuple[str, ...],
    classes: tuple[str, ...],
    weights: Floats | None = None,
    **settings: Any,
) -> dict[str, Any]:
    """Trees over `x` (samples x features) for `y` (indices into `classes`, all present), as `edge` reads them."""
    with one_thread():
        model = classifier(**settings).fit(x, y, sample_weight=weights)
    trees = [_tree(tree, k) for step in model._predictors for k, tree in enumerate(step)]
    base = np.ravel(model._baseline_prediction).astype(float).tolist()
    return {"format": 1, "features": list(features), "classes": list(classes), "base": base, "trees": trees}


def _tree(predictor: Any, of: int) -> dict[str, Any]:
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    own = np.arange(len(nodes))
    threshold = np.where(leaf, 0.0, np.clip(nodes["num_threshold"], -BEYOND_ALL, BEYOND_ALL))
    return {
        "class": of,
        "feature": np.where(leaf, 0, nodes["feature_idx"]).astype(int).tolist(),
        "threshold": threshold.astype(float).tolist(),
        "nan_left": nodes["missing_go_to_left"].astype(int).tolist(),
        "left": np.where(leaf, own, nodes["left"]).astype(int).tolist(),
        "right": np.where(leaf, own, nodes["right"]).astype(int).tolist(),
        "value": [float(f"{v:.{LEAF_DIGITS}g}") for v in np.where(leaf, nodes["value"], 0.0)],
    }


def out_of_fold(
    x: Floats,
    y: npt.NDArray[np.int64],
    groups: npt.NDArray[Any],
    folds: int = 10,
    weights: Floats | None = None,
    **settings: Any,
) -> Floats:
    """Probabilities (samples x classes), each from trees that saw nothing of the sample's group.

    `folds` beyond the number of groups leaves one group out at a time.
    """
    names = np.unique(groups)
    order = np.random.default_rng(0).permutation(names)
    answer = np.full((len(x), int(y.max()) + 1), np.nan)
    for part in np.array_split(order, min(folds, len(names))):
        out = np.isin(groups, part)
        model = classifier(**settings)
        with one_thread():
            model.fit(x[~out], y[~out], sample_weight=None if weights is None else weights[~out])
        answer[np.ix_(out, model.classes_)] = model.predict_proba(x[out])
    return answer
