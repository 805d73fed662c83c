"""edge-gateway: many patches on one board."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from edge import __version__
from edge.cli.run import DISCLAIMER
from edge.cli.terminal import Parser, guarded, show

VIEWS = ("auto", "live", "plain", "none")
EXAMPLES = f"""\
patches.toml:
  record = "/var/lib/edge-ecg"      for all patches: any key of edge.toml, and each may have its own
  serve = 8080                      one page for all (needs the extra: edge-ecg[web])

  [patch.bed1]
  port = "/dev/ttyUSB0"
  [patch.bed2]
  ble = "ECG patch"
  channels = "II,V1,V5"

A table that changes is read again, within a second or on SIGHUP: patches that are new are started, those that are gone
end, those that have changed are started anew; the others do not notice.

{DISCLAIMER}
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return guarded("edge-gateway", lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    args = _parser().parse_args(argv)
    from edge.gateway.table import read

    path = Path(args.config)
    table = read(path)
    if args.check:
        from edge.gateway.checked import words

        show(words(table))
        return 0
    from edge.gateway.run import run

    run(path, table, args.view)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="edge-gateway",
        description="Many patches on one board: a process each, one page and one MQTT session for all.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--config", metavar="patches.toml", required=True, help="the table of the patches")
    add("--check", action="store_true", help="say what would run, and end")
    add("--view", choices=VIEWS, default="auto", help="what to show in the terminal (default: auto)")
    add("--version", action="version", version=f"edge-gateway {__version__}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
