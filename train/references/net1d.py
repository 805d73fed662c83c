"""Net1D (Hong et al. 2020), with the settings and the names of ECGFounder (Li et al. 2025): 30.8 million weights.

Seven stages of bottleneck blocks (convolutions of 1, 16 and 1), with squeeze and excitation, each stage at half the
rate of the one before. The published network is built without its batch normalisations and dropouts (`use_bn=False`);
the former are in its checkpoints all the same, and so they are here.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool1d, pad, silu


@dataclass(frozen=True, slots=True)
class Net1DConfig:
    leads: int = 12
    classes: int = 150
    first: int = 64  # channels after the first convolution
    stages: tuple[int, ...] = (64, 160, 160, 400, 400, 1024, 1024)  # channels
    blocks: tuple[int, ...] = (2, 2, 2, 3, 3, 4, 4)  # a stage
    kernel: int = 16  # samples
    group: int = 16  # channels


class _SameConv(nn.Module):
    """As long as its input, or half as long, zeros at both ends."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv1d(inputs, outputs, kernel, stride, groups=groups)

    def forward(self, x: Tensor) -> Tensor:
        (kernel,), (stride,) = self.conv.kernel_size, self.conv.stride
        length = -(-x.shape[-1] // stride)
        missing = max(0, (length - 1) * stride + kernel - x.shape[-1])
        return self.conv(pad(x, (missing // 2, missing - missing // 2)))


class _Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, config: Net1DConfig, stride: int, first: bool) -> None:
        super().__init__()
        self.stride, self.first, self.widened = stride, first, outputs - inputs
        self.bn1, self.bn2, self.bn3 = (nn.BatchNorm1d(n) for n in (inputs, outputs, outputs))  # not used
        self.conv1 = _SameConv(inputs, outputs, 1)
        self.conv2 = _SameConv(outputs, outputs, config.kernel, stride, outputs // config.group)
        self.conv3 = _SameConv(outputs, outputs, 1)
        self.se_fc1 = nn.Linear(outputs, outputs // 2)
        self.se_fc2 = nn.Linear(outputs // 2, outputs)

    def forward(self, x: Tensor) -> Tensor:
        out = self.conv1(x if self.first else silu(x))
        out = self.conv3(silu(self.conv2(silu(out))))
        weight = torch.sigmoid(self.se_fc2(silu(self.se_fc1(out.mean(-1)))))
        beside = x if self.stride == 1 else max_pool1d(pad(x, (0, 1)), 2)
        low = self.widened // 2
        return out * weight[:, :, None] + pad(beside, (0, 0, low, self.widened - low))


class _Stage(nn.Module):
    def __init__(self, inputs: int, outputs: int, blocks: int, config: Net1DConfig, first: bool) -> None:
        super().__init__()
        self.block_list = nn.Sequential(
            *(_Block(outputs if k else inputs, outputs, config, 1 if k else 2, first and not k) for k in range(blocks))
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.block_list(x)


class Net1D(nn.Module):
    """Leads at 500 Hz (batch x leads x time, any length over a second) to logits; its features are means over time."""

    def __init__(self, config: Net1DConfig) -> None:
        super().__init__()
        self.first_conv = _SameConv(config.leads, config.first, config.kernel, 2)
        self.first_bn = nn.BatchNorm1d(config.first)  # not used
        inputs = (config.first, *config.stages)
        self.stage_list = nn.Sequential(
            *(
                _Stage(inputs[k], outputs, blocks, config, k == 0)
                for k, (outputs, blocks) in enumerate(zip(config.stages, config.blocks, strict=True))
            )
        )
        self.dense = nn.Linear(config.stages[-1], config.classes)

    def features(self, x: Tensor) -> Tensor:
        return self.stage_list(silu(self.first_conv(x))).mean(-1)

    def forward(self, x: Tensor) -> Tensor:
        return self.dense(self.features(x))
