"""edge-export: a recording of edge-run's as PDF, EDF+, CSV, DICOM or FHIR."""

from __future__ import annotations

import argparse
import contextlib
import errno
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edge import __version__
from edge.cli.run import DISCLAIMER
from edge.cli.terminal import Parser, guarded, show
from edge.errors import OutputError, Reason, UsageError

if TYPE_CHECKING:
    from edge.exports.run_record import Excerpt

ENDINGS = {"pdf": ".pdf", "edf": ".edf", "csv": ".csv", "dicom": ".dcm", "fhir": ".fhir.json"}
OF_A_RECORD = (".hea", ".dat", ".json", ".qrs", ".rhy", ".alm")  # what an export must never overwrite
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
EPILOG = f"""\
examples: edge-run --port /dev/ttyUSB0 --record night
          edge-export night/PATCH --to pdf
          edge-export night/PATCH --to edf,dicom --from 3600 --seconds 30 --out an_hour_in
          edge-export night/PATCH_alerts/STRIP --to dicom

pdf    a summary with the trend, and a page on ECG paper for each alert (needs edge-ecg[exports])
edf    EDF+ with beats, rhythm, alerts and gaps as annotations (needs edge-ecg[exports])
csv    a row a sample, mV
dicom  12-Lead ECG up to 16384 samples (32 s), Ambulatory ECG beyond (needs edge-ecg[exports])
fhir   R4 Observations with SampledData, in a Bundle

Which leads were measured and which are estimates stands in each of them. Patients' names are in none: a recording
does not know them.

{DISCLAIMER}
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return guarded("edge-export", lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
    options = _parser().parse_args(argv)
    formats = _formats(options.to)
    begin, seconds = _number("--from", options.begin, least=0.0), _number("--seconds", options.seconds)
    leads = options.leads.split(",") if options.leads is not None else ()
    from edge.exports.run_record import excerpt, open_run

    record = open_run(options.record)
    what = excerpt(record, begin or 0.0, seconds, leads)
    paths = {name: _path(options.out, record.name, name, len(formats)) for name in formats}
    for path in paths.values():
        _check_out(path, record.header_path)
    for name, path in paths.items():
        _write(name, what, path)
        show(f"{path}   {', '.join(lead.name for lead in what.leads)}, {what.seconds:g} s")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="edge-export",
        description="Writes a recording that edge-run --record made in a format that other programs read.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("record", metavar="RECORD", help="DIR/NAME, as edge-run --record wrote it, or an alert's strip")
    add = parser.add_argument
    add("--to", metavar="FORMAT,…", required=True, help=f"{', '.join(ENDINGS)}; several with commas between")
    add(
        "--out", metavar="FILE", type=Path, help="the file; of several formats, without its ending (default: NAME here)"
    )
    add("--from", dest="begin", metavar="S", help="seconds after the recording's start (default 0)")
    add("--seconds", metavar="S", help="how much from there on (default: to the end)")
    add("--leads", metavar="II,V1,…", help="which, and in which order (default: all)")
    add("--version", action="version", version=f"edge-export {__version__}")
    return parser


def _formats(text: str) -> list[str]:
    names = list(dict.fromkeys(name.strip().lower() for name in text.split(",")))
    strange = [name for name in names if name not in ENDINGS]
    if strange:
        raise UsageError(f"--to {', '.join(strange) or '(nothing)'}: choose among {', '.join(ENDINGS)}")
    return names


def _number(option: str, text: str | None, least: float | None = None) -> float | None:
    if text is None:
        return None
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number < 0 or (least is None and number == 0):
        rule = "a number of seconds, 0 or more" if least is not None else "a number of seconds above 0"
        raise UsageError(f"{option} is {text!r}: it must be {rule}")
    return number


def _path(out: Path | None, name: str, form: str, formats: int) -> Path:
    if out is None:
        return Path(f"{name}{ENDINGS[form]}")
    return out if formats == 1 else out.with_name(f"{out.name}{ENDINGS[form]}")


def _check_out(path: Path, header: Path) -> None:
    """Before minutes of work. Raises OutputError."""
    if path.is_dir():
        raise OutputError(f"{path} is a folder: name a file for --out", Reason.UNWRITABLE)
    if not path.parent.is_dir():
        raise OutputError(f"no such folder for --out: {path.parent}: make it first", Reason.UNWRITABLE)
    beside = path.parent.resolve() == header.parent.resolve()
    if (
        beside
        and path.name.startswith(header.stem)
        and path.suffix in OF_A_RECORD
        and not path.name.endswith(".fhir.json")
    ):
        raise OutputError(f"{path} would overwrite the recording itself: choose another name", Reason.UNWRITABLE)


def _write(form: str, what: Excerpt, path: Path) -> None:
    """`path` is there when it is whole, or as it was before."""
    part = path.with_name(f".{path.name}.part")
    try:
        _export(form, what, part)
        part.replace(path)
    except OSError as error:
        reason = Reason.FULL if error.errno in FULL else Reason.UNWRITABLE
        why = f"{error.strerror or error}: free some space, or name another place with --out"
        raise OutputError(f"cannot write {path}: {why}", reason) from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


def _export(form: str, what: Excerpt, path: Path) -> None:
    if form == "pdf":
        from edge.exports.pdf_file import write_pdf as write
    elif form == "edf":
        from edge.exports.edf_file import write_edf as write
    elif form == "csv":
        from edge.exports.csv_file import write_csv as write
    elif form == "dicom":
        from edge.exports.dicom_file import write_dicom as write
    else:
        from edge.exports.fhir_file import write_fhir as write
    write(what, path)


if __name__ == "__main__":
    sys.exit(main())
