"""python -m train classify: fit a small twelve-lead classifier, the judge in `python -m train evaluate`.

    python -m train classify --data cache/ptbxl --out runs/classifier.safetensors
    python -m train classify --data cache/ptbxl --out runs/head.safetensors --classes tables \\
           --backbone ecgfounder --weights 12_lead_ECGFounder.pth

A 1-D ResNet on PTB-XL's five diagnostic superclasses and atrial fibrillation or flutter, or on other `--classes`,
fitted on folds 1 to 7; the epoch with the best mean AUROC on fold 8 is kept, with the thresholds of best F1 there. Some
minutes on one core. With `--backbone`, only a linear head is fitted, on features of somebody else's frozen network.
"""

from __future__ import annotations

import argparse
import copy
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from edge.errors import UsageError
from edge.leads import LEADS
from train import files, labels
from train.data import corpus
from train.evaluate import diagnosis
from train.evaluate.classifier import BAND_HZ, INSIDE_HZ, ClassifierConfig, ResNet, prepared, save
from train.labels.learnable import asked, learnable
from train.references import head
from train.references.ecgfounder import Preparation

TRAIN_FOLDS, VALIDATION_FOLD = range(1, 8), 8
_Set = tuple[Tensor, Tensor, Tensor]  # recordings as the network is shown them, their classes, where these are known
CHUNK = 128  # recordings prepared at a time


@dataclass(frozen=True)
class ClassifyConfig:
    epochs: int = 40
    patience: int = 10  # epochs without a better AUROC
    batch: int = 32
    learning_rate: float = 3e-3
    weight_decay: float = 0.01
    crop: float = 0.8  # of a recording is shown in training, from anywhere
    gain_sd: float = 0.15  # log, whole recording
    noise_mv: float = 0.02
    seed: int = 0


def fit(data: Path, out: Path, config: ClassifyConfig, shape: ClassifierConfig) -> dict[str, Any]:
    """Fits, saves to `out`, and returns what the file tells of itself. Raises UsageError where labels are missing."""
    torch.manual_seed(config.seed)
    everything = corpus.load(data)
    examples = _examples(everything.select(TRAIN_FOLDS), shape.classes)
    held = _examples(everything.select([VALIDATION_FOLD]), shape.classes)
    net = ResNet(shape)
    curve, best = _learn(net, examples, held, config, shape)
    net.load_state_dict(best)
    about = {
        "thresholds": diagnosis.best_thresholds(
            held[1].bool().numpy(), _probabilities(net, held[0]), held[2].bool().numpy()
        ),
        "classes": list(shape.classes),
        "input": f"{', '.join(LEADS)}; {BAND_HZ[0]:g}-{BAND_HZ[1]:g} Hz at {INSIDE_HZ} Hz",
        "features": shape.channels[-1],
        "weights": sum(p.numel() for p in net.parameters()),
        "trained_on": f"{len(examples[0])} records of folds 1-7, stopped on {len(held[0])} of fold 8",
        "auroc_fold_8": max(point["auroc"] for point in curve),
        "curve": curve,
    }
    files.folder(out.parent)
    save(out, net, shape, about)
    return about


