"""python -m benchmarks st-alerts: false alerts of ST and Q in minutes of normal hearts.

    python -m benchmarks st-alerts --nstdb DIR

Normal recordings of PTB-XL folds 8 and 9, made into minutes: still, with nstdb's baseline wander at each electrode, and
with the body turning every minute. Alerts an hour with exact 95 % intervals; all of them are false.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from benchmarks import packs, result
from benchmarks.ischemia import road, sets, streams
from edge.bundle import open_bundle
from edge.config import DEFAULT_BUNDLE
from edge.leads import LEADS

FOLDS = (8, 9)
WANDER_UV = (100.0, 300.0, 1000.0)  # rms at each electrode: at rest, walking, and a loose electrode
CONDITIONS = {
    "still": streams.Condition(),
    **{f"wander {uv:g} uV": streams.Condition(wander_uv=uv) for uv in WANDER_UV},
    "turning": streams.Condition(turns=True),
}
OF_TWELVE = ("still", "wander 300 uV", "turning")  # twelve measured leads cost twice the time


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--nstdb", type=Path, required=True, metavar="DIR", help="nstdb as its publisher ships it")
    parser.add_argument("--data", type=Path, default=packs.DEFAULT, help="folder of the packed recordings")
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE)
    parser.add_argument("--engine", default="litert")
    parser.add_argument("--streams", type=int, default=30, help="normal hearts made into minutes (%(default)s)")
    parser.add_argument("--minutes", type=float, default=3.0, help="of each of them (%(default)g)")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "st_alerts.json")


def run(args: argparse.Namespace) -> int:
    bundle = open_bundle(args.bundle)
    network = road.Network(bundle, bundle.load(bundle.choose(args.engine)))
    normal = [one for one in sets.ptbxl(args.data, FOLDS) if one.has["normal"]]
    chosen = normal[:: max(1, len(normal) // args.streams)][: args.streams]
    wander = streams.wander_of(args.nstdb)
    figures: dict[str, Any] = {"bundle": bundle.name, "minutes": args.minutes}
    for title, leads in (("patch", road.PATCH), ("twelve", LEADS)):
        figures[title] = {}
        for name in CONDITIONS if leads == road.PATCH else OF_TWELVE:
            found = streams.false_alerts(chosen, network, leads, CONDITIONS[name], args.minutes, wander)
            figures[title][name] = found
            print(title, name, found["hours"], found["kinds"], found["read_share"], flush=True)
    result.write(args.out, figures, ("numpy", "scipy", "ai-edge-litert"))
    return 0
