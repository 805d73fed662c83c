"""Adds a classifier to a bundle: the same converters and quantizers as the reconstruction's, and gates of its own.

    python -m export --classifier runs/classifier/twelve.safetensors --views cache/views-ptbxl.npz \\
           --out edge/bundles/default

A float file must give the trained committee's logits; a smaller one must say the same of fold 8: probabilities within
0.02 (95th percentile over records and classes) and no class' AUROC lower by more than 0.01, on true leads and on
reconstructed ones.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from edge import engines
from edge.bundle_classifier import RATE, RECONSTRUCTED, SAMPLES, TRUE
from edge.errors import UsageError
from edge.leads import INDEPENDENT
from export import quantize
from export.convert import classifier_to_onnx, classifier_to_tflite
from export.deploy import folded
from export.gates import Gate
from export.manifest import ATTRIBUTIONS, variant, write
from train import labels
from train.diagnosis import committee, views
from train.diagnosis.calibration import sigmoid
from train.diagnosis.committee import VALIDATION_FOLD, Fitted
from train.diagnosis.views import Views
from train.evaluate.diagnosis import auroc

LOGIT_LIMIT = 1e-3  # a float file may differ by, from the trained committee
PROBABILITY_LIMIT, AUROC_LIMIT = 0.02, 0.01
FLOATS = {"litert": "classifier-float32.tflite", "onnx": "classifier-float32.onnx"}
SMALL: dict[tuple[str, str], Callable[[Path, Path], None]] = {("litert", "int8-dynamic"): quantize.dynamic}
Floats = npt.NDArray[np.float64]


class Told(nn.Module):
    """The committee's logits that are for users."""

    def __init__(self, of: Fitted) -> None:
        super().__init__()
        self.net = folded(of.net)
        self.told = len(of.names)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.net(x)
        return logits[:, : self.told]


class Judge:
    """Compares files with the committee that they were made of, on the held-out records."""

    def __init__(self, of: Fitted, held: Views) -> None:
        self._of = of
        self._inputs = {view: of.column.shown(held, view) for view in (TRUE, RECONSTRUCTED)}
        self._meant = {view: of.logits(x) for view, x in self._inputs.items()}
        self._true, self._known = labels.of(held.table, of.names)

    def parity(self, path: Path, engine: str) -> list[Gate]:
        found = self._said(path, engine)
        off = max(float(np.abs(found[view] - meant).max()) for view, meant in self._meant.items())
        return [Gate("parity_logit", off, LOGIT_LIMIT)]

    def change(self, path: Path, engine: str) -> list[Gate]:
        found = self._said(path, engine)
        changes, losses = [], [0.0]
        for view, meant in self._meant.items():
            slope, offset = np.array(self._of.about["calibration"][view]).T
            before, after = sigmoid(slope * meant + offset), sigmoid(slope * found[view] + offset)
            changes.append(np.abs(after - before))
            losses += [self._loss(k, before[:, k], after[:, k]) for k in range(len(self._of.names))]
        change = float(np.quantile(np.concatenate(changes), 0.95))
        return [Gate("probability_change", change, PROBABILITY_LIMIT), Gate("auroc_loss", max(losses), AUROC_LIMIT)]

    def _loss(self, k: int, before: Floats, after: Floats) -> float:
        there = self._known[:, k]
        was, now = (auroc(self._true[there, k], said[there]) for said in (before, after))
        return was - now if was is not None and now is not None else 0.0

    def _said(self, path: Path, engine: str) -> dict[str, Floats]:
        net = engines.load_classifier(engine, path, (len(INDEPENDENT), SAMPLES, len(self._of.names)))
        return {view: np.stack([net.logits(x) for x in of]).astype(np.float64) for view, of in self._inputs.items()}


def add(path: Path, shown: Path, out: Path) -> list[str]:
    """Puts the committee in `path` into the bundle `out`, judged by fold 8 of the views `shown`.

    A float file is kept only where no smaller one of its engine came in. Returns the variants that were refused.
    """
    of, everyone = committee.load(path), views.load(shown)
    if of.column.leads != INDEPENDENT:
        what = f"{path} is shown {', '.join(of.column.leads)}: a device shows it the eight independent leads"
        raise UsageError(f"{what}; take twelve.safetensors")
    judge, net = Judge(of, everyone.select(everyone.folds() == VALIDATION_FOLD)), Told(of).eval()
    entry = _entry(path, of, net)
    with tempfile.TemporaryDirectory(dir=out) as folder:  # what is there stays, until all of it is made
        work = Path(folder)
        for engine, file in FLOATS.items():
            (classifier_to_tflite if engine == "litert" else classifier_to_onnx)(net, work / file)
            _let_in(entry, engine, "float32", work / file, judge.parity(work / file, engine))
        for (engine, precision), make in SMALL.items():
            small = work / f"classifier-{precision}{Path(FLOATS[engine]).suffix}"
            make(work / FLOATS[engine], small)
            _let_in(entry, engine, precision, small, judge.change(small, engine))
        _keep_the_small(entry)
        for old in out.glob("classifier-*"):
            old.unlink()
        for one in entry["variants"]:
            (work / one["file"]).replace(out / one["file"])
    write(out, json.loads((out / "manifest.json").read_text()) | {"classifier": entry})
    return list(entry["refused"])


def _keep_the_small(entry: dict[str, Any]) -> None:
    smaller = {one["engine"] for one in entry["variants"] if one["precision"] != "float32"}
    kept = [v for v in entry["variants"] if v["precision"] != "float32" or v["engine"] not in smaller]
    entry["variants"] = sorted(kept, key=lambda v: list(FLOATS).index(v["engine"]))  # LiteRT's, that is always there


def _let_in(entry: dict[str, Any], engine: str, precision: str, path: Path, gates: list[Gate]) -> None:
    name = f"{engine}-{precision}"
    print(f"classifier {name}: {path.stat().st_size} bytes, {'; '.join(map(str, gates))}", flush=True)
    if all(gate.passed for gate in gates):
        entry["variants"].append(variant(engine, precision, path, gates))
    else:
        entry["refused"][name] = {gate.name: float(f"{gate.figure:.3g}") for gate in gates}


@torch.no_grad()
def _entry(path: Path, of: Fitted, net: nn.Module) -> dict[str, Any]:
    with FlopCounterMode(display=False) as counter:
        net(torch.zeros(1, len(INDEPENDENT), 1, SAMPLES))
    about = of.about
    return {
        "names": list(of.names),
        "leads": list(INDEPENDENT),
        "rate": RATE,
        "samples": SAMPLES,
        "layout": {"litert": "(1, 1, samples, leads)", "onnx": "(1, leads, 1, samples)"},
        "calibration": about["calibration"],
        "thresholds": about["thresholds"],
        "network": {
            "architecture": "committee of residual networks",
            "recipe": about["recipe"],
            "weights": about["weights"],
            "macs": counter.get_total_flops() // 2,
            "checkpoint_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "trained_on": ATTRIBUTIONS["ptbxl"],
            "learnt_from": about["learnt_from"],
            "split": "PTB-XL strat_fold 1 to 7 to train, 8 to calibrate",
        },
        "variants": [],
        "refused": {},
    }
