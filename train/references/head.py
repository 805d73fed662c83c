"""A linear head on a frozen backbone, as WearECG puts one on ECGFounder: a logistic regression a class.

    python -m train classify --data cache/ptbxl --backbone ecgfounder --weights 12_lead_ECGFounder.pth \\
           --classes tables --out runs/head.safetensors

Fitted on the features of folds 1 to 7, standardised; how strongly it is held to small weights, and the thresholds of
best F1, are chosen on fold 8. The file holds the head alone and names the backbone it was fitted to, with its hash.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from edge.errors import InputError, Reason, UsageError
from train import files, labels
from train.data import corpus
from train.data.corpus import Corpus
from train.data.progress import Progress
from train.evaluate import diagnosis
from train.evaluate.reconstructors import file_sha256, filtered
from train.references import ecgfounder
from train.references.ecgfounder import Preparation
from train.references.fitting import needed
from train.references.net1d import Net1D

BACKBONES = ("ecgfounder",)
STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1)  # of the penalty on squared weights, per class
TRAIN_FOLDS, VALIDATION_FOLD = range(1, 8), 8
CHUNK = 32  # recordings in memory at a time
STEPS = 60  # of L-BFGS; the loss is convex
Array = npt.NDArray[np.floating]
Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Labelled:
    features: Floats  # records x features
    true: Flags  # records x classes
    known: Flags


def fit(train: Labelled, held: Labelled, names: tuple[str, ...]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The head's tensors, and what is told of it: its strength and AUROC by class on `held`, its thresholds."""
    centre = torch.from_numpy(train.features.mean(0))
    scale = torch.from_numpy(train.features.std(0)).clamp_min(1e-6)
    best: dict[str, Tensor] = {}
    about: dict[str, Any] = {"auroc_fold_8": -1.0}
    for strength in STRENGTHS:
        weight, bias = _regression(train, centre, scale, strength)
        tensors = {"weight": weight / scale, "bias": bias - (weight / scale) @ centre}
        said = probabilities(tensors, held.features)
        found = diagnosis.summary(held.true, said, np.full(len(names), 0.5), names, held.known)
        auroc = found["mean"]["auroc"] or 0.0
        if auroc > about["auroc_fold_8"]:
            best = tensors
            about = {
                "auroc_fold_8": auroc,
                "auroc_fold_8_by_class": {name: of["auroc"] for name, of in found["by_class"].items()},
                "strength": strength,
                "thresholds": diagnosis.best_thresholds(held.true, said, held.known),
            }
    return best, about


def learn(data: Path, out: Path, weights: Path, names: tuple[str, ...], how: Preparation) -> dict[str, Any]:
    """Fits a head on the corpus `data`, saves it to `out`, and returns what the file tells of itself."""
    net = ecgfounder.load(weights)
    everything = corpus.load(data)
    parts = []
    for folds in (TRAIN_FOLDS, [VALIDATION_FOLD]):
        chosen = everything.select(folds)
        flags = labels.of(chosen.table, names)
        parts.append(Labelled(_features(net, chosen, how), *flags))
    tensors, about = fit(parts[0], parts[1], names)
    about |= {
        "prepared": how.value,
        "features": int(tensors["weight"].shape[1]),
        "trained_on": f"{len(parts[0].true)} records of folds 1-7, chosen on {len(parts[1].true)} of fold 8",
    }
    save(out, tensors, names, weights, about)
    return about


def _features(net: Net1D, data: Corpus, how: Preparation) -> Floats:
    parts, progress = [], Progress("features", len(data), "records")
    for first in range(0, len(data), CHUNK):
        # as evaluation shows them: without their baseline
        mv = np.stack([filtered(uv * np.float32(1e-3)) for uv in data.uv[first : first + CHUNK].astype(np.float32)])
        parts.append(ecgfounder.features(net, mv, how))
        progress.step(len(mv))
    progress.close()
    return np.concatenate(parts)


def _regression(of: Labelled, centre: Tensor, scale: Tensor, strength: float) -> tuple[Tensor, Tensor]:
    x = (torch.from_numpy(of.features) - centre) / scale
    y, known = (torch.from_numpy(flags.astype(np.float32)) for flags in (of.true, of.known))
    weight = torch.zeros(y.shape[1], x.shape[1], requires_grad=True)
    bias = torch.zeros(y.shape[1], requires_grad=True)
    share = known / known.sum(0).clamp_min(1)  # every class has the weight of one, however few records know it
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        each = nn.functional.binary_cross_entropy_with_logits(x @ weight.T + bias, y, share, reduction="sum")
        total = each + strength * weight.square().sum()
        total.backward()
        return total

    optimiser.step(loss)
    return weight.detach(), bias.detach()


def probabilities(tensors: dict[str, Tensor], features: Floats) -> Floats:
    return torch.sigmoid(torch.from_numpy(features) @ tensors["weight"].T + tensors["bias"]).numpy()


def save(path: Path, tensors: dict[str, Tensor], names: tuple[str, ...], weights: Path, about: dict[str, Any]) -> None:
    """`about` must hold `thresholds` and `prepared`."""
    told = about | {"weights": str(weights), "weights_sha256": file_sha256(weights)}
    text = json.dumps({"head": {"backbone": "ecgfounder", "classes": list(names)}, "about": told})
    files.folder(path.parent)
    save_file({name: value.contiguous() for name, value in tensors.items()}, path, metadata={"config": text})


class Head:
    """A backbone with the head fitted to it."""

    def __init__(self, path: Path, config: dict[str, Any]) -> None:
        about = config["about"]
        weights = _beside(path, Path(about["weights"]))
        if file_sha256(weights) != about["weights_sha256"]:
            raise InputError(f"{path} was fitted to another backbone than {weights} now is", Reason.HASH)
        self._net = ecgfounder.load(weights)
        self._how = Preparation(about["prepared"])
        with safe_open(path, "pt") as file:
            self._tensors = {key: file.get_tensor(key) for key in ("weight", "bias")}
        self.names = tuple(config["head"]["classes"])
        self.thresholds = np.array(about["thresholds"])
        self.described: dict[str, Any] = {"file": str(path), **about}

    def judge(self, mv: Array) -> tuple[Floats, Floats | None]:
        found = ecgfounder.features(self._net, mv, self._how)
        return probabilities(self._tensors, found), found


def _beside(path: Path, weights: Path) -> Path:
    """Where the backbone lies: where it lay when the head was fitted, or beside the head."""
    for place in (weights, path.parent / weights.name):
        if place.is_file():
            return place
    raise InputError(
        f"{path} needs its backbone, {weights.name}: lay it beside the head, or get {ecgfounder.WHERE}",
        Reason.UNREADABLE,
    )


def checked(backbone: str, weights: Path | None) -> Path:
    """The backbone's file. Raises UsageError for another backbone or none, InputError where the file is missing."""
    if backbone not in BACKBONES:
        raise UsageError(f"--backbone {backbone}: choose from {', '.join(BACKBONES)}")
    if weights is None:
        raise UsageError(f"--backbone {backbone} needs --weights: get {ecgfounder.WHERE}")
    return needed(weights, "ECGFounder", ecgfounder.WHERE)
