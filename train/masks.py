"""Which leads the network is shown while it learns."""

from __future__ import annotations

import torch
from torch import Tensor

from edge.leads import LEAD

PATCH = ("II", "V1", "V5")
COMMON: tuple[tuple[str, ...], ...] = (
    ("I", "II"),
    ("II", "V1"),
    ("II", "V5"),
    ("V1", "V5"),
    ("II", "V2"),
    ("I", "V1", "V5"),
    ("I", "II", "V2"),
    ("I", "II", "V3"),
    ("II", "V2", "V5"),
    ("I", "II", "V1", "V5"),
)
SHARE_PATCH, SHARE_SINGLE, SHARE_COMMON = 0.55, 0.12, 0.13  # the rest: any subset


def as_mask(leads: tuple[str, ...]) -> Tensor:
    mask = torch.zeros(12)
    mask[[LEAD[name] for name in leads]] = 1
    return mask


def draw(batch: int, g: torch.Generator) -> Tensor:
    """Random masks (batch x 12) of 0 and 1, each with at least one lead."""
    masks = torch.empty(batch, 12)
    for k in range(batch):
        dice = float(torch.rand((), generator=g))
        if dice < SHARE_PATCH:
            masks[k] = as_mask(PATCH)
        elif dice < SHARE_PATCH + SHARE_SINGLE:
            masks[k] = torch.eye(12)[int(torch.randint(12, (), generator=g))]
        elif dice < SHARE_PATCH + SHARE_SINGLE + SHARE_COMMON:
            masks[k] = as_mask(COMMON[int(torch.randint(len(COMMON), (), generator=g))])
        else:
            size = int(torch.randint(1, 10, (), generator=g))
            masks[k] = 0
            masks[k, torch.randperm(12, generator=g)[:size]] = 1
    return masks
