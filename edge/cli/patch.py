"""`edge-patch`: a patch in software, on a pseudo-terminal, by Bluetooth LE or in a file."""

from __future__ import annotations

import argparse
import contextlib
import math
import secrets
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from edge.blocks import Signal
from edge.cli.terminal import Parser, guarded, show
from edge.errors import OutputError, Reason, UsageError
from edge.leads import LEAD
from edge.montage import Montage
from edge.sinks.pty_server import PtyServer
from edge.synthetic import synthesise
from edge.synthetic_rhythms import RHYTHMS
from edge.virtual import virtual_patch
from firmware_bridge.faults import Fault, Unplug, describe_faults, parse_fault
from firmware_bridge.link import Link
from firmware_bridge.losses import Log
from firmware_bridge.patch import VirtualPatch
from firmware_bridge.validate import refused_rate

DEFAULT_CHANNELS = "II,V1,V5"
SYNTHETIC_S = 60.0  # of signal, where no --duration says otherwise; also what --loop repeats
SYNTHETIC_RATE = 500.0
AMPLIFIER_NOISE_UV = 1.5  # rms, as an ADS1298 has at gain 6; a line without any is a dead one to a judge of quality
MAX_SYNTHETIC_S = 4 * 3600.0  # 1 GB while it is made; --loop goes on for ever in less
MAX_RING_S = 600.0  # a patch with more memory than that is none
WRITE_S = 1.0  # of signal at once, into a file
WAIT_S = 1.0
NO_PATH = ""  # --pty alone
BLE_NAME = "ECG patch"  # --ble alone


def main(argv: list[str] | None = None) -> int:
    """Runs the command line; returns the exit code."""
    return guarded("edge-patch", lambda: _main(argv))


