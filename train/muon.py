"""Muon (Jordan et al. 2024): steps of momentum whose every direction counts alike, for weights that are matrices.

Convolutions are taken as matrices, outputs x (inputs x kernel). What is no matrix (biases, norms, strengths) learns by
AdamW, at the same rate: a matrix's step is given the size that AdamW's would have (Liu et al. 2025).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

QUINTIC = (3.4445, -4.7750, 2.0315)  # Jordan's, steepest at nought
ITERATIONS = 5
LIKE_ADAMW = 0.2  # root mean square of AdamW's steps, in learning rates


class Muon(torch.optim.Optimizer):
    """Weight decay is decoupled, as AdamW's; `betas` are AdamW's, the first is Muon's momentum too."""

    def __init__(
        self,
        params: Iterable[Any],
        lr: float,
        betas: tuple[float, float] = (0.95, 0.99),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        if closure is not None:
            raise ValueError("Muon takes no closure")
        for group in self.param_groups:
            matrices = defaultdict(list)
            for p in group["params"]:
                if p.grad is None:
                    continue
                p.mul_(1 - group["lr"] * group["weight_decay"])
                if p.ndim < 2:
                    self._adamw(p, group)
                else:
                    matrices[(len(p), p[0].numel())].append(p)
            for parts in matrices.values():
                self._muon(parts, group)

    def _muon(self, parts: list[Tensor], group: dict[str, Any]) -> None:
        beta, directions = group["betas"][0], []
        for p in parts:
            assert p.grad is not None
            state = self.state[p]
            if not state:
                state["momentum"] = torch.zeros_like(p)
            state["momentum"].lerp_(p.grad, 1 - beta)
            directions.append(p.grad.lerp(state["momentum"], beta).reshape(len(p), -1))  # Nesterov's
        steps = orthogonal(torch.stack(directions))
        size = LIKE_ADAMW * max(steps.shape[1:]) ** 0.5
        for p, step in zip(parts, steps, strict=True):
            p.sub_(step.reshape(p.shape), alpha=group["lr"] * size)

    def _adamw(self, p: Tensor, group: dict[str, Any]) -> None:
        assert p.grad is not None
        state, (first, second) = self.state[p], group["betas"]
        if not state:
            state.update(step=torch.zeros(()), mean=torch.zeros_like(p), square=torch.zeros_like(p))
        state["step"] += 1
        state["mean"].lerp_(p.grad, 1 - first)
        state["square"].lerp_(p.grad.square(), 1 - second)
        # the momentum may change from step to step: its bias is undone as if it had always been what it is
        mean = state["mean"] / (1 - first ** float(state["step"]))
        square = state["square"] / (1 - second ** float(state["step"]))
        p.addcdiv_(mean, square.sqrt_().add_(group["eps"]), value=-group["lr"])


def orthogonal(matrices: Tensor) -> Tensor:
    """Matrices (batch x m x n) of the same directions with singular values of about one, by Newton and Schulz."""
    a, b, c = QUINTIC
    x = matrices if matrices.shape[1] <= matrices.shape[2] else matrices.mT
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-12)
    for _ in range(ITERATIONS):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x if matrices.shape[1] <= matrices.shape[2] else x.mT
