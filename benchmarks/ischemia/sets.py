"""Recordings with whom they are of and what is known of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import packs
from edge.leads import LEADS
from edge.person import Person, Sex
from train import labels

CONDITIONS = (
    *("mi", "mi_anterior", "mi_anterolateral", "mi_anteroseptal", "mi_inferior", "mi_lateral", "mi_septal"),
    *("stemi", "ischemia", "lbbb", "rbbb", "avb1", "lvh", "normal"),
)
OLDEST_YEARS = 90.0  # PTB-XL writes 300 where somebody is older than 89, LUDB ">89"
SEXES = {"0": Sex.MALE, "1": Sex.FEMALE, "M": Sex.MALE, "F": Sex.FEMALE}


@dataclass(frozen=True)
class Record:
    """One recording of ten seconds."""

    name: str
    mv: npt.NDArray[np.float32]  # n x 12 at 500 Hz
    person: Person
    has: dict[str, bool | None]  # by condition; None: not known
    told: tuple[str, ...] = ()  # what its reader wrote of ischaemia and of what confounds it


def ptbxl(data: Path, folds: tuple[int, ...], every: int = 1) -> Iterator[Record]:
    reader = packs.reader(data)
    for k, record in enumerate(reader.load("ptbxl", keep=lambda meta: int(meta["strat_fold"]) in folds)):
        if k % every == 0:
            person = Person(_age(record.meta["age"]), SEXES.get(str(record.meta["sex"]).split(".")[0]))
            yield Record(record.name, _ordered(record), person, _known({"scp_codes": record.meta["scp_codes"]}))


def ludb(data: Path, every: int = 1) -> Iterator[Record]:
    text = packs.text_files(data, "ludb")["ludb.csv"]
    rows = {row["ID"].strip(): row for row in csv.DictReader(io.StringIO(text))}
    for k, record in enumerate(packs.reader(data).load("ludb")):
        if k % every:
            continue
        row = rows[record.name]
        said = {key: [line.strip() for line in (text or "").splitlines() if line.strip()] for key, text in row.items()}
        rhythms = [f"rhythm: {line}" for line in said.pop("Rhythms")]
        sex, age = ((said.pop(key) or [""])[0] for key in ("Sex", "Age"))
        said.pop("ID")
        lines = [*rhythms, *(line for lines in said.values() for line in lines)]
        person = Person(_age(age), SEXES.get(sex))
        told = [*said["Ischemia"], *said["Conduction abnormalities"], *said["Cardiac pacing"], *said["Other states"]]
        told += [line for line in said["Hypertrophies"] if "ventricular hypertrophy" in line]
        yield Record(record.name, _ordered(record), person, _known({"source": "ludb", "diagnoses": lines}), tuple(told))


def _known(row: dict[str, Any]) -> dict[str, bool | None]:
    values, known = labels.of([row], CONDITIONS)
    return {name: bool(value) if ok else None for name, value, ok in zip(CONDITIONS, values[0], known[0], strict=True)}


def _ordered(record: Any) -> npt.NDArray[np.float32]:
    names = [lead.upper() for lead in record.leads]
    columns = [names.index(lead.upper()) for lead in LEADS]
    return np.ascontiguousarray(record.mv[:, columns], np.float32)


def _age(value: object) -> float | None:
    text = str(value).strip()
    if text.startswith(">"):
        return OLDEST_YEARS
    try:
        age = float(text)
    except ValueError:
        return None
    return None if not np.isfinite(age) else min(age, OLDEST_YEARS)