def _learn(
    net: ResNet, examples: _Set, held: _Set, config: ClassifyConfig, shape: ClassifierConfig
) -> tuple[list[dict[str, float]], dict[str, Tensor]]:
    """The curve, an epoch a point, and the weights of its best point."""
    generator = torch.Generator().manual_seed(config.seed)
    optimiser = torch.optim.AdamW(net.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    steps = config.epochs * -(-len(examples[0]) // config.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.learning_rate, total_steps=steps)
    curve: list[dict[str, float]] = []
    best: dict[str, Tensor] = {}
    top, since, began = -1.0, 0, time.monotonic()
    for epoch in range(1, config.epochs + 1):
        loss = _epoch(net, examples, config, generator, optimiser, schedule)
        auroc = _mean_auroc(net, held, shape.classes)
        curve.append({"epoch": epoch, "loss": round(loss, 4), "auroc": round(auroc, 4)})
        print(f"epoch {epoch}: loss {loss:.4f}, AUROC {auroc:.4f}, {time.monotonic() - began:.0f} s", flush=True)
        since += 1
        if auroc > top:
            top, best, since = auroc, copy.deepcopy(net.state_dict()), 0
        if since >= config.patience:
            break
    return curve, best


def _epoch(
    net: ResNet,
    examples: _Set,
    config: ClassifyConfig,
    g: torch.Generator,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> float:
    """Mean loss over one pass."""
    x, y, known = examples
    net.train()
    losses = []
    for rows in torch.randperm(len(x), generator=g).split(config.batch):
        said = net(_varied(x[rows], config, g))
        loss = nn.functional.binary_cross_entropy_with_logits(said, y[rows], known[rows])
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    return float(np.mean(losses))


def _mean_auroc(net: ResNet, held: _Set, classes: tuple[str, ...]) -> float:
    half = np.full(len(classes), 0.5)
    true, known = held[1].bool().numpy(), held[2].bool().numpy()
    found = diagnosis.summary(true, _probabilities(net, held[0]), half, classes, known)
    return found["mean"]["auroc"] or 0.0


def _examples(data: corpus.Corpus, classes: tuple[str, ...]) -> _Set:
    true, known = labels.of(data.table, classes)
    if not known.any():
        raise UsageError("the corpus has no diagnostic statements in folds 1 to 8 for any of these classes: PTB-XL has")
    parts = [
        prepared(data.uv[k : k + CHUNK].astype(np.float32) * np.float32(1e-3)) for k in range(0, len(data.uv), CHUNK)
    ]
    return torch.cat(parts), *(torch.from_numpy(flags.astype(np.float32)) for flags in (true, known))


def _varied(x: Tensor, config: ClassifyConfig, g: torch.Generator) -> Tensor:
    """Cropped, louder or softer, a little noisy."""
    length = round(config.crop * x.shape[2])
    start = int(torch.randint(x.shape[2] - length + 1, (), generator=g))
    gain = torch.exp(config.gain_sd * torch.randn(len(x), 1, 1, generator=g))
    cut = x[:, :, start : start + length]
    return gain * cut + config.noise_mv * torch.randn(cut.shape, generator=g)


def _probabilities(net: ResNet, x: Tensor) -> npt.NDArray[np.float32]:
    net.eval()
    with torch.no_grad():
        return torch.cat([torch.sigmoid(net(part)) for part in x.split(64)]).numpy()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="a corpus with diagnostic statements (PTB-XL)")
    parser.add_argument("--out", type=Path, required=True, help="the classifier, a safetensors file")
    parser.add_argument(
        "--classes",
        default="superclasses",
        help="superclasses (and AF), conditions (the product's scores too), tables (2 and 3 of the WearECG paper), or "
        "names joined by commas; those without an example in folds 1-7 or in fold 8 are left out (default: "
        "superclasses)",
    )
    parser.add_argument("--backbone", help="ecgfounder: fit a linear head on it, and nothing else")
    parser.add_argument("--weights", type=Path, metavar="FILE", help="the backbone's, from its publisher")
    parser.add_argument(
        "--prepared",
        choices=[how.value for how in Preparation],
        default=Preparation.WEARECG.value,
        help="what the backbone is shown: leads z-scored one by one, as WearECG has it, or filtered and z-scored as a "
        "whole, as ECGFounder (default: wearecg)",
    )
    parser.add_argument("--epochs", type=int, default=ClassifyConfig.epochs)
    parser.add_argument("--seed", type=int, default=ClassifyConfig.seed)
    parser.add_argument("--threads", type=int, default=1)


def _learnable(args: argparse.Namespace) -> tuple[str, ...]:
    """The classes asked for that the corpus has examples of. Raises UsageError where it has none."""
    everything = corpus.load(args.data)
    tables = [everything.select(folds).table for folds in (TRAIN_FOLDS, [VALIDATION_FOLD])]
    kept, left_out = learnable(tables, asked(args.classes))
    if not kept:
        raise UsageError(f"{args.data} has no diagnostic statements for --classes {args.classes} in folds 1 to 8")
    if left_out:
        print(f"left out, for want of examples: {', '.join(left_out)}")
    return kept


def run(args: argparse.Namespace) -> int:
    torch.set_num_threads(args.threads)
    weights = head.checked(args.backbone, args.weights) if args.backbone else None
    names = _learnable(args)
    if weights is not None:
        about = head.learn(args.data, args.out, weights, names, Preparation(args.prepared))
    else:
        shape = ClassifierConfig(classes=names)
        about = fit(args.data, args.out, ClassifyConfig(epochs=args.epochs, seed=args.seed), shape)
    print(f"{args.out}: AUROC {about['auroc_fold_8']:.3f} on fold 8")
    return 0
