"""python -m benchmarks ischemia: ST, infarction and conduction by the criteria, measured and reconstructed.

    python -m benchmarks ischemia --marks DIR --pictures benchmarks/results/ischemia

On PTB-XL fold 9 and LUDB, through the product's whole road: all twelve leads measured; II, V1 and V5 measured and the
rest reconstructed blind; these three alone; and enrolled on the first four seconds, scored on the rest.

levels     ST at J and J + 60 ms against twelve measured leads, by lead: median and 95th percentile of the error (uV)
landmarks  QRS onset, peak and end, P onset and T end against LUDB's marks (ours less theirs, ms)
auroc      the criteria's scores against the readers' statements, with bootstrap 95 % intervals
cases      LUDB's STEMI, ischaemia and scars one by one
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks import packs, result
from benchmarks.ischemia import accuracy, cases, discrimination, road, sets
from edge.bundle import open_bundle
from edge.config import DEFAULT_BUNDLE

FOLD = 9
LICENCE = "Recordings: LUDB (Kalyakulina et al. 2020, PhysioNet), ODC-By 1.0."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--marks", type=Path, metavar="DIR", help="LUDB as its publisher ships it, for its marks")
    parser.add_argument("--data", type=Path, default=packs.DEFAULT, help="folder of the packed recordings")
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE)
    parser.add_argument("--engine", default="litert")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each recording to enrol on (%(default)g)")
    parser.add_argument("--every", type=int, default=1, help="take every n-th recording")
    parser.add_argument("--pictures", type=Path, help="folder for pictures of what was missed")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "ischemia.json")


def run(args: argparse.Namespace) -> int:
    bundle = open_bundle(args.bundle)
    network = road.Network(bundle, bundle.load(bundle.choose(args.engine)))
    page = cases.Page(args.pictures)
    figures: dict[str, Any] = {"bundle": bundle.name, "montage": list(road.PATCH), "enrolled_on_s": args.seconds}
    for name in ("ptbxl", "ludb"):
        marks = args.marks if name == "ludb" else None
        figures[name] = _of_set([*_records(args, name)], network, args.seconds, marks, page)
    page.write(_head())
    result.write(args.out, figures, ("numpy", "scipy", "ai-edge-litert"))
    return 0


def _records(args: argparse.Namespace, name: str) -> Any:
    return sets.ludb(args.data, args.every) if name == "ludb" else sets.ptbxl(args.data, (FOLD,), args.every)


def _of_set(
    records: list[sets.Record], network: road.Network, seconds: float, marks: Path | None, page: cases.Page
) -> dict[str, Any]:
    began, refusals = time.monotonic(), Counter[str]()
    readings: dict[str, list[Any]] = {way: [] for way in road.WAYS}
    for record in records:
        found, refused = road.ways(record, network, seconds)
        refusals["enrolled" if not refused else "not enrolled"] += 1
        for way, reading in found.items():
            readings[way].append(reading)
    print(f"{len(records)} recordings in {time.monotonic() - began:.0f} s", flush=True)
    out: dict[str, Any] = {
        "recordings": len(records),
        "enrolment": dict(refusals),
        "unread": {way: sum(one is None for one in of) for way, of in readings.items()},
        "levels": {
            "blind": accuracy.levels(readings["twelve"], readings["blind"]),
            "rest blind": accuracy.levels(readings["rest twelve"], readings["rest blind"]),
            "rest enrolled": accuracy.levels(readings["rest twelve"], readings["rest enrolled"]),
        },
        "auroc": {way: discrimination.of(records, of) for way, of in readings.items()},
    }
    for way, of in out["auroc"].items():
        print(way, {name: (f["cases"], f["auroc"]) for name, f in of.items()}, flush=True)
    if marks is not None:
        names = [record.name for record in records]
        out["landmarks"] = {
            way: accuracy.landmarks(marks, dict(zip(names, readings[way], strict=True))) for way in ("twelve", "blind")
        }
        out["cases"] = cases.compare(records, readings, page)
        print(out["landmarks"], out["cases"]["counts"], flush=True)
    return out


def _head() -> list[str]:
    return [
        "# Ischaemia and scars of LUDB that were missed",
        "",
        "Drawn by `python -m benchmarks ischemia`: average beats of twelve measured leads, and of what is made of II,",
        "V1 and V5. A condition counts as told from a score of one half on. Vertical lines: the J point.",
        "",
        LICENCE,
    ]
