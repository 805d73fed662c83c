"""The verb's arguments, and what becomes of them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from edge.bundle import RATE
from edge.errors import UsageError
from train import files
from train.data import corpus
from train.data.corpus import Corpus
from train.data.progress import Progress
from train.evaluate import reconstructors
from train.evaluate.command import leads, select
from train.evaluate.reconstructors import Reconstructor
from train.turing import answers, deck, figures, key, page, sheets

READERS = "readers"  # the folder that is handed out
FORM, INSTRUCTIONS = "form.csv", "instructions.txt"
SHOWN_AT_LEAST_S = 4.0  # of a recording, after the enrolment
MOST_PAIRS = 500  # a thousand sheets: nobody reads more
VALIDATION_FOLD = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--data", type=Path, help="a corpus made by `python -m train prepare`")
    add("--folds", help="those of its folds that sheets are taken from, as 9; all if not given, taught ones too")
    add("--leads", default="II,V1,V5", help="the measured leads (default: II,V1,V5)")
    add("--bundle", type=Path, help="the bundle that reconstructs")
    add("--model", type=Path, help="a checkpoint instead")
    add("--engine", help="of the bundle: litert or onnx")
    add("--enrol", type=float, default=0.0, metavar="SECONDS", help="enrol every patient; the sheets show the rest")
    add("--pairs", type=int, default=25, help="as many true sheets, and as many reconstructed (default: 25)")
    add("--mi-share", type=float, default=0.5, help="share of infarcts among either (default: 0.5)")
    add("--wide", action="store_true", help="no low-pass at 40 Hz: noise of the recording may tell")
    add("--seed", type=int, default=0, help="of the choice and the order")
    add("--out", type=Path, help="folder for the sheets and the key, or for the scores")
    add("--score", type=Path, nargs="+", metavar="FORM.csv", help="returned forms, each called after its reader")
    add("--key", type=Path, help="of the sheets that the forms are about (key.json)")


def run(args: argparse.Namespace) -> int:
    return _score(args) if args.score else _make(args)


def _make(args: argparse.Namespace) -> int:
    for name in ("data", "out"):
        if getattr(args, name) is None:
            raise UsageError(f"sheets need --{name}; returned forms are scored with --score and --key")
    given, enrol_samples = leads(args.leads), round(args.enrol * RATE)
    data = select(corpus.load(args.data), args.data, args.folds)
    _check(args, data, enrol_samples)
    model = _model(args)
    dealt = deck.deal(deck.cases(data.table), args.pairs, args.mi_share, args.seed)
    folder = args.out / READERS
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty: old sheets among new ones would be read too; choose another --out")
    progress = Progress("sheets", len(dealt), "sheets")
    sheets.write(
        folder,
        dealt,
        lambda sheet: sheets.signal(sheet, data, model, given, enrol_samples, low_pass=not args.wide),
        progress.step,
    )
    progress.close()
    files.write(folder / FORM, answers.blank(len(dealt)).encode())
    files.write(folder / INSTRUCTIONS, answers.instructions().encode())
    key.write(args.out / key.KEY, dealt, _about(args, model, given))
    print(f"{folder}: {len(dealt)} sheets, {FORM} and {INSTRUCTIONS}: hand out this folder and nothing beside it")
    print(f"{args.out / key.KEY}: what each sheet is: keep it from the readers until every form is back")
    return 0


def _check(args: argparse.Namespace, data: Corpus, enrol_samples: int) -> None:
    if not 1 <= args.pairs <= MOST_PAIRS:
        raise UsageError(f"--pairs {args.pairs}: 1 to {MOST_PAIRS}")
    if not 0 <= args.mi_share <= 1:
        raise UsageError(f"--mi-share {args.mi_share:g}: 0 to 1")
    left_s = (data.uv.shape[1] - enrol_samples) / RATE
    if enrol_samples < 0 or left_s < SHOWN_AT_LEAST_S:
        raise UsageError(f"--enrol {args.enrol:g} leaves {left_s:g} s to show: {SHOWN_AT_LEAST_S:g} are needed")


def _model(args: argparse.Namespace) -> Reconstructor:
    if (args.bundle is None) == (args.model is None):
        raise UsageError("give one --bundle or one --model: whose reconstructions are to be read?")
    if args.bundle:
        return reconstructors.bundle(args.bundle, args.engine)
    return reconstructors.checkpoint(args.model, corpus.load(args.data).select([VALIDATION_FOLD]))


def _about(args: argparse.Namespace, model: Reconstructor, given: tuple[str, ...]) -> dict[str, Any]:
    folds = f", fold{'s' if ',' in args.folds else ''} {args.folds}" if args.folds else ""
    return {
        "data": f"{args.data.name}{folds}",
        "model": model.name,
        "leads": list(given),
        "enrol_s": args.enrol,
        "low_pass_hz": None if args.wide else 40,
        "seed": args.seed,
        "mi_share": args.mi_share,
        "patients": "no patient is on two sheets",
    }


def _score(args: argparse.Namespace) -> int:
    if args.key is None:
        raise UsageError("--score needs --key: the key.json that was written with the sheets")
    dealt, about = key.read(args.key)
    forms = [answers.read(path, len(dealt)) for path in args.score]
    readers = [form.reader for form in forms]
    if len(set(readers)) < len(readers):
        raise UsageError("two forms have one name: call each after its reader")
    found = figures.summary(dealt, forms)
    text = page.page(found, about)
    print(text, end="")
    if args.out:
        files.folder(args.out)
        files.write(args.out / "scores.json", (json.dumps({**about, **found}, indent=1) + "\n").encode())
        files.write(args.out / "scores.md", text.encode())
    return 0
