"""PTB-XL 1.0.3 in its publisher's layout (Wagner et al. 2020, CC BY 4.0): 500 and 100 Hz, 10 s, folds by patient."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from train.data.headers import wfdb_record
from train.data.record import Attempt, Rejected, Row, Source, row
from train.data.tables import rows_of

TABLE = "ptbxl_database.csv"
_STAGES = ("infarction_stadium1", "infarction_stadium2")  # of as many infarcts
_SEX = {"0": "male", "1": "female"}


def read(root: Path, file_column: str = "filename_hr") -> Source:
    """The rows of `ptbxl_database.csv` whose record is there; `labels` are the SCP-ECG statements."""
    entries = rows_of(root / TABLE, ("ecg_id", "patient_id", "strat_fold", file_column))
    return Source(len(entries), _records(root, entries, file_column))


def read_100hz(root: Path) -> Source:
    """As `read`, from the files at 100 Hz: nothing above 50 Hz, so for comparison with what was trained on those."""
    return read(root, "filename_lr")


def _records(root: Path, entries: list[dict[str, str]], file_column: str) -> Iterator[Attempt | Rejected]:
    absent = 0
    for entry in entries:
        header = (root / entry[file_column]).with_suffix(".hea")
        if header.exists():
            yield Attempt(header.stem, partial(wfdb_record, header, _row(header.stem, entry)))
        else:
            absent += 1
    if absent:
        yield Rejected(TABLE, f"{absent} of its {len(entries)} records are not there")


def _row(name: str, entry: dict[str, str]) -> Row:
    codes = ast.literal_eval(entry.get("scp_codes") or "{}")
    return row(
        name,
        entry["patient_id"].removesuffix(".0"),
        age=entry.get("age"),
        sex=_SEX.get(entry.get("sex", "")),
        labels=sorted(codes),
        fold=int(float(entry["strat_fold"])),
        scp_codes=codes,
        infarction_stages=[entry[name] for name in _STAGES if entry.get(name)],
        heart_axis=entry.get("heart_axis") or None,
        pacemaker=bool(entry.get("pacemaker", "").strip()),
    )
