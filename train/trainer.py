"""The parts of a run that learn or move, and one step of it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from train.distributed import World
from train.loader import MOST_PIECES, mixed_seed
from train.precision import Precision
from train.recipe import Recipe
from train.schedule import optimizer, schedule
from train.windows import Batch


class Trainer:
    """A network with its optimizer, schedule, averaged weights and gradient scaler.

    A step depends on the parts' state, the batch and the step's number alone: what a network draws inside its
    objective (a latent, dropout) comes from a seed made of the run's and the step's.
    """

    def __init__(self, recipe: Recipe, net: nn.Module, steps: int, precision: Precision, world: World) -> None:
        self.recipe, self.precision, self.world = recipe, precision, world
        if world.size > 1 and world.device.type == "cuda":  # on CPUs each process normalises by its own share
            net = nn.SyncBatchNorm.convert_sync_batchnorm(net)
        self.net = net.to(world.device, memory_format=torch.channels_last)
        self.optimizer = optimizer(recipe, self.net)
        self.schedule = schedule(recipe, steps, self.optimizer)
        self.scaler = precision.scaler()
        self.average = (
            AveragedModel(self.net, multi_avg_fn=get_ema_multi_avg_fn(recipe.ema), use_buffers=True)
            if recipe.ema
            else None
        )
        self._objective = _shared(_Objective(self.net), world)

    @property
    def kept(self) -> nn.Module:
        """The network that is scored and kept: the averaged one, where there is one."""
        return self.average.module if self.average is not None else self.net

    def step(self, number: int, batch: Batch) -> Tensor:
        """Learn from one batch; returns this process's loss (a scalar, detached)."""
        self.net.train()
        torch.manual_seed(mixed_seed(self.recipe.seed, number, MOST_PIECES + self.world.rank))
        with self.precision.autocast():
            loss: Tensor = self._objective(batch)
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        if self.recipe.clip:
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(self.net.parameters(), self.recipe.clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.schedule.step()
        if self.average is not None:
            self.average.update_parameters(self.net)
        return loss.detach()

    @property
    def learning_rate(self) -> float:
        return float(self.optimizer.param_groups[0]["lr"])

    def state(self) -> dict[str, Any]:
        return {name: part.state_dict() for name, part in self._parts().items()}

    def restore(self, state: dict[str, Any]) -> None:
        for name, part in self._parts().items():
            part.load_state_dict(state[name])

    def _parts(self) -> dict[str, Any]:
        parts = {"net": self.net, "optimizer": self.optimizer, "schedule": self.schedule, "scaler": self.scaler}
        return parts if self.average is None else parts | {"average": self.average}


class _Objective(nn.Module):
    """A network's loss as a forward pass, which is what DistributedDataParallel listens to."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, batch: Batch) -> Tensor:
        loss: Tensor = self.net.objective(batch)
        return loss


def _shared(objective: nn.Module, world: World) -> nn.Module:
    if world.size == 1:
        return objective
    # some objectives leave weights out (a basis where no heart is shown twice), but always the same ones
    return DistributedDataParallel(objective, static_graph=True)
