"""The PhysioNet/CinC Challenges 2020 and 2021 in their publisher's layout: `.hea` and `.mat`, at 257 to 1000 Hz.

`labels` are the SNOMED CT codes of `#Dx`. Their headers name no patients, and hold dates that are no dates. The first
letters of a record's name tell the set that it comes from:

- `HR`: PTB-XL, with other names. A corpus with both would show a patient to training and to the test, so these records
  need PTB-XL's own table (`ptbxl_database.csv` beside them) to get their patients and folds, and are rejected without.
- `JS`: Chapman-Shaoxing and Ningbo, one record a patient: folds by hash.
- all others (CPSC, CPSC-Extra, INCART, PTB, Georgia): some patients have several: fold 0, training only.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from edge.errors import InputError
from train.data import ptbxl
from train.data.headers import comments, wfdb_record
from train.data.record import TRAINING_ONLY, Attempt, Record, Row, Source, row
from train.data.tables import rows_of

ORIGINS = {
    "HR": "PTB-XL",
    "JS": "Chapman-Shaoxing and Ningbo",
    "A": "CPSC2018",
    "Q": "CPSC2018-Extra",
    "I": "INCART",
    "S": "PTB",
    "E": "Georgia",
}
_ONE_RECORD_A_PATIENT = ("JS",)


def read(root: Path) -> Source:
    """Every `.hea` under `root`, whatever the folders are called."""
    headers = sorted(root.rglob("*.hea"))
    if not headers:
        raise InputError(f"{root} is no challenge set: there is no .hea in it")
    patients = _ptbxl_patients(root)
    return Source(len(headers), (Attempt(header.stem, partial(_record, header, patients)) for header in headers))


def _ptbxl_patients(root: Path) -> dict[int, dict[str, str]]:
    table = next(root.rglob(ptbxl.TABLE), None)
    if table is None:
        return {}
    return {int(entry["ecg_id"]): entry for entry in rows_of(table, ("ecg_id", "patient_id", "strat_fold"))}


def _record(header: Path, patients: dict[int, dict[str, str]]) -> Record:
    prefix = header.stem.rstrip("0123456789")
    said = comments(header)
    codes = [code.strip() for code in said.get("dx", "").split(",")]
    entry: Row = row(
        header.stem,
        header.stem,
        age=said.get("age"),
        sex=said.get("sex"),
        labels=[code for code in codes if code.isdigit()],
        origin=ORIGINS.get(prefix, prefix),
    )
    if prefix == "HR":
        number = int(header.stem.removeprefix(prefix))
        if number not in patients:
            what = f"it is PTB-XL's record {number}: put {ptbxl.TABLE} beside it to tell its patient and fold"
            raise ValueError(what + ", or prepare PTB-XL itself")
        patient = patients[number]
        entry |= {"subject": "ptbxl/" + patient["patient_id"].removesuffix(".0"), "fold": int(patient["strat_fold"])}
    elif prefix not in _ONE_RECORD_A_PATIENT:
        entry["fold"] = TRAINING_ONLY
    return wfdb_record(header, entry)
