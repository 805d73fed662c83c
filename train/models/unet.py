"""Any-lead U-Net: twelve leads and twelve masks in, eight leads, their log-variances and a basis out.

Convolutions are (1, k) over (batch, channels, 1, time), the form that runs fastest on a device; skips add, the way
up is a 1 x 1 convolution and a sub-pixel reshape, activations are ReLU. The first convolution takes four samples at a
stride: what is scored and read lies below 40 Hz, and a quarter of the positions at twice the channels learns faster
than all of them. One addition to the usual U-Net: the mean over the window of the deepest features is fed back to
them, since what is missing is mostly the patient, who does not change within two seconds.

The basis is made for a closed form: its channels, the measured leads and the network's own are what a patient's
correction is fitted on (`train.loss.enrolled`); `log_ridge` holds the strength that each of them is held back by.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from edge.leads import TWELVE_FROM_EIGHT

if TYPE_CHECKING:
    from train.windows import Batch

LOG_VARIANCE = (-14.0, 4.0)  # 1 uV to 7 mV


@dataclass(frozen=True)
class UNetConfig:
    channels: tuple[int, ...] = (32, 48, 96)  # a level
    strides: tuple[int, ...] = (4, 2, 5)  # into each level; their product divides the window
    blocks: tuple[int, ...] = (1, 1, 2)  # residual blocks a level, and again on the way up
    kernels: tuple[int, ...] = (5, 5, 3)
    stem_kernel: int = 8
    basis: int = 16

    def __post_init__(self) -> None:
        for name in ("channels", "strides", "blocks", "kernels"):
            object.__setattr__(self, name, tuple(getattr(self, name)))  # JSON and TOML know lists only
        if not len(self.channels) == len(self.strides) == len(self.blocks) == len(self.kernels) >= 2:
            raise ValueError("channels, strides, blocks and kernels must have one entry a level, two levels or more")


def conv(inputs: int, outputs: int, kernel: int, stride: int = 1, padding: int | None = None) -> nn.Sequential:
    pad = kernel // 2 if padding is None else padding
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, (1, kernel), (1, stride), (0, pad), bias=False), nn.BatchNorm2d(outputs)
    )


class Residual(nn.Module):
    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.first = conv(channels, channels, kernel)
        self.second = conv(channels, channels, kernel)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.second(torch.relu(self.first(x))))


class Context(nn.Module):
    """Adds to every sample what the whole window says on average."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inner = nn.Conv2d(channels, channels // 2, 1)
        self.outer = nn.Conv2d(channels // 2, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.outer(torch.relu(self.inner(x.mean(3, keepdim=True))))


class Up(nn.Module):
    """`factor` times the rate: a convolution to `factor` x C channels, which then become samples."""

    def __init__(self, inputs: int, outputs: int, factor: int, kernel: int = 1) -> None:
        super().__init__()
        self.factor = factor
        self.mix = nn.Conv2d(inputs, factor * outputs, (1, kernel), padding=(0, kernel // 2))

    def forward(self, x: Tensor) -> Tensor:
        batch, _, _, time = x.shape
        y = self.mix(x).permute(0, 2, 3, 1)  # with channels last, what follows is no work
        return y.reshape(batch, 1, self.factor * time, -1).permute(0, 3, 1, 2)


class UNet(nn.Module):
    window = 1000
    undecayed = ("log_ridge",)  # zero is no strength to be drawn to

    def __init__(self, config: UNetConfig | None = None) -> None:
        super().__init__()
        self.config = c = config or UNetConfig()
        widths, first = c.channels, c.strides[0]
        self.stem = conv(24, widths[0], c.stem_kernel, first, (c.stem_kernel - first) // 2)
        levels = list(zip(widths, c.blocks, c.kernels, strict=True))[:-1]
        self.levels = nn.ModuleList(nn.Sequential(*(Residual(w, k) for _ in range(n))) for w, n, k in levels)
        steps = list(zip(pairwise(widths), c.strides[1:], strict=True))
        self.down = nn.ModuleList(conv(a, b, s + 1 - s % 2, s, (s + 1 - s % 2) // 2) for (a, b), s in steps)
        bottom: list[nn.Module] = []
        for _ in range(c.blocks[-1]):
            bottom += [Residual(widths[-1], c.kernels[-1]), Context(widths[-1])]
        self.bottom = nn.Sequential(*bottom)
        self.up = nn.ModuleList(Up(b, a, s) for (a, b), s in steps)
        self.merge = nn.ModuleList(nn.Sequential(*(Residual(w, k) for _ in range(n))) for w, n, k in levels)
        self.leads = Up(widths[0], 8, first, 3)
        self.direct = nn.Conv2d(24, 8, (1, 5), padding=(0, 2))
        self.log_variance = Up(widths[0], 8, first)
        self.basis = Up(widths[0], c.basis, first) if c.basis else None
        self.log_ridge = nn.Parameter(torch.full((8 + c.basis,), math.log(1e-3)))

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """x: mV and masks (batch, 24, 1, time), time a multiple of the strides' product.

        Returns mV and log mV2 (batch, 8, 1, time) and, if there is one, the basis (batch, B, 1, time).
        """
        skips = []
        y = torch.relu(self.stem(x))
        for level, down in zip(self.levels, self.down, strict=True):
            y = level(y)
            skips.append(y)
            y = torch.relu(down(y))
        y = self.bottom(y)
        for up, merge in zip(reversed(self.up), reversed(self.merge), strict=True):
            y = merge(torch.relu(up(y) + skips.pop()))
        out = (self.leads(y) + self.direct(x), self.log_variance(y).clamp(*LOG_VARIANCE))
        return (*out, self.basis(y)) if self.basis is not None else out

    def objective(self, batch: Batch) -> Tensor:
        from train.loss import loss

        return loss(self(batch.x), self.log_ridge, batch)

    def twelve(self, x: Tensor) -> Tensor:
        """All twelve leads (batch, 12, time) in mV: those that are shown as they are, the rest by the network."""
        matrix = torch.from_numpy(TWELVE_FROM_EIGHT).to(x)
        leads, mask = x[:, :12, 0], x[:, 12:, 0]
        eight = self(x)[0][:, :, 0]
        columns = [0, 1, *range(6, 12)]  # the eight independent among the twelve
        eight = torch.where(mask[:, columns] > 0, leads[:, columns], eight)
        return torch.where(mask > 0, leads, torch.einsum("le,bet->blt", matrix, eight))