def _main(argv: list[str] | None) -> int:
    options = _parser().parse_args(argv)
    faults = _checked(options)
    patch = None
    with contextlib.suppress(KeyboardInterrupt):
        patch = _patch(options)
        send = _serve if options.pty is not None else _notify if options.ble is not None else _write
        send(patch, faults, options)
    if patch is not None:
        print(f"edge-patch: {_account(patch.log)}", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="edge-patch",
        description="A virtual patch: sends a recording, or a synthetic rhythm, as a firmware would.",
        epilog="faults:\n  " + "\n  ".join(describe_faults()) + "\n\n"
        "example: edge-patch --pty /tmp/patch --synthetic af --fault drop:p=0.01 --fault unplug:at=20,for=5\n"
        "Not a medical device.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    to = parser.add_mutually_exclusive_group(required=True)
    to.add_argument(
        "--pty", metavar="PATH", nargs="?", const=NO_PATH, help="serve on a pseudo-terminal; PATH links to it"
    )
    to.add_argument(
        "--ble",
        metavar="NAME",
        nargs="?",
        const=BLE_NAME,
        help=f'be a Bluetooth LE peripheral of this name (default "{BLE_NAME}"); needs the extra edge-ecg[ble]',
    )
    to.add_argument("--out", metavar="FILE", type=Path, help="write the framed bytes to FILE, as fast as it goes")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--replay", metavar="FILE", type=Path, help="a recording: WFDB, EDF, DICOM or CSV")
    what.add_argument("--synthetic", metavar="RHYTHM", help=f"one of {', '.join(RHYTHMS)}")
    parser.add_argument("--channels", default=DEFAULT_CHANNELS, help=f"leads to send (default {DEFAULT_CHANNELS})")
    parser.add_argument("--rate", metavar="HZ", type=float, help="samples a second (default: the recording's)")
    parser.add_argument("--speed", metavar="1|N|max", help="times real time, or as fast as the host reads (default 1)")
    parser.add_argument("--fault", metavar="KIND[:k=v,...]", action="append", default=[], help="may be repeated")
    parser.add_argument(
        "--ring",
        metavar="S",
        type=float,
        default=0.0,
        help="seconds held, for a host that asks for what got lost (default 0)",
    )
    parser.add_argument("--seed", metavar="N", type=int, help="of faults, rhythm and boot id: same seed, same bytes")
    parser.add_argument("--duration", metavar="S", type=float, help="seconds of signal (default: all of it)")
    parser.add_argument("--loop", action="store_true", help="begin the recording again when it ends")
    parser.add_argument(
        "--free-run", action="store_true", help="begin at once; without it, the host's first Hello or Start is awaited"
    )
    return parser


def _checked(options: argparse.Namespace) -> list[Fault]:
    """The faults; raises UsageError where options make no sense, or none together."""
    with _fault_checks():
        faults = [parse_fault(text) for text in options.fault]
    if options.rate is not None and not (math.isfinite(options.rate) and not refused_rate(round(1000 * options.rate))):
        raise UsageError(f"--rate {options.rate:g}: a patch samples at 50 to 4000 Hz")
    if options.duration is not None and not (math.isfinite(options.duration) and options.duration > 0):
        raise UsageError(f"--duration {options.duration:g}: must be a number of seconds above 0")
    if not 0 <= options.ring <= MAX_RING_S:
        raise UsageError(f"--ring {options.ring:g}: must be 0 to {MAX_RING_S:g} seconds")
    if options.seed is not None and options.seed < 0:
        raise UsageError(f"--seed {options.seed}: must be 0 or more")
    if options.out is not None:
        _check_file_options(options)
    if options.pty == NO_PATH and any(isinstance(fault, Unplug) for fault in faults):
        raise UsageError("--fault unplug: give --pty a PATH, for the terminal comes back under another name")
    options.speed = _speed(options.speed or "1")
    return faults


def _check_file_options(options: argparse.Namespace) -> None:
    if options.loop and options.duration is None:
        raise UsageError("--out with --loop never ends: give --duration")
    for name in ("speed", "free_run"):
        if getattr(options, name):
            raise UsageError(f"--{name.replace('_', '-')} is for --pty and --ble: a file takes all at once")


def _speed(text: str) -> float:
    if text == "max":
        return math.inf
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 < speed < math.inf:
        raise UsageError(f"--speed {text}: must be a number above 0, or max")
    return speed


def _patch(options: argparse.Namespace) -> VirtualPatch:
    wanted = Montage.of_leads([name.strip() for name in options.channels.split(",") if name.strip()]).names
    mv, rate, leads = _replayed(options, wanted) if options.replay is not None else _synthesised(options, wanted)
    if options.rate is None and (why := refused_rate(round(1000 * rate))):
        raise UsageError(f"the recording has {rate:g} samples a second ({why}): give --rate")
    boot_id = secrets.randbits(32) if options.seed is None else options.seed % (1 << 32)
    how = {"sent_rate": options.rate, "loop": options.loop, "seconds": options.duration}
    if options.ble is not None:
        how["samples_per_message"] = _in_a_notification(len(leads), options.rate or rate)
    return virtual_patch(mv, rate, leads, **how, boot_id=boot_id, ring_s=options.ring)


def _in_a_notification(channels: int, rate: float) -> int:
    from edge.sinks.ble_patch import samples_a_notification
    from firmware_bridge.gatt import GOOD_MTU

    return samples_a_notification(GOOD_MTU, channels, rate)


def _replayed(options: argparse.Namespace, wanted: Sequence[str]) -> tuple[Signal, float, Sequence[str]]:
    from edge.recordings import open_recording  # the readers are needed here only

    recording = open_recording(options.replay, channels=wanted)
    whole = options.loop or options.duration is None
    mv = recording.mv if whole else recording.mv[: math.ceil(options.duration * recording.rate) + 1]
    return mv, recording.rate, recording.leads


def _synthesised(options: argparse.Namespace, wanted: Sequence[str]) -> tuple[Signal, float, Sequence[str]]:
    seconds = SYNTHETIC_S if options.loop or options.duration is None else options.duration
    if seconds > MAX_SYNTHETIC_S:
        raise UsageError(f"--duration {seconds:g}: more than {MAX_SYNTHETIC_S:g} s of a rhythm needs --loop")
    rate = options.rate or SYNTHETIC_RATE
    try:
        made = synthesise(options.synthetic, seconds, rate, seed=options.seed or 0, noise_uv=AMPLIFIER_NOISE_UV)
    except ValueError as why:
        raise UsageError(f"--synthetic: {why}") from None
    return made.mv[:, [LEAD[lead] for lead in wanted]], rate, wanted


def _write(patch: VirtualPatch, faults: Sequence[Fault], options: argparse.Namespace) -> None:
    with _fault_checks():
        link = Link(patch, faults, seed=options.seed or 0)
    try:
        with options.out.open("wb") as file:
            while not link.finished:
                file.write(link.bytes(round(WRITE_S * patch.rate)))
    except OSError as error:
        raise OutputError(f"cannot write {options.out}: {error.strerror}", Reason.UNWRITABLE) from None


def _serve(patch: VirtualPatch, faults: Sequence[Fault], options: argparse.Namespace) -> None:
    with _fault_checks():
        server = PtyServer(
            patch,
            faults,
            path=None if options.pty == NO_PATH else options.pty,
            speed=options.speed,
            seed=options.seed or 0,
            wait_for_host=not options.free_run,
        )
    with server:
        show(server.path)
        while not server.wait(WAIT_S):
            pass


def _notify(patch: VirtualPatch, faults: Sequence[Fault], options: argparse.Namespace) -> None:
    import asyncio

    from edge.sinks.ble_server import BlePatchServer
    from firmware_bridge.gatt import scan_response

    how = {"speed": options.speed, "seed": options.seed or 0, "wait_for_host": not options.free_run}

    try:
        scan_response(options.ble)
    except ValueError as why:
        raise UsageError(f"--ble: {why}") from None

    async def serve() -> None:
        with _fault_checks():
            server = BlePatchServer(patch, faults, name=options.ble, **how)
        async with server:
            show(server.name)
            await server.serve()

    asyncio.run(serve())


@contextlib.contextmanager
def _fault_checks() -> Iterator[None]:
    """What a fault asks for that this patch has not is the command line's mistake."""
    try:
        yield
    except ValueError as why:
        raise UsageError(f"--fault: {why}") from None


def _account(log: Log) -> str:
    """What became of the samples, in one line."""
    lost = ", ".join(f"{kind} {count}" for kind, count in sorted(log.lost.items())) or "none"
    struck = ", ".join(f"{kind} {count}" for kind, count in sorted(log.happened.items()) if count)
    again = f" ({log.regained} of them when asked again)" if log.regained else ""
    return f"{log.sampled} samples, {log.delivered} sent whole{again}; lost: {lost}" + (
        f"; faults: {struck}" if struck else ""
    )


if __name__ == "__main__":
    sys.exit(main())
