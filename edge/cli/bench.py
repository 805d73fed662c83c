"""edge-bench: what this board makes of the network, and what edge-run should use on it."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edge import __version__
from edge.bench.settings import BENCH_RULES, USUAL_S, BenchSettings
from edge.cli.run import DISCLAIMER
from edge.cli.terminal import Parser, guarded, show
from edge.errors import EdgeError, OutputError, Reason, UsageError

if TYPE_CHECKING:
    from edge.bench.measured import Measured

EPILOG = f"""\
examples:
  edge-bench                          a table, in some 40 s
  edge-bench --select                 and edge-run uses what suits this board best from now on
  edge-bench --share > board.json     one line to send to others: no names, no paths, no serial numbers
  edge-bench --threads 1,2 --duration 60 --no-stream --png bench.png

{DISCLAIMER}
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return guarded("edge-bench", lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    options = _parser().parse_args(argv)
    settings = _settings(options)
    _check_places(options)
    from edge.bench.measured import measure
    from edge.bench.progress import Progress

    progress = Progress()

    def say(line: str) -> None:
        progress.line(f"edge-bench: {line}")

    try:
        found = measure(settings, tell=progress, warn=say)
    finally:
        progress.clear()
    failure = None
    try:
        if options.select:
            _save(found, say)
        if options.png:
            _draw(options.png, found, say)
    except EdgeError as error:
        failure = error  # raised when the figures are out: they took long
    show(_told(found, options))
    if failure is not None:
        raise failure
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="edge-bench",
        description="How fast the network's variants are on this board, what they cost, and how soon an alert comes.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument_group("what to measure").add_argument
    add("--bundle", metavar="DIR", help="the network to measure (default: the one that comes with edge-ecg)")
    add("--threads", metavar="1,2,4", help="of the engines (default: 1, and 2 and 4 where there are so many cores)")
    add("--duration", metavar="S", help=f"seconds of timing windows, all variants together (default {USUAL_S:g})")
    add("--no-stream", dest="stream", action="store_false", help="leave out the live run of 11 s, end to end")
    form = parser.add_argument_group("results")
    one = form.add_mutually_exclusive_group()
    one.add_argument("--json", action="store_true", help="all of it as one JSON object on standard output")
    one.add_argument("--share", action="store_true", help="one line of JSON to send to others, nothing private in it")
    form.add_argument("--png", metavar="FILE", type=Path, help="draw p50 and p95 by variant and threads (matplotlib)")
    form.add_argument("--select", action="store_true", help="let edge-run use what suits this board best by default")
    parser.add_argument("--version", action="version", version=f"edge-bench {__version__}")
    return parser


def _settings(options: argparse.Namespace) -> BenchSettings:
    """Raises UsageError."""
    named: dict[str, Any] = {}
    for key, rule in BENCH_RULES.items():
        text = getattr(options, key)
        if text is None:
            continue
        try:
            named[key] = rule.convert(text)
        except (ValueError, OverflowError) as error:
            raise UsageError(f"--{key} is {text!r}: it must be {rule.text}") from error
    return BenchSettings(stream=options.stream, **named)


def _check_places(options: argparse.Namespace) -> None:
    """Before anybody has waited in vain. Raises EdgeError."""
    if options.select:
        from edge.choice import prepared_place

        prepared_place()
    if options.png is None:
        return
    if importlib.util.find_spec("matplotlib") is None:
        raise UsageError("a picture needs matplotlib: pip install 'edge-ecg[demo]'", Reason.CONFIG)
    if options.png.is_dir():
        raise OutputError(f"{options.png} is a folder: name a file for --png", Reason.UNWRITABLE)
    if not options.png.parent.is_dir():
        raise OutputError(f"no such folder for --png: {options.png.parent}: make it first", Reason.UNWRITABLE)


def _save(found: Measured, say: Callable[[str], None]) -> None:
    from edge.choice import Choice, save_choice

    best = found.best
    if best is None:
        say("stopped before all variants had their turns: no choice is saved")
        return
    path = save_choice(found.bundle.identity, Choice(best.variant, best.threads, found.day))
    say(f"edge-run uses {best.variant} with {best.threads} thread(s) from now on, unless told otherwise: {path}")


def _draw(path: Path, found: Measured, say: Callable[[str], None]) -> None:
    if not any(t.windows for t in found.timings):
        say("stopped before any window was timed: nothing is drawn")
        return
    from edge.bench.chart import draw_chart

    draw_chart(path, found)


def _told(found: Measured, options: argparse.Namespace) -> str:
    from edge.bench.report import as_json, shared
    from edge.bench.table import table

    if options.json:
        return as_json(found)
    return shared(found) if options.share else table(found)


if __name__ == "__main__":
    sys.exit(main())
