"""CODE-15 % and CODE-test in their publishers' layouts (Ribeiro et al. 2020, 2021): 400 Hz, 7 to 10 s.

The HDF5 files hold 4096 samples of twelve leads, shorter recordings with zeros at both ends, in millivolts: the
publisher says "multiply volts by 1000", and users who compared it with other sets found its amplitudes about twice as
large (antonior92/ecg-age-prediction, issue 5). They name no leads; their order is I, II, III, aVR, aVL, aVF, V1 to V6.
One description has aVL, aVF, aVR, so Goldberger's identities decide for every recording. The WFDB layout is what the
script of the PhysioNet Challenge 2025 makes of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edge.errors import InputError, UsageError
from edge.leads import LEADS
from train.data.checks import augmented_by_goldberger
from train.data.headers import comments, wfdb_record
from train.data.record import Attempt, Record, Rejected, Row, Signal, Source, row
from train.data.tables import rows_of, stream

RATE = 400.0  # Hz
PADDED = 4096  # samples
PLACES = ((648, 3448), (48, 4048))  # of 2800 and 4000 samples among the 4096, by the description of CODE-15 %
OWN_ZEROS = 200  # samples, half a second: as many zeros at an end may be the recording's own
EXAMS, TRACINGS = "exams.csv", "tracings"
CLASSES = ("1dAVb", "RBBB", "LBBB", "SB", "ST", "AF")
_TEST_FILE, _ATTRIBUTES, _GOLD = "ecg_tracings.hdf5", "attributes.csv", "annotations/gold_standard.csv"
_TRUE = ("true", "1", "1.0")


def read(root: Path) -> Source:
    """CODE-15 %: `exams.csv` and the `exams_part*.hdf5` that are there, or, with none of them, WFDB records.

    The subject is the publisher's patient. Errors: InputError; UsageError where h5py is not installed.
    """
    parts = sorted(root.rglob("exams_part*.hdf5"), key=lambda path: (len(path.name), path.name))
    headers = [] if parts else sorted(root.rglob("*.hea"))
    if not parts and not headers:
        raise InputError(f"{root} is no CODE-15 %: neither exams_part*.hdf5 nor a .hea is there")
    exams = _exams(root / EXAMS) if parts or (root / EXAMS).exists() else {}
    if headers:
        return Source(len(headers), (Attempt(header.stem, partial(_wfdb, header, exams)) for header in headers))
    total = 0
    for path in parts:
        with _opened(path) as file:
            total += len(file[TRACINGS])
    return Source(total, (found for path in parts for found in _part(path, exams)))


def read_test(root: Path) -> Source:
    """CODE-test: `ecg_tracings.hdf5` with its attributes and gold standard, from `root` or its folder `data`.

    827 tracings of as many patients. It is a test set, so there are no folds.
    """
    folder = root / "data" if (root / "data" / _TEST_FILE).exists() else root
    if not (folder / _TEST_FILE).exists():
        raise InputError(f"{root} is no CODE-test: neither {_TEST_FILE} nor data/{_TEST_FILE} is there")
    attributes = rows_of(folder / _ATTRIBUTES, ("age", "sex")) if (folder / _ATTRIBUTES).exists() else []
    gold = rows_of(folder / _GOLD, ()) if (folder / _GOLD).exists() else []
    with _opened(folder / _TEST_FILE) as file:
        total = len(file[TRACINGS])
    for table, name in ((attributes, _ATTRIBUTES), (gold, _GOLD)):
        if table and len(table) != total:
            raise InputError(f"{folder / name} has {len(table)} rows for {total} tracings: they are of different sets")
    return Source(total, _test(folder / _TEST_FILE, attributes, gold))


def trimmed(tracing: Signal) -> Signal:
    """Without the padding: samples at both ends in which every lead is zero (samples x leads).

    Recordings of 7 and 10 s lie where the publisher puts them (`PLACES`), also if they begin or end at zero themselves.
    """
    there = np.flatnonzero((tracing != 0).any(axis=1))
    if not len(there):
        return tracing[:0]
    first, end = int(there[0]), int(there[-1]) + 1
    for start, stop in PLACES:
        if len(tracing) == PADDED and start <= first < start + OWN_ZEROS and stop - OWN_ZEROS < end <= stop:
            return tracing[start:stop]
    return tracing[first:end]


def _opened(path: Path) -> Any:
    try:
        import h5py
    except ImportError:
        raise UsageError("HDF5 files need the package h5py: pip install h5py") from None
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise InputError(f"{path} is no whole HDF5 file ({error}): copy it again") from None
    if TRACINGS not in file or file[TRACINGS].shape[-1] != len(LEADS):
        raise InputError(f"{path} has no data set {TRACINGS!r} of {len(LEADS)} leads")
    return file


def _exams(path: Path) -> dict[int, Row]:
    """Rows without a name, by exam."""
    return {int(entry["exam_id"]): _exam(entry) for entry in stream(path, ("exam_id", "patient_id", "age", "is_male"))}


def _exam(entry: dict[str, str]) -> Row:
    sex = "male" if entry["is_male"].strip().lower() in _TRUE else "female"
    return row(entry["exam_id"], entry["patient_id"], age=entry["age"], sex=sex, labels=_classes(entry))


def _classes(entry: dict[str, str]) -> list[str]:
    return [name for name in CLASSES if (entry.get(name) or "").strip().lower() in _TRUE]


def _part(path: Path, exams: dict[int, Row]) -> Iterator[Attempt | Rejected]:
    with _opened(path) as file:
        numbers = np.asarray(file["exam_id"]).astype(int)
        for k, number in enumerate(numbers):
            if number not in exams:
                what = "no exam, but padding at the file's end" if not number else f"{EXAMS} does not list it"
                yield Rejected(f"{path.stem}/{number}", what)
            else:
                yield Attempt(str(number), partial(_tracing, file, k, exams[int(number)]), here=True)


def _test(path: Path, attributes: list[dict[str, str]], gold: list[dict[str, str]]) -> Iterator[Attempt | Rejected]:
    with _opened(path) as file:
        for k in range(len(file[TRACINGS])):
            told = attributes[k] if attributes else {}
            name = f"{k:03d}"
            labels = _classes(gold[k]) if gold else []
            entry = row(name, name, age=told.get("age"), sex=told.get("sex"), labels=labels, fold=None)
            yield Attempt(name, partial(_tracing, file, k, entry), here=True)


def _tracing(file: Any, number: int, entry: Row) -> Record:
    return _ordered(entry, trimmed(np.asarray(file[TRACINGS][number], np.float64)))


def _wfdb(header: Path, exams: dict[int, Row]) -> Record:
    said = comments(header)
    number = said.get("exam id") or header.stem
    entry = exams.get(int(number)) if number.isdigit() else None
    if entry is None and "patient id" not in said:
        raise ValueError(f"neither its header nor {EXAMS} tells whose it is")
    entry = entry or row(number, said["patient id"], age=said.get("age"), sex=said.get("sex"))
    raw = wfdb_record(header, entry)
    return Record(entry, raw.rate, raw.leads, trimmed(raw.mv))


def _ordered(entry: Row, mv: Signal) -> Record:
    mv, held = augmented_by_goldberger(mv)
    return Record(entry | ({"augmented": held} if held else {}), RATE, LEADS, mv)
