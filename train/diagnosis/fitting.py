"""Every column's committee, fitted, calibrated and reported; or folds 1 to 8 judged by committees that have not seen
them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.errors import UsageError
from train import files
from train.diagnosis import committee, views
from train.diagnosis.committee import TRAIN_FOLDS, VALIDATION_FOLD, Answers, Column, Fitted, Recipe
from train.diagnosis.views import RECONSTRUCTED, TRUE, Views
from train.evaluate.diagnosis import auroc

TOLD = ("MI", "mi", "mi_inferior", "af", "normal")  # on the terminal
Aurocs = dict[str, float | None]  # by class


def run(path: Path, out: Path, names: Sequence[str], how: Recipe, parts: int | None) -> None:
    """Fit the columns `names` on the views in `path`, or cross-validate them in `parts`; files and report in `out`."""
    shown = views.load(path)
    wanted = _wanted(names, shown)
    folds = shown.folds()
    answers = Answers.of(shown.table, np.isin(folds, TRAIN_FOLDS))
    if not answers.told:
        raise UsageError(f"{path} has no labels in folds 1 to 7 to learn from")
    files.folder(out)
    began = time.monotonic()
    report = crossed(shown, answers, wanted, how, parts) if parts else _settled(shown, answers, wanted, how, out)
    told: dict[str, Any] = {"seconds": round(time.monotonic() - began, 1), "device": how.device, "columns": report}
    files.write(out / "report.json", json.dumps(told, indent=1).encode())
    for name, of in report.items():
        for view, areas in of["crossed" if parts else "fold_8"].items():
            values = [area for area in areas.values() if area is not None]
            some = " ".join(f"{key} {areas[key]}" for key in TOLD if key in areas)
            print(f"{name:10s} {view:14s} mean AUROC {np.mean(values):.4f}; {some}", flush=True)


def _settled(
    shown: Views, answers: Answers, wanted: Mapping[str, Column], how: Recipe, out: Path
) -> dict[str, dict[str, Any]]:
    folds = shown.folds()
    held = folds == VALIDATION_FOLD
    held_views, held_answers = shown.select(held), answers.select(held)
    report = {}
    for name, of in committee.fit(shown, answers, np.isin(folds, TRAIN_FOLDS), wanted, how).items():
        committee.settle(of, held_views, held_answers)
        committee.save(out / f"{name}.safetensors", of)
        report[name] = of.about | {"fold_8": figures(of, held_views, held_answers)}
    return report


def crossed(shown: Views, answers: Answers, wanted: Mapping[str, Column], how: Recipe, parts: int) -> dict[str, Any]:
    """AUROC over folds 1 to 8, each of `parts` groups of them judged by committees that learnt from the others."""
    folds = shown.folds()
    within = np.isin(folds, [*TRAIN_FOLDS, VALIDATION_FOLD])
    logits: dict[str, dict[str, npt.NDArray[np.float64]]] = {name: {} for name in wanted}
    for part in range(parts):
        unseen = within & (folds % parts == part)
        fitted = committee.fit(shown, answers, within & ~unseen, wanted, how)
        for name, of in fitted.items():
            for view in of.column.learns_from:
                into = logits[name].setdefault(view, np.full((len(folds), answers.told), np.nan))
                into[unseen] = of.logits(of.column.shown(shown, view)[unseen])
    return {
        name: {"crossed": {view: _aurocs(found, answers, within) for view, found in by_view.items()}}
        for name, by_view in logits.items()
    }


def _aurocs(logits: npt.NDArray[np.float64], answers: Answers, records: npt.NDArray[np.bool_]) -> Aurocs:
    found = {}
    for k, name in enumerate(answers.names[: answers.told]):
        there = records & answers.known[:, k]
        area = auroc(answers.true[there, k], logits[there, k])
        found[name] = None if area is None else round(area, 4)
    return found


def figures(of: Fitted, held: Views, answers: Answers) -> dict[str, Aurocs]:
    everyone = np.ones(len(held.table), bool)
    shown = (TRUE, RECONSTRUCTED) if of.about["calibration"].keys() > {TRUE} else (TRUE,)
    return {view: _aurocs(of.logits(of.column.shown(held, view)), answers, everyone) for view in shown}


def _wanted(names: Sequence[str], shown: Views) -> dict[str, Column]:
    known = committee.columns(shown.measured)
    if unknown := sorted(set(names) - set(known)):
        raise UsageError(f"--columns {','.join(unknown)}: choose from {', '.join(known)}")
    return {name: known[name] for name in names}
