"""Finds out what a file is, and calls the reader that knows it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from edge.errors import InputError, Reason
from edge.recordings.recording import Recording, unreadable

_WFDB_PARTNERS = (".dat", ".mat", ".xyz")  # signal files that mean the record beside them
_MAGIC_BYTES = 132  # DICOM's mark stands at byte 128


def open_recording(path: str | Path, *, channels: Sequence[str] | None = None) -> Recording:
    """A whole recording, whatever its format: WFDB (with or without `.hea`), EDF, EDF+, BDF, DICOM, CSV.

    `channels` are lead names, matched without case (MLII is II). They select by name where the file's channels are
    leads, and rename its ECG channels in order where they are none (`ECG`, `ch1`). Without them all ECG channels
    come, in the file's order; signals in other units than volts are left out, which `note` tells.

    Channels slower than the fastest are repeated up to its rate. What is missing is NaN. CSV is described in
    `edge.recordings.csv_file`.

    Errors: InputError for whatever is wrong with the file (UNREADABLE, MALFORMED, NO_LEADS); UsageError for
    `channels` that name a lead twice.
    """
    path = Path(path)
    try:
        header = _wfdb_header(path)
        if header is not None:
            from edge.recordings.wfdb_file import read_wfdb

            return read_wfdb(header, channels)
        return _read_by_content(path, channels)
    except MemoryError:
        raise InputError(f"{path} does not fit in this machine's memory: cut it into shorter parts") from None
    except OSError as error:  # looking for it may be forbidden already
        raise unreadable(path, error) from None


def _wfdb_header(path: Path) -> Path | None:
    if path.suffix == ".hea":
        return path
    beside = path.with_name(path.name + ".hea") if path.name else path
    if not path.is_file() and beside.is_file():
        return beside
    if path.suffix in _WFDB_PARTNERS and path.with_suffix(".hea").is_file():
        return path.with_suffix(".hea")
    return None


def _read_by_content(path: Path, channels: Sequence[str] | None) -> Recording:
    if path.exists() and not path.is_file() and not path.is_dir():
        raise InputError(f"{path} is a device or a pipe, no recording: give a file", Reason.UNREADABLE)
    try:
        with path.open("rb") as file:
            magic = file.read(_MAGIC_BYTES)
    except FileNotFoundError:
        looked = f"neither {path} nor {path.name}.hea is there"
        raise InputError(f"no such recording: {looked}: check the name and the folder", Reason.UNREADABLE) from None
    except OSError as error:
        raise unreadable(path, error) from None
    if not magic:
        raise InputError(f"{path} is empty: copy it again")
    if magic[:8] in (b"0       ", b"\xffBIOSEMI"):
        from edge.recordings.edf_file import read_edf

        return read_edf(path, channels)
    if magic[128:132] == b"DICM":
        from edge.recordings.dicom_file import read_dicom

        return read_dicom(path, channels)
    _refuse_others(path, magic)
    from edge.recordings.csv_file import read_csv

    return read_csv(path, channels)


def _refuse_others(path: Path, magic: bytes) -> None:
    if path.suffix in _WFDB_PARTNERS:
        raise InputError(f"{path} is a signal file without its header: put {path.stem}.hea beside it")
    claims = {".edf": "EDF", ".bdf": "BDF", ".rec": "EDF", ".dcm": "DICOM"}.get(path.suffix.lower())
    if claims:
        begins = magic[:8].decode("ascii", "replace")
        raise InputError(f"{path} is no {claims} file (it begins with {begins!r}): check where it comes from")
    if b"\0" in magic:
        raise InputError(f"{path} is none of WFDB, EDF, DICOM or CSV: convert it to one of them")
