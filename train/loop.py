"""The training loop: step, validate, keep the best, keep the state, and know when to end."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from edge.errors import Reason, UsageError
from train.interrupt import Interrupt
from train.loader import Loader
from train.report import Meter, Report
from train.run_folder import RunFolder
from train.teachers import Teachers
from train.trainer import Trainer
from train.validation import Held

PULSE = 20  # steps between two looks at the loss, each of which a GPU has to be waited for


@dataclass(frozen=True)
class Plan:
    """How long a run is."""

    steps: int
    steps_per_epoch: int
    patience_epochs: int = 0  # 0: to the end

    def end_of_epoch(self, step: int) -> bool:
        return step % self.steps_per_epoch == 0 or step == self.steps


@dataclass
class Progress:
    """How far a run has come; what is kept beside the trainer's parts."""

    step: int = 0
    best_pcc: float = -math.inf
    stale_epochs: int = 0  # since the best
    loss_sum: float = 0.0  # of the epoch under way, over all processes
    loss_steps: int = 0
    curve: list[dict[str, Any]] = field(default_factory=list)

    def over(self, plan: Plan) -> bool:
        return self.step >= plan.steps or 0 < plan.patience_epochs <= self.stale_epochs


class Loop:
    """One run, in one of its processes."""

    def __init__(
        self,
        trainer: Trainer,
        loader: Loader,
        teachers: Teachers,
        held: Held | None,
        folder: RunFolder,
        plan: Plan,
        config: Mapping[str, Any],
    ) -> None:
        """`held`: None to keep the last weights instead of the best. `config`: what checkpoints say of themselves."""
        self.trainer, self.loader, self.teachers, self.held = trainer, loader, teachers, held
        self.folder, self.plan, self.config = folder, plan, config
        self.world = trainer.world
        self.progress = Progress()
        self._loss = torch.zeros((), dtype=torch.float64, device=self.world.device)
        self._meter = Meter(self.world.device)

    def begin(self, saved: Mapping[str, Any] | None) -> None:
        """Go on from the state that the folder had; a new run leaves its first one there, so that a place that cannot
        be written is known before anything was learnt."""
        if saved is None:
            self._keep_state()
            return
        self.trainer.restore(saved["trainer"])
        self.progress = Progress(**saved["progress"])
        if self.world.first:
            self._loss += self.progress.loss_sum

    def run(self, report: Report, stop_after: int | None = None) -> None:
        """To the end of the plan, until patience ends, or until interrupted (or `stop_after` steps): the state is
        kept then, and the same call goes on from it. Raises UsageError where the loss is no number any more."""
        p, plan = self.progress, self.plan
        self._meter.restart(self.loader.waited_s)
        with Interrupt() as interrupt:
            for batch in self.loader.batches(p.step, plan.steps):
                self._loss += self.trainer.step(p.step, self.teachers.taught(batch))
                p.step += 1
                p.loss_steps += 1
                self._meter.step()
                if p.step % PULSE == 0:
                    self._meter.look()
                    report.pulse(p.step, self._mean_loss(own=True))
                if plan.end_of_epoch(p.step):
                    self._check(report)
                if self._asked(interrupt) or p.step == stop_after or p.over(plan):
                    break
        if not plan.end_of_epoch(p.step):
            self._mean_loss()
            self._keep_state()

    def _asked(self, interrupt: Interrupt) -> bool:
        """Whether any process was asked to stop; several agree on it now and then only."""
        return (self.world.size == 1 or self.progress.step % PULSE == 0) and self.world.anywhere(interrupt.asked)

    def _mean_loss(self, own: bool = False) -> float:
        """Of the epoch so far, over all processes or this one. Raises UsageError where it is no number."""
        p = self.progress
        total = self._loss if own else self.world.sum(self._loss)
        if not math.isfinite(float(total)):
            text = f"the loss is no number any more at step {p.step}"
            raise UsageError(f"{text}: begin again with a lower learning_rate, or precision=float32", Reason.CONFIG)
        if not own:
            p.loss_sum = float(total)
        return float(total) / max(p.loss_steps, 1) / (1 if own else self.world.size)

    def _check(self, report: Report) -> None:
        """The end of an epoch: validated, and everything kept."""
        p = self.progress
        point = {"step": p.step, "loss": self._mean_loss(), "learning_rate": self.trainer.learning_rate}
        point |= self._meter.figures(self.trainer.recipe.batch, self.loader.waited_s)
        pcc, mse_mv2 = self._validated()
        if self.held is not None:
            point |= {"pcc": pcc, "mse_mv2": mse_mv2}
        better = self.held is None or pcc > p.best_pcc
        p.best_pcc, p.stale_epochs = (pcc, 0) if better else (p.best_pcc, p.stale_epochs + 1)
        p.curve.append(point)
        p.loss_sum, p.loss_steps = 0.0, 0
        self._loss.zero_()
        if self.world.first:
            if better:
                self.folder.keep_best(
                    self.trainer.kept, {**self.config, "step": p.step, "validation": self._scores(point)}
                )
            self.folder.keep_curve(p.curve)
        self._keep_state()
        report.checked(point, better and self.held is not None)
        self._meter.restart(self.loader.waited_s)

    def _validated(self) -> tuple[float, float]:
        """PCC and MSE, reckoned by the first process and told to the others; zeros without recordings held back."""
        if self.held is None:
            return 0.0, 0.0
        pcc, mse_mv2 = 0.0, 0.0
        if self.world.first:
            scores = self.held.validate(self.trainer.kept)
            pcc, mse_mv2 = scores.pcc, scores.mse_mv2
        pcc, mse_mv2 = self.world.told_by_first((pcc, mse_mv2))
        return pcc, mse_mv2

    def _scores(self, point: Mapping[str, Any]) -> dict[str, Any]:
        if self.held is None:
            return {}
        return {"given": "II+V1+V5", "pcc": point["pcc"], "mse_mv2": point["mse_mv2"], "records": len(self.held)}

    def _keep_state(self) -> None:
        if self.world.first:
            self.folder.keep_state({"trainer": self.trainer.state(), "progress": dataclasses.asdict(self.progress)})
