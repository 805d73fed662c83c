"""Which lead is this? One lead in, a guess among the twelve out, for a source that does not name its leads.

MCMA's supplement asks the question (tables 17 and 18: 0.974 right on PTB-XL, windows of 1024 samples) without
describing its network; here it is MCMA's blocks, the largest value over the window and one linear layer. Every block
normalises over the window, so the answer rests on shape and polarity, never on gain.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from edge.leads import LEADS
from train.models.mcma import WINDOW, Block, initialise

if TYPE_CHECKING:
    from train.windows import Batch


@dataclass(frozen=True)
class WhichLeadConfig:
    filters: tuple[int, ...] = (16, 32, 64, 128)  # a level, each at half the rate of the one before
    kernel: int = 5

    def __post_init__(self) -> None:
        object.__setattr__(self, "filters", tuple(self.filters))  # JSON and TOML know lists only


class WhichLead(nn.Module):
    window = WINDOW

    def __init__(self, config: WhichLeadConfig | None = None) -> None:
        super().__init__()
        self.config = c = config or WhichLeadConfig()
        self.blocks = nn.Sequential(
            Block(1, c.filters[0], c.kernel), *(Block(a, b, c.kernel, 2) for a, b in pairwise(c.filters))
        )
        self.answer = nn.Linear(c.filters[-1], len(LEADS))
        initialise(self)

    def forward(self, signal: Tensor) -> Tensor:
        """Scores (batch, 12) of one lead (batch, time) in mV, before the softmax."""
        # the largest, not the mean: a block's output has the same mean over every window
        out: Tensor = self.answer(self.blocks(signal[:, None]).amax(2))
        return out

    def objective(self, batch: Batch) -> Tensor:
        """Cross-entropy over every lead that the batch shows."""
        row, lead = batch.mask.nonzero(as_tuple=True)
        return F.cross_entropy(self(batch.x[row, lead, 0]), lead)

    @torch.no_grad()
    def name(self, signal: Tensor) -> list[str]:
        """The likeliest name of each lead (batch, time)."""
        return [LEADS[k] for k in self(signal).argmax(1).tolist()]
