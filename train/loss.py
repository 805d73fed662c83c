"""What the network is punished for: errors of the leads it was not shown, each on its lead's own scale."""

from __future__ import annotations

import torch
from torch import Tensor

from edge.leads import INDEPENDENT, LEAD
from train.windows import A, Batch

FLOOR_MV2 = 0.03**2  # no lead counts as flatter than this
LIKELIHOOD_WEIGHT = 0.05
_OF_EIGHT = [LEAD[name] for name in INDEPENDENT]


def loss(leads: Tensor, log_variance: Tensor, batch: Batch) -> Tensor:
    """Error over the missing of the twelve leads by the lead's own power (so 1 - PCC2, roughly), plus a Gaussian
    likelihood that teaches the log-variances and leaves the means alone."""
    missing8 = 1 - batch.mask[:, _OF_EIGHT]
    error = (leads[:, :, 0] - batch.target) * missing8[:, :, None]
    twelve = torch.einsum("le,bet->blt", A, error)
    truth = torch.einsum("le,bet->blt", A, batch.target)
    power = truth.var(2) + FLOOR_MV2
    missing = 1 - batch.mask
    relative = (twelve.square().mean(2) / power * missing).sum() / missing.sum().clamp(min=1)
    lv = log_variance[:, :, 0]
    likelihood = 0.5 * (lv + error.detach().square() * torch.exp(-lv)) * missing8[:, :, None]
    return relative + LIKELIHOOD_WEIGHT * likelihood.sum() / (missing8.sum() * lv.shape[2]).clamp(min=1)
