"""How well annotations agree with reference annotations, as ANSI/AAMI EC57 has it.

    python -m benchmarks.ec57 mitdb --reference atr --test qrs --test-dir found --episodes af vf
    python -m benchmarks.ec57 mitdb --peers xqrs pantompkins1985 neurokit --json peers.json

Every record of a folder with reference annotations is compared: beat by beat (150 ms, after the first 5 minutes), run
by run, and episode by episode. Prints Markdown; records with paced beats are left out. Times in seconds. A detector
named with --peers is run on lead II (MLII) of each record, or on its first lead where there is none.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import result
from benchmarks.ec57 import beats, peers, tables
from benchmarks.ec57.annotations import Annotations, of_beats, read
from benchmarks.ec57.classes import EC57, ESCAPES_NORMAL
from benchmarks.ec57.comparison import RecordComparison, Settings, compare, figures
from benchmarks.ec57.rhythms import RHYTHMS
from edge.errors import InputError, UsageError
from edge.leads import canonical

Annotator = Callable[[str, Annotations], Annotations | None]  # of a record's name and its reference


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="REFERENCE_DIR", help="folder of WFDB records")
    parser.add_argument("--reference", default="atr", metavar="NAME", help="reference annotator (%(default)s)")
    parser.add_argument("--test", nargs="+", default=[], metavar="NAME", help="test annotators")
    parser.add_argument("--test-dir", type=Path, metavar="DIR", help="where theirs lie (REFERENCE_DIR)")
    parser.add_argument("--peers", nargs="+", default=[], choices=peers.DETECTORS, help="detectors to run and compare")
    parser.add_argument("--episodes", nargs="+", default=[], choices=tuple(RHYTHMS), help="rhythms to compare")
    parser.add_argument("--minimum", type=float, default=0.0, metavar="S", help="shorter episodes do not count (0)")
    parser.add_argument("--learning", type=float, default=beats.LEARNING_S, metavar="S", help="not compared (300)")
    parser.add_argument("--window", type=float, default=beats.WINDOW_S, metavar="S", help="match window (0.15)")
    parser.add_argument("--paced", action="store_true", help="also records with paced beats")
    parser.add_argument("--escapes-normal", action="store_true", help="e and j are N, as in most papers, and not S")
    parser.add_argument("--json", type=Path, metavar="OUT", help="result file")


def run(args: argparse.Namespace) -> int:
    if not args.test and not args.peers:
        raise UsageError("nothing to compare: name annotators with --test or detectors with --peers")
    settings = Settings(
        learning_s=args.learning,
        window_s=args.window,
        rhythms=tuple(args.episodes),
        minimum_s=args.minimum,
        classes=ESCAPES_NORMAL if args.escapes_normal else EC57,
    )
    references = _references(args.folder, args.reference)
    paced = [] if args.paced else [name for name, marks in references.items() if marks.paced]
    compared = {name: marks for name, marks in references.items() if name not in paced}
    found, missing = {}, {}
    for name, annotate in _annotators(args).items():
        found[name], missing[name] = _compare_all(name, compared, annotate, settings)
    _show(found, paced, missing)
    if args.json:
        result.write(args.json, _figures(args, found, paced, missing), ("numpy", "scipy", "wfdb", "neurokit2"))
    return 0


def _references(folder: Path, annotator: str) -> dict[str, Annotations]:
    paths = sorted(folder.glob(f"*.{annotator}"))
    if not paths:
        raise InputError(f"no annotations *.{annotator} in {folder}: name the folder and --reference")
    return {path.stem: read(path.with_suffix(""), annotator) for path in paths}


def _annotators(args: argparse.Namespace) -> dict[str, Annotator]:
    folder = args.test_dir or args.folder

    def from_file(annotator: str) -> Annotator:
        def annotate(record: str, reference: Annotations) -> Annotations | None:
            path = folder / record
            there = Path(f"{path}.{annotator}").is_file()
            return read(path, annotator, reference.rate) if there else None

        return annotate

    def from_signal(detector: str) -> Annotator:
        return lambda record, _: _detected(args.folder / record, detector)

    return {name: from_file(name) for name in args.test} | {name: from_signal(name) for name in args.peers}


def _detected(path: Path, detector: str) -> Annotations:
    import wfdb

    record = wfdb.rdrecord(str(path))
    leads = [canonical(name) or name for name in record.sig_name]
    lead = leads.index("II") if "II" in leads else 0
    mv = np.asarray(record.p_signal[:, lead])
    return of_beats(record.fs, peers.detect(detector, mv, record.fs))


def _compare_all(
    name: str, references: dict[str, Annotations], annotate: Annotator, settings: Settings
) -> tuple[dict[str, RecordComparison], list[str]]:
    """What was compared, and the records for which there are no test annotations."""
    found, missing = {}, []
    for record, reference in references.items():
        test = annotate(record, reference)
        if test is None:
            missing.append(record)
        else:
            found[record] = compare(reference, test, settings)
            print(f"{name} {record}", file=sys.stderr)
    if not found:
        raise InputError(f"no annotations of {name} for any record: name their folder with --test-dir")
    return found, missing


def _show(found: dict[str, dict[str, RecordComparison]], paced: list[str], missing: dict[str, list[str]]) -> None:
    reports = (tables.report(name, records, name in peers.DETECTORS) for name, records in found.items())
    print("\n\n".join([*reports, "## Summary", tables.summary(found, peers.DETECTORS)]))
    if paced:
        print(f"\nLeft out, with paced beats: {', '.join(paced)}.")
    for name, records in missing.items():
        if records:
            print(f"\nNo annotations of {name}: {', '.join(records)}.")


def _figures(
    args: argparse.Namespace,
    found: dict[str, dict[str, RecordComparison]],
    paced: list[str],
    missing: dict[str, list[str]],
) -> dict[str, Any]:
    return {
        "learning_s": args.learning,
        "window_ms": 1000 * args.window,
        "escape_beats_are": "N" if args.escapes_normal else "S",
        "left_out_paced": paced,
        "without_test_annotations": missing,
        "annotators": {name: figures(records) for name, records in found.items()},
    }
