"""Adds a classifier to a bundle: the same converters and quantizers as the reconstruction's, and gates of its own.

    python -m export --classifier runs/classifier/twelve.safetensors --views cache/views-ptbxl.npz --out edge/bundles/default

A float file must give the trained committee's logits; a smaller one must say the same of fold 8: probabilities within
0.02 (95th percentile over records and classes) and no class' AUROC lower by more than 0.01, on true leads and on
reconstructed ones.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from edge import engines
from edge.bundle import open_bundle
from edge.bundle_classifier import RATE, RECONSTRUCTED, SAMPLES, TRUE
from edge.leads import INDEPENDENT
from export import quantize
from export.convert import classifier_to_onnx, classifier_to_tflite
from export.deploy import folded
from export.gates import Gate
from export.manifest import ATTRIBUTIONS, variant, write
from train import labels
from train.diagnosis import committee, views
from train.diagnosis.committee import VALIDATION_FOLD, Fitted
from train.diagnosis.views import Views
from train.evaluate.diagnosis import auroc

LOGIT_LIMIT = 1e-3  # a float file may differ by, from the trained committee
PROBABILITY_LIMIT, AUROC_LIMIT = 0.02, 0.01
FLOATS = {"litert": "classifier-float32.tflite", "onnx": "classifier-float32.onnx"}
SMALL: dict[tuple[str, str], Callable[[Path, Path], None]] = {
    ("litert", "float16"): quantize.float16,
    ("litert", "int8-dynamic"): quantize.dynamic,
}
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


def add(path: Path, shown: Path, out: Path, keep_floats: bool) -> list[str]:
    """Puts the classifier into the bundle `out`; returns the variants that were refused.

    Without `keep_floats` the float files leave again where a smaller one of their engine came in.
    """
    of, held = committee.load(path), _held(views.load(shown))
    net = Told(of).eval()
    reference = {view: of.logits(of.column.shown(held, view)) for view in (TRUE, RECONSTRUCTED)}
    told, entry = json.loads((out / "manifest.json").read_text()), _entry(path, of, net)
    for old in (told.get("classifier") or {}).get("variants", []):
        (out / old["file"]).unlink(missing_ok=True)
    refused = []
    for engine, file in FLOATS.items():
        (classifier_to_tflite if engine == "litert" else classifier_to_onnx)(net, out / file)
        _judge(out / file, engine, "float32", entry, refused, lambda found: _parity(found, reference), of, held)
    for (engine, precision), make in SMALL.items():
        small = out / f"classifier-{precision}{Path(FLOATS[engine]).suffix}"
        make(out / FLOATS[engine], small)
        _judge(small, engine, precision, entry, refused, lambda found: _change(found, reference, held, of), of, held)
    if not keep_floats:
        _drop_floats(out, entry)
    told["classifier"] = entry
    write(out, told)
    open_bundle(out)
    return refused


def _judge(
    path: Path,
    engine: str,
    precision: str,
    entry: dict[str, Any],
    refused: list[str],
    gates: Callable[[dict[str, Floats]], list[Gate]],
    of: Fitted,
    held: Views,
) -> None:
    """Lets a file in where every gate does; takes it away again where one does not."""
    loaded = engines.load_classifier(engine, path, (len(INDEPENDENT), SAMPLES, len(of.names)))
    found = {
        view: np.stack([loaded.logits(x) for x in of.column.shown(held, view)]).astype(np.float64)
        for view in (TRUE, RECONSTRUCTED)
    }
    figures = gates(found)
    print(f"classifier {engine}-{precision}: {path.stat().st_size} bytes, {'; '.join(map(str, figures))}", flush=True)
    if all(gate.passed for gate in figures):
        entry["variants"].append(variant(engine, precision, path, figures))
    else:
        refused.append(f"{engine}-{precision}")
        entry["refused"][f"{engine}-{precision}"] = {gate.name: float(f"{gate.figure:.3g}") for gate in figures}
        path.unlink()


def _drop_floats(out: Path, entry: dict[str, Any]) -> None:
    smaller = {one["engine"] for one in entry["variants"] if one["precision"] != "float32"}
    for one in list(entry["variants"]):
        if one["precision"] == "float32" and one["engine"] in smaller:
            (out / one["file"]).unlink()
            entry["variants"].remove(one)


def _parity(found: dict[str, Floats], reference: dict[str, Floats]) -> list[Gate]:
    return [Gate("parity_logit", max(float(np.abs(found[v] - reference[v]).max()) for v in found), LOGIT_LIMIT)]


def _change(found: dict[str, Floats], reference: dict[str, Floats], held: Views, of: Fitted) -> list[Gate]:
    changes, losses = [], [0.0]
    true, known = labels.of(held.table, of.names)
    for view in found:
        slope, offset = np.array(of.about["calibration"][view]).T
        said, meant = (1 / (1 + np.exp(-(slope * x + offset))) for x in (found[view], reference[view]))
        changes.append(np.abs(said - meant))
        for k in range(len(of.names)):
            there = known[:, k]
            before, after = (auroc(true[there, k], x[there, k]) for x in (reference[view], found[view]))
            losses.append((before - after) if before is not None and after is not None else 0.0)
    change = float(np.quantile(np.concatenate(changes), 0.95))
    return [Gate("probability_change", change, PROBABILITY_LIMIT), Gate("auroc_loss", max(losses), AUROC_LIMIT)]


def _held(shown: Views) -> Views:
    return shown.select(shown.folds() == VALIDATION_FOLD)


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
