"""One network's fitting, planned before its first step; on a GPU the step is captured once and replayed.

A step of a network this small takes a GPU less time than a CPU needs to ask for it. So which records, in which
order, mixed with which, at what rate of learning: all of it lies in tensors that the step indexes by a counter of its
own, and a graph is replayed with nothing to tell it. Several learners replay side by side on streams of their own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from train.diagnosis.variation import Variation, mixed, varied
from train.models.diagnosis import Diagnosis, DiagnosisConfig

WARM_UP = 3  # steps before the capture: the libraries choose their kernels
TURN = 20  # steps of one learner before the next has its turn
RISE = 0.3  # of all steps the rate of learning rises, then it falls; both as a cosine (Smith and Topin 2018)
FIRST = 1 / 25  # of the highest rate: the first


@dataclass(frozen=True)
class Plan:
    """How one network is fitted."""

    epochs: int = 40
    batch: int = 64
    learning_rate: float = 3e-3
    weight_decay: float = 0.01
    variation: Variation = field(default_factory=Variation)
    seed: int = 0


@dataclass(frozen=True)
class Lesson:
    """What is learnt from: views of the same records (each records x leads x time) and their answers."""

    views: tuple[Tensor, ...]
    answers: Tensor  # records x outputs, 0 or 1
    known: Tensor  # records x outputs: what is 0 here is in no loss
    records: npt.NDArray[np.int64]  # that may be learnt from


class Learner:
    def __init__(self, lesson: Lesson, shape: DiagnosisConfig, plan: Plan) -> None:
        torch.manual_seed(plan.seed)
        self._lesson, self._plan = lesson, plan
        self._device = lesson.answers.device
        self.net = Diagnosis(shape).to(self._device)
        self._schedule()
        capturable = self._device.type == "cuda"
        self._optimiser = torch.optim.AdamW(
            self.net.parameters(),
            lr=self._rate,  # type: ignore[arg-type]
            weight_decay=plan.weight_decay,
            capturable=capturable,
            foreach=capturable,
        )
        self._stream = torch.cuda.Stream() if capturable else None
        self._graph: torch.cuda.CUDAGraph | None = None
        self.loss = torch.zeros((), device=self._device)  # running mean
        self.done = 0

    def _schedule(self) -> None:
        plan, records = self._plan, self._lesson.records
        rng = np.random.default_rng(plan.seed)
        batch = min(plan.batch, len(records))
        each = len(records) // batch
        self.steps = steps = plan.epochs * each
        shape = (steps, batch)
        orders = [rng.permutation(records)[: each * batch] for _ in range(plan.epochs)]
        a = plan.variation.mixup
        shares = rng.beta(a, a, shape) if a > 0 else np.ones(shape)
        partners = np.argsort(rng.random(shape), axis=1)
        views = rng.integers(0, len(self._lesson.views), shape)
        rates = plan.learning_rate * one_cycle(steps)
        self._rows, self._partners, self._views = (
            torch.from_numpy(a.astype(np.int64)).to(self._device)
            for a in (np.concatenate(orders).reshape(shape), partners, views)
        )
        self._shares, self._rates = (torch.from_numpy(a.astype(np.float32)).to(self._device) for a in (shares, rates))
        self._at = torch.zeros(1, dtype=torch.long, device=self._device)
        self._rate = self._rates[0].clone()

    def _now(self, planned: Tensor) -> Tensor:
        return planned.index_select(0, self._at)[0]

    def _step(self) -> None:
        lesson = self._lesson
        rows, partners, shares, views = (self._now(p) for p in (self._rows, self._partners, self._shares, self._views))
        self._rate.copy_(self._now(self._rates))
        x = lesson.views[0][rows]
        for k, view in enumerate(lesson.views[1:], 1):
            x = torch.where((views == k)[:, None, None], view[rows], x)
        x = mixed(varied(x, self._plan.variation), shares, partners)
        answers = mixed(lesson.answers[rows], shares, partners)
        known = lesson.known[rows] * lesson.known[rows][partners]
        each = torch.nn.functional.binary_cross_entropy_with_logits(self.net(x[:, :, None]), answers, reduction="none")
        loss = (each * known).sum() / known.sum().clamp_min(1)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=False)
        self.loss.lerp_(loss.detach(), 0.02)
        self._at.add_(1)

    def begin(self) -> None:
        self.net.train()
        if self._stream is None:
            return
        self._stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(self._stream):
            for _ in range(WARM_UP):
                self._step()
        self._stream.synchronize()
        self.done = WARM_UP
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph, stream=self._stream):  # recorded, not run
            self._step()

    def advance(self, steps: int) -> bool:
        """Some more steps; False when all are done."""
        steps = min(steps, self.steps - self.done)
        if self._graph is None:
            for _ in range(steps):
                self._step()
        else:
            with torch.cuda.stream(self._stream):
                for _ in range(steps):
                    self._graph.replay()
        self.done += steps
        return self.done < self.steps

    def finish(self) -> Diagnosis:
        """The fitted network."""
        if self._stream is not None:
            self._stream.synchronize()
        return self.net.eval()


def fitted(learners: Sequence[Learner]) -> list[Diagnosis]:
    """All of them fitted, side by side."""
    for learner in learners:
        learner.begin()
    going = list(learners)
    while going:
        going = [learner for learner in going if learner.advance(TURN)]
    return [learner.finish() for learner in learners]


def one_cycle(steps: int) -> npt.NDArray[np.float64]:
    """The rate of learning at each step, as a share of the highest."""
    done = np.arange(steps) / steps
    rise = FIRST + (1 - FIRST) * 0.5 * (1 - np.cos(math.pi * done / RISE))
    fall = 0.5 * (1 + np.cos(math.pi * (done - RISE) / (1 - RISE)))
    return np.where(done < RISE, rise, fall)
