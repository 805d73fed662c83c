"""Batches ahead of time: drawn by worker processes, and still the same whoever draws them.

A batch is made of pieces, and each piece comes from a generator of its own, seeded by the run's seed, the step and the
piece's number. So the sequence does not depend on how many workers there are, on how many processes share the run, or
on where it was interrupted; and no generator's state needs to be kept.
"""

from __future__ import annotations

import dataclasses
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from edge.errors import Reason, UsageError
from train.windows import Batch

MOST_PIECES = 8  # so many processes can share a batch; smaller pieces would cost more than they weigh
AHEAD = 4  # batches that each worker prepares


class Source(Protocol):
    """What draws windows: `train.windows.Windows`, or a test's."""

    def draw(self, batch: int, g: torch.Generator, hearts: int = 1) -> Batch: ...


def generator(seed: int, step: int, part: int) -> torch.Generator:
    """The generator of one part of one step: statistically independent of every other."""
    return torch.Generator().manual_seed(mixed_seed(seed, step, part))


def mixed_seed(*numbers: int) -> int:
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))


@dataclass(frozen=True)
class Share:
    """Which part of each batch this process draws."""

    batch: int  # windows, over all processes
    hearts: int = 1  # windows of each heart
    hearts_every: int = 1  # steps, the first of which shows its hearts that often and the others each once
    rank: int = 0
    processes: int = 1

    def __post_init__(self) -> None:
        if self.pieces % self.processes:
            possible = " or ".join(str(p) for p in range(1, MOST_PIECES + 1) if self.pieces % p == 0)
            text = f"a batch of {self.batch} cannot be shared by {self.processes} processes"
            raise UsageError(f"{text}: start {possible}, or choose another batch", Reason.CONFIG)

    @property
    def pieces(self) -> int:
        """Into how many pieces the whole batch is cut: the same for any number of processes."""
        drawn = self.batch // self.hearts
        return max(p for p in range(1, MOST_PIECES + 1) if drawn % p == 0)

    @property
    def own(self) -> range:
        """Numbers of the pieces that this process draws."""
        each = self.pieces // self.processes
        return range(self.rank * each, (self.rank + 1) * each)


class Steps(Dataset[dict[str, Any]]):
    """This process's batch of every step, as plain fields: workers send and pin those."""

    def __init__(self, source: Source, share: Share, seed: int) -> None:
        self.source, self.share, self.seed = source, share, seed

    def __getitem__(self, step: int) -> dict[str, Any]:
        s = self.share
        size = s.batch // s.pieces
        hearts = s.hearts if step % s.hearts_every == 0 else 1
        return _joined([self.source.draw(size, generator(self.seed, step, piece), hearts) for piece in s.own])


class Loader:
    """The batches of a run, step by step, on `device`; counts the seconds that were spent waiting for them."""

    def __init__(self, source: Source, share: Share, seed: int, device: torch.device, workers: int = 0) -> None:
        self._steps, self._device, self._workers = Steps(source, share, seed), device, workers
        self.waited_s = 0.0

    def batches(self, first: int, last: int) -> Iterator[Batch]:
        """Batches of the steps from `first` up to, not with, `last`."""
        ahead: dict[str, Any] = {"prefetch_factor": AHEAD, "worker_init_fn": _leave_signals} if self._workers else {}
        pinned = self._device.type == "cuda"
        loader = DataLoader(
            self._steps,
            batch_size=None,
            sampler=range(first, last),
            num_workers=self._workers,
            pin_memory=pinned,
            **ahead,
        )
        batches = iter(loader)
        for _ in range(first, last):
            began = time.monotonic()
            fields = next(batches)
            self.waited_s += time.monotonic() - began
            yield Batch(**{name: self._placed(value) for name, value in fields.items()})

    def _placed(self, value: Any) -> Any:
        return value.to(self._device, non_blocking=True) if isinstance(value, Tensor) else value


def _joined(pieces: list[Batch]) -> dict[str, Any]:
    fields = {}
    for field in dataclasses.fields(Batch):
        values = [getattr(piece, field.name) for piece in pieces]
        fields[field.name] = torch.cat(values) if isinstance(values[0], Tensor) else values[0]
    return fields


def _leave_signals(worker: int) -> None:
    """Ctrl-C reaches every process of a terminal's group: the main one decides what it means."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
