"""python -m benchmarks VERB …"""

from __future__ import annotations

import argparse
import sys

from benchmarks import (
    aarch64,
    accuracy,
    batch,
    batch_faults,
    ble,
    enrol,
    faults,
    filters,
    floors,
    gateway,
    kills,
    latency,
    leads,
    limit,
    lsl_time,
    mcma,
    mqtt_faults,
    networks,
    page,
    quality,
    report,
    review,
    size,
    soak,
    stream,
    survival,
    web_frames,
    wheels,
    which_lead,
)
from benchmarks.classify import command as classify
from benchmarks.ec57 import command as ec57
from benchmarks.fuzz import command as fuzz
from benchmarks.ischemia import alerts as st_alerts
from benchmarks.ischemia import command as ischemia
from benchmarks.rhythm import command as rhythm
from edge.cli.terminal import guarded

VERBS = {
    "aarch64": aarch64,
    "accuracy": accuracy,
    "batch": batch,
    "batch-faults": batch_faults,
    "ble": ble,
    "classify": classify,
    "ec57": ec57,
    "enrol": enrol,
    "faults": faults,
    "filters": filters,
    "floors": floors,
    "fuzz": fuzz,
    "gateway": gateway,
    "ischemia": ischemia,
    "kills": kills,
    "latency": latency,
    "leads": leads,
    "limit": limit,
    "lsl": lsl_time,
    "mcma": mcma,
    "mqtt": mqtt_faults,
    "networks": networks,
    "page": page,
    "quality": quality,
    "report": report,
    "review": review,
    "rhythm": rhythm,
    "size": size,
    "soak": soak,
    "st-alerts": st_alerts,
    "stream": stream,
    "survival": survival,
    "web": web_frames,
    "wheels": wheels,
    "which-lead": which_lead,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure edge-ecg.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for name, module in VERBS.items():
        module.add_arguments(
            verbs.add_parser(name, description=module.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        )
    args = parser.parse_args()
    return guarded("benchmarks", lambda: VERBS[args.verb].run(args))


if __name__ == "__main__":
    sys.exit(main())
