"""A bluetoothd and a virtual patch in a process of their own, on the bus that DBUS_SYSTEM_BUS_ADDRESS names.

    python -m benchmarks.bluez --mtu 247 --seconds 60

Prints `ready`, serves until its input ends, and prints the patch's account as JSON.
"""

from __future__ import annotations

import argparse
import json
import sys

from benchmarks.bluez.served import Served
from benchmarks.fault_run import LEADS, Setup
from edge.sinks.ble_patch import samples_a_notification
from edge.virtual import virtual_patch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mtu", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--rate", type=float, default=500.0)
    args = parser.parse_args()
    worn = Setup(seconds=args.seconds, rate=args.rate).worn
    fit = samples_a_notification(args.mtu, len(LEADS), args.rate)
    patch = virtual_patch(worn, args.rate, LEADS, samples_per_message=fit)
    with Served(patch, mtu=args.mtu):
        print("ready", flush=True)
        sys.stdin.read()
    log = patch.log
    print(json.dumps({"sampled": log.sampled, "delivered": log.delivered, "lost": dict(log.lost)}), flush=True)


if __name__ == "__main__":
    main()
