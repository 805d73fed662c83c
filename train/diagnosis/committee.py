"""Committees for every column of the comparison: what is shown, to whom, and who learns from it.

twelve      the eight independent leads, true in half of what it is shown, reconstructed in the other half
true        the same network shown true leads alone
measured    a network of the same size shown the three measured leads alone
lead-I      and one shown lead I alone
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from edge.classifier_input import SHOWN_RATE
from edge.errors import InputError, Reason
from edge.leads import INDEPENDENT
from train import labels
from train.diagnosis.calibration import calibrate, sigmoid
from train.diagnosis.learner import Learner, Lesson, Plan, fitted
from train.diagnosis.views import RECONSTRUCTED, TRUE, Views
from train.evaluate.diagnosis import best_thresholds
from train.labels import scp
from train.models.diagnosis import Committee, Diagnosis, DiagnosisConfig

TRAIN_FOLDS, VALIDATION_FOLD = range(1, 8), 8
FEWEST = 15  # records with a statement, for it to be worth an output
AT_ONCE = 128  # records judged together
Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Column:
    """Who is shown what."""

    leads: tuple[str, ...]
    learns_from: tuple[str, ...]  # views

    def shown(self, views: Views, view: str) -> npt.NDArray[np.float32]:
        return views.signals[view][:, [INDEPENDENT.index(lead) for lead in self.leads]]


def columns(measured: tuple[str, ...]) -> dict[str, Column]:
    return {
        "twelve": Column(INDEPENDENT, (TRUE, RECONSTRUCTED)),
        "true": Column(INDEPENDENT, (TRUE,)),
        "measured": Column(measured, (TRUE,)),
        "lead-I": Column(("I",), (TRUE,)),
    }


@dataclass(frozen=True)
class Answers:
    """What is known of each record."""

    names: tuple[str, ...]
    true: Flags  # records x names
    known: Flags
    told: int  # the first so many are for users; the rest only help to learn

    def select(self, records: Flags) -> Answers:
        return Answers(self.names, self.true[records], self.known[records], self.told)

    @staticmethod
    def of(table: list[Mapping[str, Any]], learning: Flags) -> Answers:
        """`learning`: the records learnt from, which decide what is worth an output."""
        told = [name for name in labels.CONDITIONS if _enough(table, name, learning)]
        statements = sorted({code for row in table for code in codes_of(row)})
        beside = [code for code in statements if code not in told and _enough(table, code, learning)]
        names = (*told, *beside)
        true, known = labels.of(table, names)
        return Answers(names, true, known, len(told))


def codes_of(row: Mapping[str, Any]) -> list[str]:
    said = scp.read(row)
    return [code for code in said.sure | said.unsure if " " not in code]


def _enough(table: list[Mapping[str, Any]], name: str, learning: Flags) -> bool:
    true, known = (of[learning, 0] for of in labels.of(table, (name,)))
    return bool((true & known).sum() >= FEWEST and (~true & known).sum() >= FEWEST)


@dataclass(frozen=True)
class Recipe:
    """How every committee of a comparison is made."""

    plan: Plan = field(default_factory=Plan)
    members: int = 4
    channels: tuple[int, ...] = DiagnosisConfig.channels
    device: str = "cpu"


@dataclass
class Fitted:
    """A committee and what is told of it."""

    net: Committee
    column: Column
    names: tuple[str, ...]  # of its first outputs; the rest is not for users
    about: dict[str, Any] = field(default_factory=dict)

    @torch.no_grad()
    def logits(self, signals: npt.NDArray[np.float32]) -> Floats:
        """Of records (n x its leads x time at 100 Hz): n x names."""
        device = next(self.net.parameters()).device
        parts = torch.from_numpy(np.ascontiguousarray(signals)).split(AT_ONCE)
        found = [self.net(part.to(device)[:, :, None])[:, : len(self.names)] for part in parts]
        return torch.cat(found).double().cpu().numpy()


def fit(views: Views, answers: Answers, records: Flags, wanted: Mapping[str, Column], how: Recipe) -> dict[str, Fitted]:
    """A committee for each column, learnt from `records`."""
    device = how.device
    rows = np.flatnonzero(records)
    flags = (answers.true & answers.known, answers.known)
    y, known = (torch.from_numpy(each.astype(np.float32)).to(device) for each in flags)
    committees = {}
    for name, column in wanted.items():
        signals = tuple(torch.from_numpy(column.shown(views, view)).to(device) for view in column.learns_from)
        shape = DiagnosisConfig(len(column.leads), len(answers.names), how.channels)
        lesson = Lesson(signals, y, known, rows)
        learners = [Learner(lesson, shape, replace(how.plan, seed=how.plan.seed + k)) for k in range(how.members)]
        nets = fitted(learners)
        about = {
            "recipe": asdict(how),
            "weights": sum(p.numel() for net in nets for p in net.parameters()),
            "loss": round(float(np.mean([float(learner.loss) for learner in learners])), 4),
            "learnt_from": f"{len(rows)} records, shown {' and '.join(column.learns_from)}",
            "input": f"{', '.join(column.leads)} at {SHOWN_RATE} Hz",
        }
        committees[name] = Fitted(Committee(nets).eval(), column, answers.names[: answers.told], about)
    return committees


def settle(of: Fitted, views: Views, answers: Answers) -> None:
    """Calibrate `of` by held-out records, for each view that it will be shown, and choose its thresholds there."""
    of.about["calibration"], of.about["thresholds"] = {}, {}
    n = answers.told
    true, known = answers.true[:, :n], answers.known[:, :n]
    for view in (TRUE, RECONSTRUCTED) if "V2" in of.column.leads else (TRUE,):
        logits = of.logits(of.column.shown(views, view))
        numbers = calibrate(logits, true, known)
        slope, offset = np.array(numbers).T
        of.about["calibration"][view] = numbers
        of.about["thresholds"][view] = best_thresholds(true, sigmoid(slope * logits + offset), known)


def save(path: Path, of: Fitted) -> None:
    from safetensors.torch import save_file

    members = [net.config for net in of.net.members]
    told = {"names": of.names, "column": asdict(of.column), "shape": asdict(members[0]), "members": len(members)}
    tensors = {name: value.detach().cpu().contiguous() for name, value in of.net.state_dict().items()}
    save_file(tensors, path, metadata={"committee": json.dumps(told), "about": json.dumps(of.about)})


def load(path: Path) -> Fitted:
    """What `save` wrote. Raises InputError for a file that is none."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "pt") as file:
            told, about = (json.loads(file.metadata()[part]) for part in ("committee", "about"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
        shape = DiagnosisConfig(**told["shape"])
        net = Committee([Diagnosis(shape) for _ in range(told["members"])])
        net.load_state_dict(tensors)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        what = f"{path} is no committee ({error}): make one with python -m train classify"
        raise InputError(what, Reason.UNREADABLE) from error
    column = Column(tuple(told["column"]["leads"]), tuple(told["column"]["learns_from"]))
    return Fitted(net.eval(), column, tuple(told["names"]), about)
