"""python -m train VERB …"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from edge.cli.terminal import Parser, guarded

VERBS = {  # each a module of `train` with add_arguments(parser) and run(args) -> exit code
    "download": "fetch a data set from PhysioNet",
    "prepare": "read a published data set and cache it as a corpus",
    "fit": "train a network on prepared corpora",
    "evaluate": "score networks, bundles and baselines side by side",
    "views": "make what classifiers are shown of a corpus",
    "classify": "fit classifiers of twelve, three and one lead",
    "turing": "make a blinded reading test, and score its returned forms",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return guarded("train", lambda: _main(sys.argv[1:] if argv is None else list(argv)))


def _main(argv: list[str]) -> int:
    parser = Parser(prog="python -m train", description="Train and evaluate the networks of edge-ecg.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    modules = {}
    for name, summary in VERBS.items():
        verb = verbs.add_parser(name, help=summary, formatter_class=argparse.RawDescriptionHelpFormatter)
        if name in argv[:1]:  # the others' imports cost seconds
            modules[name] = importlib.import_module(f"train.{name}")
            verb.description = modules[name].__doc__
            modules[name].add_arguments(verb)
    args = parser.parse_args(argv)
    code: int = modules[args.verb].run(args)
    return code


if __name__ == "__main__":
    sys.exit(main())
