"""Any folder of WFDB records or EDF files: twelve leads by name, at any rate."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from edge.errors import InputError
from edge.recordings.opening import open_recording
from train.data.headers import comments
from train.data.record import Attempt, Record, Source, row

EDF = (".edf", ".bdf", ".rec")


def read_wfdb(root: Path) -> Source:
    """Every `.hea` under `root`. Age and sex where the header tells them.

    The subject is the first folder below `root` that the record lies in (as PTB's `patient001`), or the record itself.
    """
    headers = sorted(root.rglob("*.hea"))
    if not headers:
        raise InputError(f"there is no .hea in {root}")
    parts = {str(path.with_suffix("")) for path in headers}
    whole = [path for path in headers if not _is_segment(path, parts)]
    return Source(len(whole), (Attempt(_name(root, path), partial(_record, root, path)) for path in whole))


def read_edf(root: Path) -> Source:
    """Every EDF, EDF+ or BDF file under `root`; the subject is told as in `read_wfdb`."""
    files = sorted(path for path in root.rglob("*") if path.suffix.lower() in EDF)
    if not files:
        raise InputError(f"there is no {' or '.join(EDF)} in {root}")
    return Source(len(files), (Attempt(_name(root, path), partial(_record, root, path)) for path in files))


def _is_segment(path: Path, records: set[str]) -> bool:
    """Of a record of many segments, which are `NAME_0001` beside a `NAME`, or a layout header."""
    stem, _, number = path.stem.rpartition("_")
    return bool(stem) and (number.isdigit() or number == "layout") and str(path.with_name(stem)) in records


def _name(root: Path, path: Path) -> str:
    return path.relative_to(root).with_suffix("").as_posix()


def _record(root: Path, path: Path) -> Record:
    name = _name(root, path)
    said = comments(path) if path.suffix == ".hea" else {}
    recording = open_recording(path)
    entry = row(name, name.partition("/")[0], age=said.get("age"), sex=said.get("sex"))
    return Record(entry, recording.rate, recording.leads, recording.mv)
