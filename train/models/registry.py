"""The architectures by name, and what one costs.

Every network takes x (batch, 24, 1, time: twelve leads in mV, zero where absent, then twelve masks) and has `window`
(samples at 500 Hz), `objective(batch) -> loss` and `twelve(x) -> (batch, 12, time)` in mV.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from train.models.mcma import MCMA, LinearMCMA, MCMAConfig
from train.models.unet import UNet, UNetConfig
from train.models.wearecg import WearECG, WearECGConfig


@dataclass(frozen=True)
class Architecture:
    name: str
    network: Callable[[Any], nn.Module]  # takes a `config`
    config: type  # a dataclass whose fields are plain JSON types


ARCHITECTURES = {
    entry.name: entry
    for entry in (
        Architecture("unet", UNet, UNetConfig),
        Architecture("wearecg", WearECG, WearECGConfig),
        Architecture("mcma", MCMA, MCMAConfig),
        Architecture("mcma-linear", LinearMCMA, MCMAConfig),
    )
}


def build(name: str, shape: Mapping[str, Any]) -> nn.Module:
    """The network `name` with the fields of its config in `shape` (lists stand for tuples; those left out have
    their defaults). Raises ValueError for a name or a field that does not exist."""
    if name not in ARCHITECTURES:
        raise ValueError(f"no architecture {name!r}: choose from {', '.join(ARCHITECTURES)}")
    architecture = ARCHITECTURES[name]
    fields = [field.name for field in dataclasses.fields(architecture.config)]
    if unknown := sorted(set(shape) - set(fields)):
        raise ValueError(f"{name} has no {', '.join(unknown)} in its shape: it has {', '.join(fields)}")
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in shape.items()}
    return architecture.network(architecture.config(**values))


def weights(net: nn.Module) -> int:
    """Numbers that are trained."""
    return sum(p.numel() for p in net.parameters())


@torch.no_grad()
def macs(net: nn.Module) -> int:
    """Multiply-accumulates of `twelve` over one window: convolutions, linear layers and attention's products."""
    shadow = copy.deepcopy(net).to("meta").eval()  # shapes alone: nothing is computed
    with FlopCounterMode(display=False) as counter:
        shadow.twelve(torch.zeros(1, 24, 1, shadow.window, device="meta"))
    return counter.get_total_flops() // 2
