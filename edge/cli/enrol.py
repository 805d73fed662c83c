"""edge-enrol: from seconds of a patient's twelve leads to a patient file, by which edge-run knows this heart."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edge import __version__
from edge.cli.run import DISCLAIMER
from edge.cli.terminal import Parser, guarded, show
from edge.config import DEFAULT_BUNDLE, ENGINES, RunSettings, settings
from edge.errors import InputError, OutputError, Reason, UsageError
from edge.leads import LEADS
from edge.stopping import stopped_after

if TYPE_CHECKING:
    from edge.gathering import Gathered
    from edge.patient import Patient

SHORTEST_S, USUAL_S, LONGEST_S = 4.0, 10.0, 300.0  # s; more than five minutes teach nothing new
MONTAGE = "II,V1,V5"
EPILOG = f"""\
example: edge-enrol --replay twelve.hea --seconds 10 --out patient.json
         edge-enrol --ble "ECG patch" --seconds 20 --out patient.json
         edge-run --port /dev/ttyUSB0 --patient patient.json

The file belongs to one heart, one network and one set of measured leads. edge-run compares the measured leads with the
heart that was enrolled and, where they do not fit, leaves the correction out and says so. It cannot see that an
electrode which is not measured would now lie elsewhere: enrol again when electrodes are placed anew or the patient's
heart has changed. The file holds no name; whoever keeps it must know whose it is.

{DISCLAIMER}
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return guarded("edge-enrol", lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    options = _parser().parse_args(argv)
    s = _settings(options)
    seconds = _seconds(options.seconds)
    _check_out(options.out)
    import asyncio

    from edge.bundle import open_bundle
    from edge.choice import decide
    from edge.enrolment import enrol
    from edge.gathering import gather
    from edge.patient import save_patient
    from edge.sources.chosen import chosen_source

    bundle = open_bundle(s.bundle)
    decided = decide(s, bundle)
    s, variant = decided.settings, decided.variant
    if decided.ignored:
        print(f"edge-enrol: {decided.ignored}", file=sys.stderr)
    try:
        gathered = asyncio.run(gather(chosen_source(s), seconds or USUAL_S))
    except KeyboardInterrupt:
        print("edge-enrol: stopped, no patient file is written", file=sys.stderr)
        return 0
    _check(gathered, seconds)
    with stopped_after():
        engine = bundle.load(variant, s.threads)
    patient = enrol(
        gathered.mv,
        gathered.device.rate,
        gathered.device.montage.names,
        [name.strip() for name in options.channels.split(",")],
        bundle=bundle,
        engine=engine,
        mains_hz=s.mains,
        hop_s=s.hop,
    )
    save_patient(options.out, patient)
    show(_told(patient, options.out))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="edge-enrol",
        description="Learns a patient's heart from seconds of twelve leads, for a patch that measures a few of them.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument_group("source (one of)").add_argument
    add("--replay", metavar="FILE", help="a recording: WFDB (with or without .hea), EDF, DICOM or CSV")
    add("--port", metavar="DEV", help="a device on this serial port that measures twelve leads, or most of them")
    add("--ble", metavar="NAME|ADDRESS|SERVICE", help="the same by Bluetooth LE (needs the extra: edge-ecg[ble])")
    add = parser.add_argument_group("what to learn").add_argument
    add("--out", metavar="FILE", type=Path, required=True, help="the patient file to write, such as patient.json")
    add(
        "--seconds", metavar="N", help=f"of signal to learn from, at rest: {SHORTEST_S:g} or more (default {USUAL_S:g})"
    )
    add(
        "--channels", metavar=MONTAGE, default=MONTAGE, help=f"the leads that edge-run will measure (default {MONTAGE})"
    )
    add("--leads", metavar="I,II,...", help="which leads to learn from, or what channels without names are, in turn")
    add = parser.add_argument_group("as edge-run will have it").add_argument
    add("--mains", metavar="HZ", help="a notch at 50 or 60 Hz, or off (default)")
    add("--hop", metavar="S", help="seconds between windows of 2 s (default 1)")
    add("--bundle", metavar="DIR", help="the network to use (default: the one that comes with edge-ecg)")
    add("--engine", choices=ENGINES, help="what runs it (default: the bundle's first)")
    add("--variant", metavar="NAME", help="which of the bundle's variants, such as float32")
    add("--threads", metavar="N", help="of the engine (default 1)")
    add("--baud", metavar="N", help="of the serial port (default 115200)")
    add("--bond", action="store_true", default=None, help="listen to a Bluetooth device only once it is paired with us")
    add("--give-up", metavar="S", help="seconds to wait for a port or a device that went away (default 60)")
    parser.add_argument("--version", action="version", version=f"edge-enrol {__version__}")
    return parser


def _settings(options: argparse.Namespace) -> RunSettings:
    """The same rules as for edge-run. Raises UsageError."""
    sources, same = ("replay", "port", "ble"), ("mains", "hop", "bundle", "engine", "variant", "threads")
    shared = (*sources, *same, "baud", "bond", "give_up")
    given = {key: getattr(options, key) for key in shared}
    given |= {"channels": options.leads, "speed": "max" if options.replay else None}
    if not any(getattr(options, source) for source in sources):
        raise UsageError("no source: give --replay FILE, --port DEVICE or --ble NAME, with twelve leads")
    if given["bundle"] is None:
        given["bundle"] = str(DEFAULT_BUNDLE)
    return settings(given)


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise UsageError(f"--seconds is {text!r}: it must be a number from {SHORTEST_S:g} to {LONGEST_S:g}")
    return seconds


def _check_out(path: Path) -> None:
    """Before a patient has sat still for nothing. Raises OutputError."""
    if path.is_dir():
        raise OutputError(f"{path} is a folder: name a file for --out", Reason.UNWRITABLE)
    if not path.parent.is_dir():
        raise OutputError(f"no such folder for --out: {path.parent}: make it first", Reason.UNWRITABLE)


def _check(gathered: Gathered, seconds: float | None) -> None:
    source, names = gathered.device.source, gathered.device.montage.names
    strange = [name for name in names if name not in LEADS]
    if strange:
        raise InputError(f"{source}: {', '.join(strange)} is no standard lead: choose with --leads", Reason.NO_LEADS)
    if gathered.off:
        raise InputError(f"{source}: an electrode of {', '.join(sorted(gathered.off))} was off: fix it, record again")
    if seconds is not None and gathered.seconds < seconds - 0.01:
        raise InputError(
            f"{source} has {gathered.seconds:.1f} s, --seconds asks for {seconds:g}: record longer, or ask less"
        )


def _told(patient: Patient, path: Path) -> str:
    lines = [
        f"{', '.join(patient.montage)} of this heart, learnt from {patient.seconds:.1f} s with the bundle "
        f"{patient.bundle_name}.",
        "Error of each missing lead, uV (0.5 to 40 Hz), on parts that were held back while the rest was learnt:",
        "",
        "  lead   without    with",
        *(f"  {lead:<5}{before:9.1f}{after:8.1f}" for lead, (before, after) in patient.gain.items()),
        "",
        f"patient file: {path}",
    ]
    if patient.likeness is None:
        lines.append("The bundle cannot tell hearts apart: edge-run will not notice when the file is another person's.")
    else:
        lines.append("edge-run leaves the correction out, and says so, where the measured leads show another heart.")
    lines.append("That an electrode which is not measured has moved cannot be seen: enrol again after placing anew.")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
