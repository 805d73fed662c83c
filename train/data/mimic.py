"""MIMIC-IV-ECG 1.0 in its publisher's layout (Gow et al. 2023, ODbL): 160,000 patients, 800,000 records, 500 Hz, 10 s.

Its leads stand in the order I, II, III, aVR, aVF, aVL, V1 to V6, and are taken by name. Its patients' ages and sexes
are in MIMIC-IV's `patients.csv` (access on request): laid beside the tables, plain or gzipped, it is read too.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from train.data.headers import wfdb_record
from train.data.mimic_labels import labels_of
from train.data.record import Attempt, Rejected, Source, row
from train.data.tables import stream

LIST, MEASUREMENTS, PATIENTS = "record_list.csv", "machine_measurements.csv", "patients.csv"
NO_VALUE = 29_999  # what the carts write where they could not measure


class _Measured(NamedTuple):
    labels: tuple[str, ...]
    rr_ms: float | None


def read(root: Path) -> Source:
    """The records of `record_list.csv` that are there; labels from `machine_measurements.csv`.

    `labels` are the classes of the WearECG paper's Tables 2 and 3 (see `train.data.mimic_labels`), `rr_ms` is the
    cart's R-R interval. Errors: InputError where a table is missing or is another.
    """
    entries = stream(root / LIST, ("subject_id", "study_id", "path"))
    first = next(entries, None)  # complains now, not in the middle
    total = sum(1 for _ in stream(root / LIST, ())) if first else 0
    measured = {int(study): values for study, values in _measurements(root / MEASUREMENTS)}
    patients = {entry[0]: entry[1:] for entry in _patients(root)}
    return Source(total, _records(root, measured, patients))


def _records(
    root: Path, measured: dict[int, _Measured], patients: dict[str, tuple[str, str]]
) -> Iterator[Attempt | Rejected]:
    absent = 0
    for entry in stream(root / LIST, ("subject_id", "study_id", "path")):
        header = (root / entry["path"]).with_suffix(".hea")
        if not header.exists():
            absent += 1
            continue
        values = measured.get(int(entry["study_id"]), _Measured((), None))
        sex, age = patients.get(entry["subject_id"], ("", ""))
        told = row(
            entry["study_id"], entry["subject_id"], age=age, sex=sex, labels=list(values.labels), rr_ms=values.rr_ms
        )
        yield Attempt(entry["study_id"], partial(wfdb_record, header, told))
    if absent:
        yield Rejected(LIST, f"{absent} of its records are not there")


def _measurements(path: Path) -> Iterator[tuple[str, _Measured]]:
    known: dict[tuple[str, ...], tuple[str, ...]] = {}  # the same few classes 800,000 times: kept once
    for entry in stream(path, ("study_id", "report_0")):
        labels = tuple(labels_of(value for key, value in entry.items() if key.startswith("report_") and value))
        yield entry["study_id"], _Measured(known.setdefault(labels, labels), _milliseconds(entry.get("rr_interval")))


def _milliseconds(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 < value < NO_VALUE else None


def _patients(root: Path) -> Iterator[tuple[str, str, str]]:
    """Subject, sex, age at the patient's anchor year."""
    path = next((p for p in (root / PATIENTS, root / f"{PATIENTS}.gz") if p.exists()), None)
    if path is not None:
        for entry in stream(path, ("subject_id", "gender", "anchor_age")):
            yield entry["subject_id"], entry["gender"], entry["anchor_age"]
