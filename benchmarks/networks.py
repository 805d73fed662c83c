"""python -m benchmarks networks: networks and baselines side by side, with what they cost and how long they learnt.

    python -m benchmarks networks --ptbxl cache/ptbxl --ludb cache/ludb runs/default runs/tiny runs/mcma
    python -m benchmarks networks --ptbxl cache/ptbxl --ludb cache/ludb --leads I --every 4 runs/mcma

Runs are folders of `python -m train fit`. Correlation (PCC) and error (mV2) over the leads not measured, 0.5 to 40 Hz,
first and last second left out, on PTB-XL fold 9 and LUDB: blind, and after enrolment on the first four seconds, then on
the rest. time: of one window in torch on one thread, as a ratio to the first run's, all in turns; MACs are of
one window. A run is `converged` where it ended because validation had not improved for its patience.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from benchmarks import result, turns
from edge.errors import InputError, Reason
from edge.leads import LEAD, LEADS
from edge.metrics import agreement
from train import checkpoint
from train.data import corpus
from train.data.corpus import Corpus
from train.evaluate import reconstructors
from train.evaluate.reconstructors import Estimator, Reconstructor
from train.run_folder import BEST, CURVE

RATE = 500.0
TRAIN_FOLDS, HELD_FOLD, SCORE_FOLD = range(1, 8), 8, 9
BASELINES = ("measured", "dower", "linear", "lag-fir", reconstructors.PATIENT_LINEAR)
ENROL_S = 4.0
TIMED = 30  # windows
Signals = list[npt.NDArray[np.float32]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", type=Path, nargs="+", help="folders of training runs, the default network's first")
    parser.add_argument("--ptbxl", type=Path, required=True, help="corpus made by `python -m train prepare ptbxl`")
    parser.add_argument("--ludb", type=Path, required=True, help="corpus made by `python -m train prepare ludb`")
    parser.add_argument("--leads", default="II,V1,V5", help="the measured ones")
    parser.add_argument("--every", type=int, default=1, help="take every n-th recording")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "networks.json")


def run(args: argparse.Namespace) -> int:
    for folder in args.runs:
        if missing := [name for name in (BEST, CURVE) if not (folder / name).is_file()]:
            text = f"{folder} has no {' and no '.join(missing)}: give the folder of a run of python -m train fit"
            raise InputError(text, Reason.UNREADABLE)
    torch.set_num_threads(1)
    given = tuple(args.leads.split(","))
    ptbxl = corpus.load(args.ptbxl)
    sets = {"ptbxl": ptbxl.select([SCORE_FOLD]).every(args.every), "ludb": corpus.load(args.ludb).every(args.every)}
    held = ptbxl.select([HELD_FOLD])
    models = reconstructors.baselines(BASELINES, ptbxl.select(TRAIN_FOLDS))
    models += [reconstructors.checkpoint(folder / BEST, held) for folder in args.runs]
    figures: dict[str, Any] = {"leads": args.leads, "enrolled_on_s": ENROL_S, "models": {}}
    figures["records"] = {name: len(records) for name, records in sets.items()}
    for model in models:
        entry = {key: model.source[key] for key in ("architecture", "weights", "macs", "sha256") if key in model.source}
        entry |= {name: _scores(model, records, given) for name, records in sets.items()}
        figures["models"][model.name] = entry
        print(model.name, json.dumps({key: value for key, value in entry.items() if key != "sha256"}), flush=True)
    names = [model.name for model in models if model.kind == "checkpoint"]
    for name, folder, ratio in zip(names, args.runs, _times(args.runs), strict=True):
        figures["models"][name] |= {"time": ratio, "training": training(folder)}
    result.write(args.out, figures, ("numpy", "scipy", "torch"))
    return 0


def _scores(model: Reconstructor, records: Corpus, given: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Blind over whole recordings, and enrolled on what follows the first seconds, where the model can do either."""
    signals, first = list(records.mv()), round(ENROL_S * RATE)
    out = {}
    if model.estimate is not None:
        out["blind"] = _agreement(signals, [model(reconstructors.filtered(mv), given) for mv in signals], given)
    if model.enrol is not None:
        rest = []
        for mv in signals:
            clean = reconstructors.filtered(mv)
            estimator: Estimator | None = model.enrol(clean[:first], given) or model.estimate
            assert estimator is not None
            rest.append(estimator(clean, given).mv[first:])
        out["enrolled"] = _agreement([mv[first:] for mv in signals], rest, given)
    return out


def _agreement(truth: Signals, estimate: Signals, given: tuple[str, ...]) -> dict[str, float]:
    figures = agreement(np.stack(truth), np.stack(estimate), RATE)
    missing = [LEAD[lead] for lead in LEADS if lead not in given]
    with np.errstate(invalid="ignore"):
        pcc = float(np.nanmean(np.nanmean(figures.pcc[:, missing], axis=1)))
    return {"pcc": round(pcc, 4), "mse_mv2": round(float(figures.mse_mv2[:, missing].mean()), 5)}


@torch.no_grad()
def _times(runs: list[Path]) -> list[float]:
    """Medians of a window's time, as ratios to the first run's."""
    calls: list[Callable[[], Any]] = []
    for folder in runs:
        net, _ = checkpoint.load(folder / BEST)
        x = torch.zeros(1, 24, 1, int(net.window))  # type: ignore[call-overload]
        calls.append(lambda net=net, x=x: net.twelve(x))  # type: ignore[misc]
    middle = turns.medians(calls, TIMED)
    return [float(f"{ratio:.3g}") for ratio in middle / middle[0]]


def training(folder: Path) -> dict[str, Any]:
    """How a run went: its validations (step, PCC), and whether it ended by patience."""
    curve = json.loads((folder / CURVE).read_text())
    recipe = checkpoint.read_config(folder / BEST)["recipe"]
    best = max(range(len(curve)), key=lambda k: curve[k]["pcc"])
    patience = recipe["patience_epochs"]
    return {
        "converged": bool(patience) and len(curve) - 1 - best >= patience,
        "steps": curve[-1]["step"],
        "windows": curve[-1]["step"] * recipe["batch"],
        "curve": [[point["step"], round(point["pcc"], 4)] for point in curve],
        "recipe": recipe,
    }
