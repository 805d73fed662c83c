"""python -m train prepare: read a published data set and cache it as a corpus.

python -m train prepare ptbxl ~/data/ptb-xl --out cache/ptbxl
"""

from __future__ import annotations

import argparse
from pathlib import Path

from train.data import corpus, ludb, ptbxl

READERS = {"ptbxl": ptbxl.read, "ludb": ludb.read}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("set", choices=sorted(READERS))
    parser.add_argument("root", type=Path, help="the data set's folder, as its publisher ships it")
    parser.add_argument("--out", type=Path, required=True)


def run(args: argparse.Namespace) -> int:
    count, rejected = corpus.save(args.out, READERS[args.set](args.root))
    for line in rejected:
        print(f"rejected {line}")
    print(f"{count} records in {args.out}, {len(rejected)} rejected")
    return 0
