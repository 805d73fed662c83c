"""How good a network is on the recordings that choose between its checkpoints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from edge.dsp.baseline import remove_baseline
from edge.leads import LEAD, LEADS
from edge.metrics import agreement
from train import reconstruct
from train.data.corpus import Corpus
from train.masks import PATCH
from train.windows import RATE

MISSING = [LEAD[name] for name in LEADS if name not in PATCH]


@dataclass(frozen=True)
class Validation:
    """Means over recordings and over the nine leads missing from II, V1 and V5, 0.5 to 40 Hz."""

    pcc: float
    mse_mv2: float


class Held:
    """Recordings held back from training, filtered once."""

    def __init__(self, corpus: Corpus) -> None:
        self.truth = corpus.mv()
        self.inputs = [remove_baseline(mv, RATE) for mv in self.truth]

    def __len__(self) -> int:
        return len(self.truth)

    def validate(self, net: nn.Module) -> Validation:
        """Score `net` (of the registry, on any device), which is left in the mode it was in."""
        was_training = net.training
        placed = _Placed(net)
        scores: list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]] = []
        for truth, mv in zip(self.truth, self.inputs, strict=True):
            figures = agreement(truth, reconstruct.twelve(placed, mv, PATCH), RATE)
            scores.append((figures.pcc[MISSING], figures.mse_mv2[MISSING]))
        net.train(was_training)
        pcc, mse = (np.stack(each) for each in zip(*scores, strict=True))
        return Validation(float(np.nanmean(pcc)), float(np.nanmean(mse)))


class _Placed(nn.Module):
    """A network that takes and gives what lies in main memory, wherever it is itself."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net
        self.window = net.window

    def twelve(self, x: Tensor) -> Tensor:
        device = next(self.net.parameters()).device
        twelve: Tensor = self.net.twelve(x.to(device))
        return twelve.float().cpu()
