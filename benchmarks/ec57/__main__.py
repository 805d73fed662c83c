"""python -m benchmarks.ec57 REFERENCE_DIR …"""

from __future__ import annotations

import argparse
import sys

from benchmarks.ec57 import command
from edge.cli.terminal import guarded


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.ec57",
        description=command.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)
    args = parser.parse_args()
    sys.argv.insert(1, "ec57")  # a result file tells the command as the verb of `benchmarks` that it also is
    return guarded("benchmarks ec57", lambda: command.run(args))


if __name__ == "__main__":
    sys.exit(main())
