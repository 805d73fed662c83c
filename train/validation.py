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
from train.recipe_rules import Masks
from train.windows import RATE

SINGLE = ("I",)  # for a network that is shown one lead at a time


@dataclass(frozen=True)
class Validation:
    """Means over recordings and over the leads that were not shown, 0.5 to 40 Hz."""

    pcc: float
    mse_mv2: float


class Held:
    """Recordings held back from training, filtered once; of each the network is shown `leads`."""

    def __init__(self, corpus: Corpus, leads: tuple[str, ...] = PATCH) -> None:
        self.leads = leads
        self._missing = [LEAD[name] for name in LEADS if name not in leads]
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
            figures = agreement(truth, reconstruct.twelve(placed, mv, self.leads), RATE)
            scores.append((figures.pcc[self._missing], figures.mse_mv2[self._missing]))
        net.train(was_training)
        pcc, mse = (np.stack(each) for each in zip(*scores, strict=True))
        return Validation(float(np.nanmean(pcc)), float(np.nanmean(mse)))


def shown(masks: Masks) -> tuple[str, ...]:
    """The leads to validate with: of those that the network is trained to be shown, the patch's or the first."""
    if isinstance(masks, str):
        return SINGLE if masks == "single" else PATCH
    return PATCH if PATCH in masks else masks[0]


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
