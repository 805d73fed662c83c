"""python -m train classify: fit the committees that read twelve, three and one lead, or a head on somebody's backbone.

    python -m train views --data cache/ptbxl --out cache/views-ptbxl.npz
    python -m train classify --views cache/views-ptbxl.npz --out runs/classifier
    python -m train classify --views cache/views-ptbxl.npz --out runs/crossed --cross 4 --columns twelve,measured
    python -m train classify --data cache/ptbxl --out runs/head.safetensors --classes tables \\
           --backbone ecgfounder --weights 12_lead_ECGFounder.pth

Each column is a committee of small networks of one shape; `twelve` is what the device runs. Learnt from folds 1 to 7
of the corpus, calibrated on fold 8, with thresholds of best F1 there; nothing is stopped early or chosen by it. With
--cross N, folds 1 to 8 are parted into N and each part is judged by committees that have not seen it: by that, recipes
are chosen. A committee takes seconds on a GPU. With --backbone only a linear head is
fitted, on the features of somebody else's frozen network, and how strongly it is held is chosen on fold 8.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from edge.errors import UsageError
from train.data import corpus
from train.diagnosis import fitting
from train.diagnosis.committee import TRAIN_FOLDS, VALIDATION_FOLD, Recipe
from train.diagnosis.learner import Plan
from train.labels.learnable import asked, learnable
from train.references import head
from train.references.ecgfounder import Preparation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--out", type=Path, required=True, help="a folder for the committees and report.json; the file of a head")
    committees = parser.add_argument_group("committees").add_argument
    committees("--views", type=Path, help="made by python -m train views, of a corpus with folds and labels")
    committees("--columns", default="twelve,true,measured,lead-I", help="joined by commas (%(default)s)")
    committees("--members", type=int, default=Recipe.members, help="networks in each committee (%(default)s)")
    channels = ",".join(map(str, Recipe.channels))
    committees("--channels", default=channels, help="of each block of a network (%(default)s)")
    committees("--epochs", type=int, default=Plan.epochs, help="(%(default)s)")
    committees("--learning-rate", type=float, default=Plan.learning_rate, help="(%(default)s)")
    committees("--weight-decay", type=float, default=Plan.weight_decay, help="(%(default)s)")
    committees("--seed", type=int, default=Plan.seed, help="(%(default)s)")
    committees("--cross", type=int, metavar="N", help="no files but the report: folds 1 to 8 in N parts, each unseen")
    committees("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="(%(default)s)")
    heads = parser.add_argument_group("a head").add_argument
    heads("--data", type=Path, help="a corpus with diagnostic statements (PTB-XL)")
    heads("--backbone", help="ecgfounder")
    heads("--weights", type=Path, metavar="FILE", help="the backbone's, from its publisher")
    heads(
        "--classes",
        default="conditions",
        help="superclasses (and AF), conditions (the product's scores too), tables (2 and 3 of the WearECG paper), or "
        "names joined by commas; those without an example in folds 1-7 or in fold 8 are left out (%(default)s)",
    )
    heads(
        "--prepared",
        choices=[how.value for how in Preparation],
        default=Preparation.WEARECG.value,
        help="what the backbone is shown: leads z-scored one by one, as WearECG has it, or filtered and z-scored as a "
        "whole, as ECGFounder (%(default)s)",
    )
    add("--threads", type=int, default=1)


def run(args: argparse.Namespace) -> int:
    torch.set_num_threads(args.threads)
    if args.backbone:
        return _head(args)
    if args.views is None:
        raise UsageError("--views is needed (make them with python -m train views), or --data with a --backbone")
    plan = Plan(args.epochs, learning_rate=args.learning_rate, weight_decay=args.weight_decay, seed=args.seed)
    how = Recipe(plan, args.members, _channels(args.channels), args.device)
    fitting.run(args.views, args.out, args.columns.split(","), how, args.cross)
    return 0


def _head(args: argparse.Namespace) -> int:
    weights = head.checked(args.backbone, args.weights)
    if args.data is None:
        raise UsageError(f"--backbone {args.backbone} needs --data, a corpus to fit its head on")
    everything = corpus.load(args.data)
    tables = [everything.select(folds).table for folds in (TRAIN_FOLDS, [VALIDATION_FOLD])]
    kept, left_out = learnable(tables, asked(args.classes))
    if not kept:
        raise UsageError(f"{args.data} has no diagnostic statements for --classes {args.classes} in folds 1 to 8")
    if left_out:
        print(f"left out, for want of examples: {', '.join(left_out)}")
    about = head.learn(args.data, args.out, weights, kept, Preparation(args.prepared))
    print(f"{args.out}: AUROC {about['auroc_fold_8']:.3f} on fold 8")
    return 0


def _channels(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(number) for number in text.split(","))
    except ValueError:
        raise UsageError(f"--channels {text}: numbers joined by commas are expected, as 32,48,64,64") from None
