"""The optimizer of a recipe, and the learning rate's way through a run."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, OneCycleLR

from train.muon import Muon
from train.recipe import Recipe

USUAL_RISE = 25.0  # from the initial to the highest learning rate, as OneCycleLR has it


def optimizer(recipe: Recipe, net: nn.Module) -> torch.optim.Optimizer:
    """Weight decay pulls on everything but what the network lists as `undecayed`."""
    free = set(getattr(net, "undecayed", ()))
    groups = [{"params": [p for name, p in net.named_parameters() if name not in free]}]
    if free:
        groups.append({"params": [p for name, p in net.named_parameters() if name in free], "weight_decay": 0.0})
    if recipe.optimizer == "muon":
        return Muon(groups, recipe.learning_rate, weight_decay=recipe.weight_decay)
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[recipe.optimizer]
    on_gpu = next(net.parameters()).is_cuda
    return kind(groups, recipe.learning_rate, weight_decay=recipe.weight_decay, fused=on_gpu)


def schedule(recipe: Recipe, steps: int, optimizer: torch.optim.Optimizer) -> LRScheduler:
    """The learning rate over `steps`; onecycle is Smith and Topin's 2018, with torch's cycled momentum."""
    highest, lowest = recipe.learning_rate, recipe.final_learning_rate
    initial = recipe.initial_learning_rate or highest / USUAL_RISE
    if recipe.schedule == "onecycle":
        return OneCycleLR(
            optimizer,
            highest,
            total_steps=steps + 1,
            pct_start=recipe.warm_up,
            div_factor=highest / initial,
            final_div_factor=initial / max(lowest, 1e-12),
        )
    rise = round(recipe.warm_up * steps)

    def factor(step: int) -> float:
        if step < rise:
            return initial / highest + (1 - initial / highest) * step / rise
        if recipe.schedule == "constant":
            return 1.0
        done = (step - rise) / max(steps - rise, 1)
        return lowest / highest + (1 - lowest / highest) * (1 + math.cos(math.pi * done)) / 2

    return LambdaLR(optimizer, factor)
