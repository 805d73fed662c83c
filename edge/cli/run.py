"""edge-run: from a patch, or a recording, to twelve leads."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edge import __version__
from edge.cli.terminal import Parser, guarded, show
from edge.config import ENGINES, SOURCES, VIEWS, RunSettings, settings
from edge.sinks.state import ViewState
from edge.stopping import ignored, stopped_after

if TYPE_CHECKING:
    from edge.sinks.base import Sink

DISCLAIMER = "Not a medical device: for research and development, never for diagnosis or monitoring of patients."
EXAMPLES = f"""\
examples:
  edge-run --demo                                 a real heart through a virtual patch, in half a minute
  edge-run --port /dev/ttyUSB0 --record night     a patch on a serial port, recorded
  edge-run --ble "ECG patch"                      a patch by Bluetooth LE: by name, address or service
  edge-run --port /dev/ttyUSB0 --device cyton --channels II,V1,V5     a board of another make
  edge-run --replay rec.hea --channels II,V1,V5 --speed max --events -
  edge-run --port /dev/ttyUSB0 --serve 8080       a page in the browser of this machine: http://127.0.0.1:8080/
  edge-run --ble "ECG patch" --serve 0.0.0.0:8080     and of others, which need the token that it prints
  edge-run --review night --serve 8080            recordings alone
  edge-run --port /dev/ttyUSB0 --patient patient.json     with what edge-enrol learnt of this heart

An alert of high priority that is over stays in view until somebody acknowledges it. The patch's button does that, for
every alert, and so does the signal USR1: pkill -USR1 edge-run

