"""A small residual network that reads ten seconds of leads at 100 Hz, and a committee of several.

Written with two-dimensional convolutions over (leads, 1, time), which is what the converters make small files of.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

DOWN = 2  # each block halves the rate


@dataclass(frozen=True)
class DiagnosisConfig:
    leads: int = 8  # that are shown: the independent ones, or fewer
    outputs: int = 1
    channels: tuple[int, ...] = (32, 48, 64, 64)  # one residual block each, each at half the rate of the one before
    kernel: int = 9  # samples: 90 ms at the first block, 0.7 s at the last
    dropout: float = 0.3

    def __post_init__(self) -> None:
        object.__setattr__(self, "channels", tuple(self.channels))  # JSON knows lists only


class _Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__()
        self.first = _convolution(inputs, outputs, kernel, DOWN)
        self.second = _convolution(outputs, outputs, kernel, 1)
        self.beside = nn.Sequential(nn.AvgPool2d((1, DOWN), ceil_mode=True), _convolution(inputs, outputs, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.second(torch.relu(self.first(x))) + self.beside(x))


def _convolution(inputs: int, outputs: int, kernel: int, stride: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, (1, kernel), (1, stride), (0, kernel // 2), bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs))


class Diagnosis(nn.Module):
    """(batch, leads, 1, time at 100 Hz, any length over a second) to logits (batch, outputs)."""

    def __init__(self, config: DiagnosisConfig) -> None:
        super().__init__()
        self.config = config
        first = config.channels[0]
        self.stem = _convolution(config.leads, first, config.kernel, 1)
        pairs = zip((first, *config.channels), config.channels, strict=False)
        self.blocks = nn.Sequential(*(_Block(a, b, config.kernel) for a, b in pairs))
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(config.channels[-1], config.outputs)

    def features(self, x: Tensor) -> Tensor:
        """Means over time of the last block (batch, its channels)."""
        return self.blocks(torch.relu(self.stem(x))).mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.dropout(self.features(x)))


class Committee(nn.Module):
    """Networks of one shape, fitted from different beginnings: their mean logit."""

    def __init__(self, members: list[Diagnosis]) -> None:
        super().__init__()
        self.members = nn.ModuleList(members)

    def features(self, x: Tensor) -> Tensor:
        return torch.cat([member.features(x) for member in self.members], 1)  # type: ignore[operator]

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([member(x) for member in self.members]).mean(0)
