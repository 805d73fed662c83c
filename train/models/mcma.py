"""MCMA, the multi-channel masked autoencoder (Chen et al. 2024): twelve leads from one, whichever it is.

Six blocks down at 16 to 512 filters (the first at stride 1, five halvings), five transposed blocks up; each skip goes
through a block of its own and is added. Padding and constants are those of the paper's framework: "same" at stride 2
takes 1 sample on the left and 2 on the right, LayerNorm is over channels with eps 1e-3, InstanceNorm has eps 1e-9.

The published output is an InstanceNorm: in every window each lead has a mean and a deviation that were fixed by
training, so a patient's millivolts, and with them ST levels, cannot be read from it (`train.baselines.amplitude`
gives the best that the measured leads allow). `LinearMCMA` is the same network with a plain convolution there.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from edge.leads import TWELVE_FROM_EIGHT

if TYPE_CHECKING:
    from train.windows import Batch

WINDOW = 1024  # samples at 500 Hz
PADDINGS = ("zeros", "copy")


@dataclass(frozen=True)
class MCMAConfig:
    filters: tuple[int, ...] = (16, 32, 64, 128, 256, 512)  # a level
    kernel: int = 5
    stride: int = 2  # between levels; the paper's "window size"
    padding: str = "zeros"  # what stands in for the absent leads: zeros, or a "copy" of the lead that is there

    def __post_init__(self) -> None:
        object.__setattr__(self, "filters", tuple(self.filters))  # JSON and TOML know lists only
        if self.padding not in PADDINGS:
            raise ValueError(f"padding {self.padding!r}: choose from {', '.join(PADDINGS)}")
        if WINDOW % self.stride ** (len(self.filters) - 1):
            raise ValueError(f"{len(self.filters)} levels at stride {self.stride} do not divide {WINDOW} samples")


class Same(nn.Conv1d):
    """A convolution that gives time / stride samples, padded as TensorFlow's "same": the odd one on the right."""

    def forward(self, x: Tensor) -> Tensor:
        pad = max(self.kernel_size[0] - self.stride[0], 0)
        return super().forward(F.pad(x, (pad // 2, pad - pad // 2)))


class TransposedSame(nn.ConvTranspose1d):
    """The transpose of `Same`: time x stride samples."""

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        left = max(kernel - stride, 0) // 2
        y = super().forward(x, output_size)
        return F.pad(y, (-left, stride * x.shape[2] - (y.shape[2] - left)))


class Channels(nn.LayerNorm):
    """LayerNorm over the channels of (batch, channels, time)."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


class Block(nn.Module):
    """conv-GELU beside conv-LayerNorm-GELU-conv-GELU, summed, then normalised over the window."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, *, up: bool = False) -> None:
        super().__init__()
        first = TransposedSame if up else Same
        self.short = first(inputs, outputs, kernel, stride)
        self.enter = first(inputs, outputs, kernel, stride)
        self.inner = Channels(outputs, eps=1e-3)
        self.leave = Same(outputs, outputs, kernel)
        self.norm = nn.InstanceNorm1d(outputs, eps=1e-9, affine=True)

    def forward(self, x: Tensor) -> Tensor:
        long = _gelu(self.leave(_gelu(self.inner(self.enter(x)))))
        return self.norm(_gelu(self.short(x)) + long)


def _gelu(x: Tensor) -> Tensor:
    return F.gelu(x, approximate="tanh")


class MCMA(nn.Module):
    """As published: the last block ends in its InstanceNorm."""

    window = WINDOW

    def __init__(self, config: MCMAConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or MCMAConfig()
        widths, kernel, stride = config.filters, config.kernel, config.stride
        self.first = Block(12, widths[0], kernel)
        self.down = nn.ModuleList(Block(a, b, kernel, stride) for a, b in pairwise(widths))
        self.up = nn.ModuleList(Block(b, a, kernel, stride, up=True) for a, b in pairwise(widths))
        self.skip = nn.ModuleList(Block(a, a, kernel) for a in widths[:-1])
        self.head = self._head(widths[0], kernel)
        initialise(self)

    def _head(self, inputs: int, kernel: int) -> nn.Module:
        return Block(inputs, 12, kernel)

    def forward(self, leads: Tensor) -> Tensor:
        """Twelve leads (batch, 12, time) from padded ones; time a multiple of all strides."""
        y = self.first(leads)
        skips = []
        for down in self.down:
            skips.append(y)
            y = down(y)
        for up, skip in zip(reversed(self.up), reversed(self.skip), strict=True):
            y = up(y) + skip(skips.pop())
        out: Tensor = self.head(y)
        return out

    def padded(self, x: Tensor) -> Tensor:
        """The network's own input (batch, 12, time) from leads and masks (batch, 24, 1, time).

        "copy" repeats the measured lead in all twelve channels; of several measured ones it repeats the mean.
        """
        leads, mask = x[:, :12, 0], x[:, 12:, 0]
        if self.config.padding == "zeros":
            return leads
        return (leads.sum(1, keepdim=True) / mask.sum(1, keepdim=True).clamp(min=1)).expand_as(leads)

    def objective(self, batch: Batch) -> Tensor:
        """The paper's equation 2: squared error of all twelve leads, the measured ones too."""
        matrix = torch.from_numpy(TWELVE_FROM_EIGHT).to(batch.target)
        return F.mse_loss(self(self.padded(batch.x)), torch.einsum("le,bet->blt", matrix, batch.target))

    def twelve(self, x: Tensor) -> Tensor:
        """All twelve leads (batch, 12, time), the measured ones as the network gives them, too.

        A recording of any length is cut into windows end to end and the last is filled with zeros, as in the paper.
        """
        batch, _, _, time = x.shape
        count = -(-time // WINDOW)
        leads = F.pad(self.padded(x), (0, count * WINDOW - time))
        windows = leads.unflatten(2, (count, WINDOW)).transpose(1, 2).flatten(0, 1)
        return self(windows).unflatten(0, (batch, count)).transpose(1, 2).flatten(2)[:, :, :time]


class LinearMCMA(MCMA):
    """MCMA with a convolution in place of its output block, so that it can answer in millivolts."""

    def _head(self, inputs: int, kernel: int) -> nn.Module:
        return Same(inputs, 12, kernel)


def initialise(net: nn.Module) -> None:
    """The start that the paper's framework takes: Glorot's uniform weights, no bias."""
    for module in net.modules():
        if isinstance(module, nn.Conv1d | nn.ConvTranspose1d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
