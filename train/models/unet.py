"""Any-lead U-Net: twelve leads and twelve masks in, eight leads and their log-variances out.

Convolutions are (1, k) over (batch, channels, 1, time), the form that runs fastest on a device; skips add, the way
up is a 1 x 1 convolution and a sub-pixel reshape, activations are ReLU. One addition to the usual U-Net: the mean over
the window of the deepest features is fed back to them, since what is missing is mostly the patient, who does not
change within two seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class UNetConfig:
    channels: tuple[int, ...] = (32, 64, 96)  # at 1/2, 1/4 and 1/8 of the rate
    kernel: int = 5
    stem_kernel: int = 9
    bottom_blocks: int = 2


def conv(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, (1, kernel), (1, stride), (0, kernel // 2), bias=False), nn.BatchNorm2d(outputs)
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
    """Twice the rate: 1 x 1 convolution to 2 C channels, then each pair becomes two samples."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(inputs, 2 * outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        batch, _, _, time = x.shape
        y = self.mix(x).reshape(batch, 2, -1, time)
        return y.permute(0, 2, 3, 1).reshape(batch, -1, 1, 2 * time)


class UNet(nn.Module):
    def __init__(self, config: UNetConfig | None = None) -> None:
        super().__init__()
        config = config or UNetConfig()
        widths, k = config.channels, config.kernel
        self.stem = conv(24, widths[0], config.stem_kernel, 2)
        self.levels = nn.ModuleList(Residual(c, k) for c in widths[:-1])
        self.down = nn.ModuleList(conv(a, b, k, 2) for a, b in pairwise(widths))
        bottom: list[nn.Module] = []
        for _ in range(config.bottom_blocks):
            bottom += [Residual(widths[-1], k), Context(widths[-1])]
        self.bottom = nn.Sequential(*bottom)
        self.up = nn.ModuleList(Up(b, a) for a, b in pairwise(widths))
        self.merge = nn.ModuleList(Residual(c, k) for c in widths[:-1])
        self.last_up = Up(widths[0], widths[0])
        self.direct = nn.Conv2d(24, widths[0], 1)
        self.leads = nn.Conv2d(widths[0], 8, (1, k), padding=(0, k // 2))
        self.log_variance = nn.Conv2d(widths[0], 8, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """x: mV and masks (batch, 24, 1, time), time a multiple of 8. Returns mV and log mV2 (batch, 8, 1, time)."""
        skips = []
        y = torch.relu(self.stem(x))
        for level, down in zip(self.levels, self.down, strict=True):
            y = level(y)
            skips.append(y)
            y = torch.relu(down(y))
        y = self.bottom(y)
        for up, merge in zip(reversed(self.up), reversed(self.merge), strict=True):
            y = merge(torch.relu(up(y) + skips.pop()))
        y = torch.relu(self.last_up(y) + self.direct(x))
        return self.leads(y), self.log_variance(y).clamp(-14.0, 4.0)
