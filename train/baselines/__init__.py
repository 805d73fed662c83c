"""Methods without a network, which every report shows beside the networks."""

from __future__ import annotations

from train.baselines.common import Reconstructor
from train.baselines.fixed import dower, measured
from train.baselines.linear import LAGS, Linear, enrol
from train.data.corpus import Corpus

__all__ = ["LAGS", "Linear", "Reconstructor", "dower", "enrol", "fitted", "measured"]


def fitted(train: Corpus) -> dict[str, Reconstructor]:
    """All of them by name, fitted on `train` (folds 1 to 7); the patient's own linear is made by `enrol`."""
    return {"measured": measured, "dower": dower, "linear": Linear.fit(train), "lag-fir": Linear.fit(train, LAGS)}
