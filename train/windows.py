"""Training windows: a prepared corpus on one side, noisy masked windows and clean targets on the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.signal import butter, sosfiltfilt
from torch import Tensor

from edge.dsp.baseline import remove_baseline
from edge.leads import INDEPENDENT, LEAD, TWELVE_FROM_EIGHT
from train import augment, masks
from train.data.corpus import Corpus

RATE = 500.0
WINDOW = 1000
TARGET_HIGHPASS_HZ = 0.5  # zero-phase: ST keeps its level, and nobody can know another lead's wander
A = torch.from_numpy(TWELVE_FROM_EIGHT.astype(np.float32))


@dataclass(frozen=True)
class Batch:
    x: Tensor  # batch x 24 x 1 x time
    target: Tensor  # batch x 8 x time, mV
    mask: Tensor  # batch x 12


class Windows:
    """Random augmented windows of a corpus, reproducible from the generator's state."""

    def __init__(self, corpus: Corpus) -> None:
        eight = corpus.mv()[:, :, [LEAD[name] for name in INDEPENDENT]]
        self.inputs = torch.from_numpy(np.stack([remove_baseline(x, RATE).T for x in eight]))
        band = butter(2, TARGET_HIGHPASS_HZ, "highpass", fs=RATE, output="sos")
        clean = sosfiltfilt(band, eight, axis=1).transpose(0, 2, 1)
        self.targets = torch.from_numpy(np.ascontiguousarray(clean, np.float32))

    def draw(self, batch: int, g: torch.Generator) -> Batch:
        count, _, samples = self.inputs.shape
        rows = torch.randint(count, (batch,), generator=g)
        low, high = augment.STRETCH
        factors = torch.exp(torch.empty(batch).uniform_(np.log(low), np.log(high), generator=g))
        factors = torch.where(torch.rand(batch, generator=g) < 0.5, torch.ones(batch), factors)
        room = samples - 1 - (WINDOW * factors).ceil()
        starts = (torch.rand(batch, generator=g) * room).floor()
        fields = augment.lead_fields(batch, g)
        plain = torch.rand(batch, 1, 1, generator=g) < 0.2
        fields = torch.where(plain, torch.eye(8), fields)
        shown = torch.bmm(fields, augment.stretched(self.inputs[rows], starts, factors, WINDOW))
        target = torch.bmm(fields, augment.stretched(self.targets[rows], starts, factors, WINDOW))
        shown = shown + augment.noise(batch, WINDOW, RATE, g)
        mask = masks.draw(batch, g)
        return Batch(as_input(shown, mask), target, mask)


def as_input(eight: Tensor, mask: Tensor) -> Tensor:
    """The network's input (batch x 24 x 1 x time) from eight leads (batch x 8 x time, mV) and masks (batch x 12)."""
    twelve = torch.einsum("le,bet->blt", A, eight) * mask[:, :, None]
    return torch.cat([twelve, mask[:, :, None].expand_as(twelve)], 1)[:, :, None, :].contiguous(
        memory_format=torch.channels_last
    )
