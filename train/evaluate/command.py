"""The verb's arguments, and what becomes of them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from edge.bundle import RATE
from edge.errors import UsageError
from edge.leads import LEADS, canonical
from train import files, labels
from train.data import corpus
from train.data.corpus import Corpus
from train.evaluate import classifier, pictures, reconstructors, report, signal_level
from train.evaluate.reconstructors import Reconstructor
from train.evaluate.scoring import Gathered, Protocol, Row, estimate, rows, score

TRAIN_FOLDS, VALIDATION_FOLD = range(1, 8), 8
SCORED_AT_LEAST_S = 4.0  # of a recording, after the enrolment
SHOWN = {"typical": 0.5, "hard": 0.1}  # recordings drawn, by their place in the order of the first model's PCC


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--data", type=Path, required=True, help="a corpus made by `python -m train prepare`")
    add("--folds", help="those of its folds that are scored, as 9 or 8,9; all records if not given")
    add("--every", type=int, default=1, metavar="N", help="take every n-th record")
    add("--leads", default="II,V1,V5", help="the measured leads")
    add("--bundle", type=Path, action="append", default=[], help="a bundle's folder; may be repeated")
    add("--engine", help="of the bundles: litert or onnx")
    add("--model", type=Path, action="append", default=[], help="a checkpoint; may be repeated")
    add(
        "--baseline",
        action="append",
        default=[],
        help="linear, lag-fir, dower, measured or patient-linear; may be repeated, or joined by commas",
    )
    add("--fit", type=Path, help="the corpus whose folds 1 to 7 baselines are fitted on (default: --data)")
    add(
        "--enrol",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="fit to every patient on the first seconds, and score all models on the rest",
    )
    add(
        "--classifier",
        help="made by `python -m train classify`, or ONNX with a JSON beside it, or ecgfounder:FILE or ribeiro:FILE",
    )
    add("--no-heart-rates", action="store_true", help="leave out NeuroKit2's R peaks of every lead, which take longest")
    add("--no-pictures", action="store_true")
    add("--threads", type=int, default=1)
    add("--out", type=Path, required=True, help="folder for report.json, report.md and pictures")


def run(args: argparse.Namespace) -> int:
    torch.set_num_threads(args.threads)
    protocol = Protocol(
        leads(args.leads),
        round(args.enrol * RATE),
        classifier.load(args.classifier) if args.classifier else None,
        not args.no_heart_rates,
    )
    data = select(corpus.load(args.data), args.data, args.folds, args.every)
    _check(data, protocol)
    table = rows(_opened(args), protocol.enrol_samples)
    if not table:
        raise UsageError("nothing to evaluate: give --bundle, --model or --baseline (patient-linear needs --enrol)")
    if twice := {row.name for row in table if sum(other.name == row.name for other in table) > 1}:
        raise UsageError(f"two models are called {', '.join(sorted(twice))}: rename a file or a folder")
    files.folder(args.out)
    true, alone = score(data, table, protocol, _progress)
    names = protocol.classifier.names if protocol.classifier else ()
    told = report.build(table, true, alone, protocol, labels.of(data.table, names), _about(args))
    files.write(args.out / "report.json", report.as_json(told).encode())
    files.write(args.out / "report.md", report.as_markdown(told).encode())
    if not args.no_pictures:
        _draw(args.out, data, table, true, told, protocol)
    print(f"{args.out / 'report.md'}: {told['records']} records, {len(table)} rows")
    leaking = [row.name for row in table if row.leaks]
    if leaking:
        print(f"LEAK: {', '.join(leaking)} reads leads that it is to reconstruct", file=sys.stderr)
    return 1 if leaking else 0


def leads(text: str) -> tuple[str, ...]:
    names = [canonical(name) for name in text.split(",")]
    if None in names or len(set(names)) < len(names):
        raise UsageError(f"--leads {text}: names of standard leads are expected, each once, as II,V1,V5")
    if len(names) == len(LEADS):
        raise UsageError(f"--leads {text}: all twelve are measured, and nothing is left to reconstruct")
    return tuple(lead for lead in LEADS if lead in names)


def select(data: Corpus, path: Path, folds: str | None, every: int = 1) -> Corpus:
    """The records asked for, which must be in millivolts. Raises UsageError where there are none."""
    if folds:
        try:
            data = data.select([int(fold) for fold in folds.split(",")])
        except ValueError:
            raise UsageError(f"--folds {folds}: numbers joined by commas are expected, as 8,9") from None
    if every < 1:
        raise UsageError(f"--every {every}: 1 or more is expected")
    data = data.every(every)
    if not len(data.uv):
        raise UsageError(f"{path} has no record in folds {folds}")
    if data.unit != "mV":
        raise UsageError(f"{path} is z-scored: nothing can be read in it; prepare it in millivolts")
    return data


def _check(data: Corpus, protocol: Protocol) -> None:
    left_s = (data.uv.shape[1] - protocol.enrol_samples) / RATE
    if protocol.enrol_samples < 0 or left_s < SCORED_AT_LEAST_S:
        seconds = protocol.enrol_samples / RATE
        raise UsageError(
            f"--enrol {seconds:g} leaves {left_s:g} s of each recording to score: {SCORED_AT_LEAST_S:g} are needed"
        )


def _opened(args: argparse.Namespace) -> list[Reconstructor]:
    names = [name.strip() for entry in args.baseline for name in entry.split(",")]
    source = corpus.load(args.fit or args.data) if names or args.model else None
    out = [reconstructors.bundle(path, args.engine) for path in args.bundle]
    out += [
        reconstructors.checkpoint(path, source.select([VALIDATION_FOLD]) if source else None) for path in args.model
    ]
    if names and source:
        train = source.select(TRAIN_FOLDS)
        if not len(train.uv) and reconstructors.FITTED & set(names):
            raise UsageError(f"{args.fit or args.data} has no folds 1 to 7 to fit a baseline on: give another to --fit")
        out += reconstructors.baselines(names, train)
    return out


def _progress(done: int, total: int) -> None:
    end = "\n" if done == total else ""
    print(f"\r{done} of {total} records", end=end, file=sys.stderr, flush=True)


def _about(args: argparse.Namespace) -> dict[str, Any]:
    folds = f", fold{'s' if ',' in args.folds else ''} {args.folds}" if args.folds else ""
    every = f", every {args.every}th" if args.every > 1 else ""
    return {"data": f"{args.data.name}{folds}{every}", "command": "python -m train evaluate " + " ".join(sys.argv[2:])}


def _draw(out: Path, data: Corpus, table: list[Row], true: Gathered, told: dict[str, Any], protocol: Protocol) -> None:
    given, models = protocol.given, told["models"]
    pictures.error_by_lead(out / "error_by_lead.png", models, given)
    pictures.calibration(out / "calibration.png", models, given)
    for row in table:
        path = out / f"r_amplitude_{pictures.slug(row.name)}.png"
        pictures.r_amplitudes(path, row, true, models[row.name], given)
    for kind, record in _examples(table[0], given).items():
        mv = data.uv[record].astype(np.float32) * np.float32(1e-3)
        whole = reconstructors.filtered(mv)
        for row in table:
            name = f"{data.table[record]['name']} ({kind}): {row.name}"
            path = out / f"paper_{kind}_{pictures.slug(row.name)}.png"
            pictures.overlay(path, estimate(row, whole, protocol), whole[protocol.enrol_samples :], given, name)


def _examples(row: Row, given: tuple[str, ...]) -> dict[str, int]:
    """Which recordings are drawn."""
    group = next(iter(signal_level.groups(given).values()))
    pcc: npt.NDArray[np.float64] = signal_level.mean_by_row(row.gathered.level(signal_level.FILTERED)["pcc"][:, group])
    order = np.argsort(pcc)[: int(np.isfinite(pcc).sum())]
    return {kind: int(order[int(place * (len(order) - 1))]) for kind, place in SHOWN.items()} if len(order) else {}
