"""Ribeiro's six-class network (Ribeiro et al., Nature Communications 2020): four residual blocks, 6,425,638 numbers.

As published in Keras: 4096 samples of twelve leads at 400 Hz, I, II, III, aVR, aVL, aVF, V1 to V6, "volts multiplied
by 1000", shorter recordings with zeros at both ends. One description of the weights has aVL, aVF, aVR; in the published
recordings Goldberger's identities say which is right (see `train.data.code15`). Padding is Keras' "same": one zero more
at the end where the number is odd.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.signal import resample_poly
from torch import Tensor, nn
from torch.nn.functional import max_pool1d, pad

from edge.bundle import RATE
from edge.leads import LEADS
from train.data.code15 import PADDED
from train.data.code15 import RATE as CODE_RATE
from train.references import keras
from train.references.fitting import fill, needed

WHERE = "model.hdf5 in model.zip from https://doi.org/10.5281/zenodo.3625017, the publisher's page"
CLASSES = ("1dAVb", "RBBB", "LBBB", "SB", "AF", "ST")  # in the order of its outputs
THRESHOLDS = (0.124, 0.07, 0.05, 0.278, 0.390, 0.174)  # of best F1, the publisher's `generate_figures_and_tables.py`
EPSILON = 1e-3  # Keras' own, for batch normalisation
BATCH = 16
Array = npt.NDArray[np.floating]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RibeiroConfig:
    samples: int = PADDED
    first: int = 64  # channels after the first convolution
    blocks: tuple[int, ...] = (128, 196, 256, 320)  # channels
    stride: int = 4  # of every block
    kernel: int = 16  # samples


PUBLISHED = RibeiroConfig()


def _same(x: Tensor, kernel: int, stride: int) -> Tensor:
    missing = max(0, (-(-x.shape[-1] // stride) - 1) * stride + kernel - x.shape[-1])
    return pad(x, (missing // 2, missing - missing // 2))


class _Conv(nn.Conv1d):
    """Without a bias, padded as Keras pads."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, kernel, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(_same(x, self.kernel_size[0], self.stride[0]))


class _Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, config: RibeiroConfig) -> None:
        super().__init__()
        self.stride = config.stride
        self.skip = _Conv(inputs, outputs, 1)
        self.conv1 = _Conv(inputs, outputs, config.kernel)
        self.conv2 = _Conv(outputs, outputs, config.kernel, config.stride)
        self.norm1, self.norm2 = nn.BatchNorm1d(outputs, EPSILON), nn.BatchNorm1d(outputs, EPSILON)

    def forward(self, x: Tensor, beside: Tensor) -> tuple[Tensor, Tensor]:
        total = self.conv2(torch.relu(self.norm1(self.conv1(x)))) + self.skip(max_pool1d(beside, self.stride))
        return torch.relu(self.norm2(total)), total


class RibeiroNet(nn.Module):
    """Twelve leads at 400 Hz (batch x 12 x 4096) to six logits; its features are all that the last layer sees."""

    def __init__(self, config: RibeiroConfig) -> None:
        super().__init__()
        self.conv, self.norm = _Conv(len(LEADS), config.first, config.kernel), nn.BatchNorm1d(config.first, EPSILON)
        pairs = zip((config.first, *config.blocks), config.blocks, strict=False)
        self.blocks = nn.ModuleList(_Block(inputs, outputs, config) for inputs, outputs in pairs)
        last = config.samples // config.stride ** len(config.blocks)
        self.dense = nn.Linear(last * config.blocks[-1], len(CLASSES))

    def features(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.conv(x)))
        beside = x
        for block in self.blocks:
            x, beside = block(x, beside)
        return x.transpose(1, 2).flatten(1)  # Keras has time first

    def forward(self, x: Tensor) -> Tensor:
        return self.dense(self.features(x))


def load(path: Path, config: RibeiroConfig = PUBLISHED) -> RibeiroNet:
    """The network of a published file (`model.hdf5`), frozen. Raises InputError; UsageError without h5py."""
    net = RibeiroNet(config)
    blocks = range(len(config.blocks))
    places = keras.Places(
        ["conv", *(f"blocks.{k}.{name}" for k in blocks for name in ("skip", "conv1", "conv2"))],
        ["norm", *(f"blocks.{k}.{name}" for k in blocks for name in ("norm1", "norm2"))],
        ["dense"],
    )
    fill(net, keras.read(needed(path, "Ribeiro's network", WHERE), places), path, "Ribeiro's network")
    return net


def prepared(mv: Array) -> Tensor:
    """What the network is shown of recordings (records x samples x 12, mV at 500 Hz): 4096 samples at 400 Hz, the
    middle of longer ones, zeros around shorter ones."""
    common = gcd(round(CODE_RATE), round(RATE))
    slow = resample_poly(mv, round(CODE_RATE) // common, round(RATE) // common, axis=1)
    spare = slow.shape[1] - PADDED
    if spare > 0:
        slow = slow[:, spare // 2 : spare // 2 + PADDED]
    before = max(0, -spare) // 2
    slow = np.pad(slow, ((0, 0), (before, PADDED - slow.shape[1] - before), (0, 0)))
    return torch.from_numpy(np.ascontiguousarray(slow.transpose(0, 2, 1), np.float32))


class Ribeiro:
    def __init__(self, path: Path) -> None:
        self._net = load(path)
        self.names = CLASSES
        self.thresholds = np.array(THRESHOLDS)
        self.described: dict[str, Any] = {"file": str(path), "network": "Ribeiro et al. 2020"}

    @torch.no_grad()
    def judge(self, mv: Array) -> tuple[Floats, Floats | None]:
        """Probabilities; no features, of which there are more than recordings to compare them by."""
        parts = [self._net(prepared(mv[k : k + BATCH])) for k in range(0, len(mv), BATCH)]
        return torch.sigmoid(torch.cat(parts)).numpy(), None