{DISCLAIMER}
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return guarded("edge-run", lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    given = vars(_parser().parse_args(argv))
    if given.pop("list"):
        from edge.sources.ports import listing

        show(listing())
        return 0
    config = given.pop("config")
    chosen = settings(given, Path(config) if config else None)
    with ignored(signal.SIGUSR1):  # while there is nothing to acknowledge yet
        if chosen.serve and not chosen.explain:
            return _served(chosen)
        return _go(chosen, ViewState())


def _served(s: RunSettings) -> int:
    from edge.web.page import served

    state = ViewState()
    with served(s, state) as page:
        code = _go(s, state, page.sinks) if any(getattr(s, source) for source in SOURCES) else 0
        page.stay()
    return code


def _go(s: RunSettings, state: ViewState, more: Sequence[Sink] = ()) -> int:
    """`more`: sinks beside those that the settings ask for."""
    if s.demo and not s.explain:
        from edge.demo import demo

        return demo(s, state, more)
    return _run(s, state, more)


def _run(s: RunSettings, state: ViewState, more: Sequence[Sink]) -> int:
    import asyncio

    from edge.bundle import open_bundle
    from edge.choice import decide
    from edge.runner import Run
    from edge.sinks.chosen import chosen_sinks
    from edge.sources.chosen import chosen_source

    bundle = open_bundle(s.bundle)
    decided = decide(s, bundle)
    s, variant = decided.settings, decided.variant
    if decided.ignored:
        print(f"edge-run: {decided.ignored}", file=sys.stderr)
    patient = None
    if s.patient:
        from edge.patient import open_patient

        patient = open_patient(s.patient)
    if s.explain:
        from edge.explain import explain

        show(explain(s, bundle, variant, patient, decided.choice))
        return 0
    source = chosen_source(s)
    with stopped_after():
        engine = bundle.load(variant, s.threads)
    sinks = [*chosen_sinks(s, state), *more]
    asyncio.run(Run(source, s, bundle, variant, engine, sinks, state, patient).go())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="edge-run",
        description="Twelve-lead ECG from a patch's few leads, live: reconstructed, watched over, recorded.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument_group("source (one of)").add_argument
    add("--port", metavar="DEV", help="a patch on this serial port")
    add("--ble", metavar="NAME|ADDRESS|SERVICE", help="a patch by Bluetooth LE (needs the extra: edge-ecg[ble])")
    add("--replay", metavar="FILE", help="a recording: WFDB (with or without .hea), EDF, DICOM or CSV")
    add("--demo", action="store_true", default=None, help="a real recording through a virtual patch and a real pty")
    add("--list", action="store_true", help="list the serial ports and Bluetooth devices, and end")
    add = parser.add_argument_group("signal").add_argument
    add("--device", metavar="NAME", help="of another make, at --port or --ble: cyton, openview, polar")
    add("--channels", metavar="II,V1,V5", help="which leads to use, or what channels without such names are, in turn")
    add("--device-setup", metavar="TEXT", help="send this to the --device before it begins")
    add("--uv-per-count", metavar="UV", help="of a --device whose gain is not the usual one")
    add("--mains", metavar="HZ", help="a notch at 50 or 60 Hz, or off (default)")
    add("--hop", metavar="S", help="seconds between windows of 2 s (default 1): less is sooner and costs more")
    add("--baud", metavar="N", help="of the serial port (default 115200)")
    add("--bond", action="store_true", default=None, help="listen to a Bluetooth patch only once it is paired with us")
    add("--give-up", metavar="S", help="seconds to wait for a port or a patch that went away (default 60)")
    add("--speed", metavar="1|N|max", help="of a replay, times real time (default 1)")
    add("--duration", metavar="S", help="seconds of signal after which to end")
    add = parser.add_argument_group("network").add_argument
    add("--bundle", metavar="DIR", help="the network to use (default: the one that comes with edge-ecg)")
    add("--engine", choices=ENGINES, help="what runs it (default: edge-bench's choice, or the bundle's first)")
    add("--variant", metavar="NAME", help="which of the bundle's variants, such as float32 (default: likewise)")
    add(
        "--patient", metavar="FILE", help="this patient's correction, made by edge-enrol; steps aside for another heart"
    )
    add("--threads", metavar="N", help="of the engine (default: edge-bench's choice, or 1)")
    add(
        "--no-classify",
        dest="classify",
        action="store_false",
        default=None,
        help="without the bundle's classifier: criteria alone speak of infarction, blocks and hypertrophy",
    )
    add = parser.add_argument_group("results").add_argument
    add("--record", metavar="DIR", help="record as WFDB into this folder: twelve leads, beats, alerts, raw samples")
    add("--no-raw", dest="raw", action="store_false", default=None, help="leave the raw samples out of the recording")
    add(
        "--alert-dir",
        metavar="DIR",
        help="keep the alerts' log and a strip of each in this folder (default: that of --record)",
    )
    add("--events", metavar="FILE|-", help="append events as JSON lines")
    add("--summary", metavar="FILE", help="write the summary as JSON")
    add(
        "--mqtt",
        metavar="mqtt[s]://HOST[:PORT][/PREFIX]",
        help="alerts, beats, rhythm and health to this broker, and more as [mqtt] says (needs edge-ecg[mqtt])",
    )
    add(
        "--lsl",
        metavar="NAME",
        nargs="?",
        const=True,
        help="the twelve leads and the alerts as Lab Streaming Layer outlets (needs edge-ecg[lsl])",
    )
    add("--metrics", metavar="[HOST:]PORT", help="counts and latencies for Prometheus (needs edge-ecg[metrics])")
    add("--view", choices=VIEWS, help="what to show in the terminal (default: auto)")
    add = parser.add_argument_group("page").add_argument
    add("--serve", metavar="[HOST:]PORT", help="show it in a browser (needs edge-ecg[web]); without HOST: here only")
    add("--review", metavar="DIR", help="recordings to show there (default: those of --record); needs no source")
    add("--serve-token-file", metavar="FILE", help="what lets a browser in, made if missing (default: in ~/.config)")
    add("--serve-cert", metavar="FILE", help="serve by TLS with this certificate (PEM) ...")
    add("--serve-key", metavar="FILE", help="... and its key")
    add("--serve-name", metavar="NAME,...", help="another name of this host, by which browsers may call it")
    add = parser.add_argument_group("other").add_argument
    add("--config", metavar="edge.toml", help="settings from a file; the command line wins")
    add("--explain", action="store_true", default=None, help="say what would be done, each stage's delay too, and end")
    add("--version", action="version", version=f"edge-run {__version__}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
