"""python -m train VERB …"""

from __future__ import annotations

import argparse
import sys

from train import fit, prepare

VERBS = {"prepare": prepare, "fit": fit}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m train", description="Train and evaluate the networks of edge-ecg.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for name, module in VERBS.items():
        module.add_arguments(
            verbs.add_parser(name, description=module.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        )
    args = parser.parse_args()
    return VERBS[args.verb].run(args)


if __name__ == "__main__":
    sys.exit(main())
