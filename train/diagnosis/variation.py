"""New hearts of old ones: what a recording may look like without its diagnosis being another.

Every step is arithmetic on whole batches, so that it can be captured in a CUDA graph.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Variation:
    crop: float = 0.8  # of a recording is shown, from anywhere
    stretch: float = 0.1  # faster or slower by up to
    gain_sd: float = 0.15  # log, the whole recording
    noise_mv: float = 0.04  # the most; white
    mixup: float = 0.5  # Beta(a, a) of Zhang et al. 2018: two recordings and their answers in one, in shares


def varied(x: Tensor, of: Variation) -> Tensor:
    """Recordings (n x leads x time), cropped, stretched, louder or softer, a little noisy."""
    n, _, time = x.shape
    length = int(time * of.crop)
    pace = 1 + of.stretch * (2 * torch.rand(n, 1, device=x.device) - 1)
    span = (of.crop * pace).clamp(max=1)
    begin = (2 - 2 * span) * torch.rand(n, 1, device=x.device) - 1
    at = begin + torch.linspace(0, 2, length, device=x.device)[None] * span
    grid = torch.stack([at, torch.zeros_like(at)], -1)[:, None]
    cut = F.grid_sample(x[:, :, None], grid, align_corners=True, padding_mode="border")[:, :, 0]
    gain = torch.exp(of.gain_sd * torch.randn(n, 1, 1, device=x.device))
    noise = of.noise_mv * torch.rand(n, 1, 1, device=x.device)
    return gain * cut + noise * torch.randn_like(cut)


def mixed(x: Tensor, share: Tensor, order: Tensor) -> Tensor:
    """Each recording (or answer) with another, `order` says which, in the shares `share` and 1 - `share`."""
    share = share.view(-1, *[1] * (x.dim() - 1))
    return share * x + (1 - share) * x[order]
