"""What larger networks make of a batch, for a smaller one to learn from (Hinton, Vinyals, Dean 2015)."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from edge.errors import Reason, UsageError
from edge.leads import INDEPENDENT, LEAD
from train import checkpoint
from train.precision import Precision
from train.windows import Batch

_OF_EIGHT = [LEAD[name] for name in INDEPENDENT]


class Teachers:
    """The average of several checkpoints' eight leads; none of them learns."""

    def __init__(self, paths: Sequence[str], window: int, precision: Precision) -> None:
        """Raises InputError for a checkpoint that cannot be used, UsageError for one with other windows."""
        self._precision = precision
        self._nets: list[nn.Module] = []
        for path in paths:
            net, config = checkpoint.load(Path(path))
            if net.window != window:
                text = f"teacher {path} ({config['architecture']}) has windows of {net.window} samples, not {window}"
                raise UsageError(f"{text}: choose one of the same length", Reason.CONFIG)
            self._nets.append(net.to(precision.device).requires_grad_(False))

    @torch.no_grad()
    def taught(self, batch: Batch) -> Batch:
        """`batch` with the teachers' leads as `soft`, or as it is where there are no teachers."""
        if not self._nets:
            return batch
        with self._precision.autocast():
            answers = [net.twelve(batch.x)[:, _OF_EIGHT].float() for net in self._nets]
        return dataclasses.replace(batch, soft=torch.stack(answers).mean(0))
