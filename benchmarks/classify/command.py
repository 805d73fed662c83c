"""Infarction, its territories, conduction, hypertrophy, rhythm: true, reconstructed and enrolled 12, 3 leads, one.

    python -m benchmarks classify --committees runs/classifier --views cache/views-ptbxl.npz cache/views-ludb.npz

Committees of one size and recipe (python -m train classify), scored on PTB-XL's fold 9 and on LUDB, which they have
not seen. A class needs four cases. Its AUROC has a 95 % interval by resampling subjects, and so has each column's gain
over the control, the committee that was trained on the three measured leads alone: a gain whose interval holds zero is
none. F1 is at the threshold chosen on fold 8; sensitivity at a specificity of 90 % on the records themselves. Enrolled:
the reconstruction was fitted to the first four of the ten seconds that are judged.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import result
from benchmarks.classify import cost, resampling
from benchmarks.classify.columns import COLUMNS, CONTROL, Said, judged
from edge.bundle import open_bundle
from edge.config import DEFAULT_BUNDLE
from train import labels
from train.diagnosis import views
from train.diagnosis.views import Views

FOLD = 9  # of a corpus with folds
FEWEST = 4  # cases
SPECIFICITY = 0.9
REGIONS = ("mi_anterior", "mi_anterolateral", "mi_anteroseptal", "mi_inferior", "mi_lateral", "mi_septal")
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--committees", type=Path, default=Path("runs/classifier"), help="(%(default)s)")
    parser.add_argument("--views", type=Path, nargs="+", required=True, help="made by python -m train views")
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE, help="whose classifier is timed")
    parser.add_argument("--rounds", type=int, default=200, help="of the timing (%(default)s)")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "classify.json")


def run(args: argparse.Namespace) -> int:
    figures: dict[str, Any] = {"columns": {name: how.committee for name, how in COLUMNS.items()}, "control": CONTROL}
    for path in args.views:
        shown = views.load(path)
        folds = shown.folds()
        shown = shown.select(folds == FOLD) if (folds == FOLD).any() else shown
        figures[str(shown.table[0]["source"])] = _of_set(args.committees, shown)
    figures["cost"] = cost.beside(open_bundle(args.bundle), args.rounds)
    result.write(args.out, figures, ("numpy", "torch", "ai-edge-litert"))
    return 0


def _of_set(folder: Path, shown: Views) -> dict[str, Any]:
    names, said = judged(folder, shown)
    true, known = labels.of(shown.table, names)
    drawn = resampling.weights([row["subject"] for row in shown.table])
    classes = {}
    for k, name in enumerate(names):
        there = known[:, k]
        cases = int(true[there, k].sum())
        if min(cases, int(there.sum()) - cases) >= FEWEST:
            classes[name] = _of_class(
                true[there, k], {c: _column(of, there, k) for c, of in said.items()}, drawn[:, there]
            )
    regions = [name for name in REGIONS if name in classes]
    out = {"records": len(shown.table), "enrolled": int(shown.enrolled.sum()), "classes": classes, "regions": regions}
    for what, of in (("mean over regions", regions), ("mean over classes", list(classes))):
        out[what] = {c: round(float(np.mean([classes[n]["columns"][c]["auroc"] for n in of])), 4) for c in COLUMNS}
    for name, of_class in classes.items():
        areas = "  ".join(f"{c} {f['auroc']:.3f}" for c, f in of_class["columns"].items())
        print(f"{name:18s} {of_class['cases']:4d}  {areas}", flush=True)
    return out


def _column(of: Said, there: Flags, k: int) -> tuple[Floats, Floats, float]:
    return of.logits[there, k], of.probability[there, k], float(of.thresholds[k])


def _of_class(has: Flags, columns: dict[str, tuple[Floats, Floats, float]], drawn: Floats) -> dict[str, Any]:
    areas = {name: resampling.areas(has, logits, drawn) for name, (logits, _, _) in columns.items()}
    out: dict[str, Any] = {"cases": int(has.sum()), "others": int((~has).sum()), "columns": {}}
    for name, (_, probability, threshold) in columns.items():
        gain = areas[name] - areas[CONTROL]
        at_90 = np.quantile(probability[~has], SPECIFICITY)
        out["columns"][name] = {
            "auroc": round(float(areas[name][0]), 4),
            "auroc_95": resampling.interval(areas[name]),
            "gain": round(float(gain[0]), 4),
            "gain_95": resampling.interval(gain),
            "f1": _f1(has, probability >= threshold),
            "sensitivity_at_90": round(float((probability[has] > at_90).mean()), 4),
            "brier": round(float(np.mean((probability - has) ** 2)), 4),
            "mean_probability": round(float(probability.mean()), 4),
        }
    return out


def _f1(has: Flags, said: Flags) -> float | None:
    both = 2 * int((has & said).sum())
    counted = int(has.sum()) + int(said.sum())
    return round(both / counted, 4) if counted else None
