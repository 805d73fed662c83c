"""python -m train views: what classifiers are shown of every heart of a corpus, made once.

    python -m train views --data cache/ptbxl --bundle edge/bundles/default --leads II,V1,V5 --out cache/views-ptbxl.npz
    python -m train views --data cache/ptbxl cache/cpsc2018 cache/code15 --out cache/views-all.npz

The eight independent leads at 100 Hz: as they are, as the bundle reconstructs them of the measured ones, and as it does
after enrolment on the first four seconds; some minutes for a few thousand records. Of several corpora each teaches what
its readers had a word for, and is silent on the rest.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from edge.config import DEFAULT_BUNDLE
from edge.errors import UsageError
from train.data import corpus
from train.data.progress import Progress
from train.diagnosis import views
from train.evaluate import reconstructors
from train.evaluate.command import leads


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="corpora, in millivolts; joined")
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE, help="reconstructs (default: the package's)")
    parser.add_argument("--leads", default="II,V1,V5", help="that are measured (%(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="a .npz file")


def run(args: argparse.Namespace) -> int:
    data = corpus.load(*args.data)
    if data.unit != "mV":
        raise UsageError(f"{args.data[0]} is z-scored: prepare it in millivolts")
    progress = Progress("views", len(data), "records")
    made = views.make(data, reconstructors.bundle(args.bundle), leads(args.leads), progress.step)
    progress.close()
    views.save(args.out, made)
    print(f"{args.out}: {len(data)} records, {int(made.enrolled.sum())} of them enrolled")
    return 0
