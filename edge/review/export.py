"""A stretch of a recording as a file of another format, for a browser to keep."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path

from edge.errors import UsageError
from edge.exports.run_record import Excerpt


@dataclass(frozen=True, slots=True)
class Format:
    writer: str  # module and function
    ending: str
    media: str
    longest_s: float  # of signal: what a browser waits for and keeps; beyond, edge-export does it


FORMATS = {
    "pdf": Format("pdf_file.write_pdf", ".pdf", "application/pdf", 24 * 3600.0),
    "edf": Format("edf_file.write_edf", ".edf", "application/octet-stream", 6 * 3600.0),  # 260 MB
    "csv": Format("csv_file.write_csv", ".csv", "text/csv", 600.0),  # 30 MB
    "dicom": Format("dicom_file.write_dicom", ".dcm", "application/dicom", 3600.0),  # 43 MB
    "fhir": Format("fhir_file.write_fhir", ".fhir.json", "application/fhir+json", 600.0),  # 20 MB
}


def export(form: str, what: Excerpt, path: Path) -> None:
    """Errors: UsageError for a format or a length that there is not, or a missing extra; InputError, OSError."""
    if what.seconds > FORMATS[form].longest_s:
        longest = FORMATS[form].longest_s
        raise UsageError(
            f"{what.seconds:.0f} s are too long for {form} in a browser: choose at most {longest:.0f} s, "
            f"or run edge-export {what.record.name} --to {form}"
        )
    module, _, function = FORMATS[form].writer.partition(".")
    getattr(importlib.import_module(f"edge.exports.{module}"), function)(what, path)


def known(form: str) -> Format:
    """Errors: UsageError."""
    if form not in FORMATS:
        raise UsageError(f"to is {form[:20]!r}: choose among {', '.join(FORMATS)}")
    return FORMATS[form]
