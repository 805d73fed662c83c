"""New patients from old: perturbed lead fields, shifted electrodes, stretched time; and noise as a patch sees it.

Everything works on the eight independent leads (batch x 8 x time, mV) from one torch generator.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from edge import synthetic

DOWER = torch.from_numpy(synthetic.DOWER.astype(np.float32))
ROTATION_SD = 0.15  # rad, the heart's position in the chest
FIELD_SD = 0.12  # of the lead field's norm, the torso's shape
SHIFT_SD = 0.15  # of an electrode's distance to its neighbour
GAIN_SD = 0.20  # log, whole recording
LEAD_GAIN_SD = 0.08  # log, each lead
STRETCH = (0.80, 1.25)


def lead_fields(batch: int, g: torch.Generator) -> Tensor:
    """Random 8 x 8 matrices that turn one heart's leads into those of another torso (batch x 8 x 8)."""
    inverse = torch.linalg.pinv(DOWER)
    angle = ROTATION_SD * torch.randn(batch, 3, generator=g)
    zero = torch.zeros(batch)
    x, y, z = angle.unbind(1)
    turn = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], 1).reshape(batch, 3, 3)
    rotation = torch.matrix_exp(turn)
    norm = DOWER.norm(dim=1, keepdim=True)
    field = DOWER @ rotation + FIELD_SD * norm * torch.randn(batch, 8, 3, generator=g)
    change = torch.eye(8) + (field - DOWER) @ inverse
    gain = torch.exp(GAIN_SD * torch.randn(batch, 1, generator=g) + LEAD_GAIN_SD * torch.randn(batch, 8, generator=g))
    return gain[:, :, None] * (_shift(batch, g) @ change)


def _shift(batch: int, g: torch.Generator) -> Tensor:
    """Chest electrodes moved along their row: each takes a part of a neighbour's potential (batch x 8 x 8)."""
    common = SHIFT_SD * torch.randn(batch, 1, generator=g)
    moved = (common + SHIFT_SD * torch.randn(batch, 6, generator=g)).clamp(-0.5, 0.5)
    matrix = torch.eye(8).repeat(batch, 1, 1)
    for k in range(6):
        part = moved[:, k]
        left, right = max(k - 1, 0) + 2, min(k + 1, 5) + 2
        matrix[:, k + 2, k + 2] -= part.abs()
        matrix[:, k + 2, right] += part.clamp(min=0)
        matrix[:, k + 2, left] += (-part).clamp(min=0)
    return matrix


def stretches(batch: int, g: torch.Generator) -> Tensor:
    """How much faster than it was recorded a heart beats (batch); half of them keep their time."""
    low, high = STRETCH
    factors = torch.exp(torch.empty(batch).uniform_(math.log(low), math.log(high), generator=g))
    return torch.where(torch.rand(batch, generator=g) < 0.5, torch.ones(batch), factors)


def stretched(signals: Tensor, rows: Tensor, starts: Tensor, factors: Tensor, length: int) -> Tensor:
    """Windows of `length` samples (batch x channels x length) read from the `rows` of signals (records x channels x
    time) at `starts`, time scaled by `factors`."""
    reach = min(int(torch.ceil(factors.max() * length)) + 2, signals.shape[2])
    first = starts.long().clamp(max=signals.shape[2] - reach)
    cut = torch.stack([signals[row, :, a : a + reach] for row, a in zip(rows.tolist(), first.tolist(), strict=True)])
    at = (starts - first)[:, None] + factors[:, None] * torch.arange(length)
    scaled = 2 * at / (reach - 1) - 1
    grid = torch.stack([scaled, torch.zeros_like(scaled)], 2)[:, None]
    return nn.functional.grid_sample(cut[:, :, None], grid, padding_mode="border", align_corners=True)[:, :, 0]


def noise(batch: int, length: int, rate: float, g: torch.Generator) -> Tensor:
    """What a patch adds to the eight leads: wander, mains, muscle, an offset (batch x 8 x length, mV)."""
    t = torch.arange(length) / rate

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=g)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=g)

    strength = 0.15 * uniform(batch, 1, 1) ** 2
    wander = torch.zeros(batch, 8, length)
    for _ in range(2):
        frequency = 0.05 + 0.55 * uniform(batch, 1, 1)
        wander += strength * normal(batch, 8, 1) * torch.sin(2 * math.pi * (frequency * t + uniform(batch, 8, 1)))
    frequency = torch.where(uniform(batch, 1, 1) < 0.5, 50.0, 60.0)
    mains = (
        0.04
        * uniform(batch, 1, 1) ** 3
        * normal(batch, 8, 1)
        * torch.sin(2 * math.pi * (frequency * t + uniform(batch, 1, 1)))
    )
    muscle = 0.03 * uniform(batch, 8, 1) ** 3 * normal(batch, 8, length)
    offset = 0.05 * uniform(batch, 1, 1) ** 2 * normal(batch, 8, 1)
    noisy = (uniform(batch, 1, 1) < 0.7).float()
    return noisy * (wander + mains + muscle + offset)
