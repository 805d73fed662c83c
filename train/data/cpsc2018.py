"""CPSC2018 in its publisher's layout (Liu et al. 2018): MATLAB files of 500 Hz, 6 to 60 s, and `REFERENCE.csv`.

Nobody says which records are one patient's, so all have fold 0, training only. The same recordings in the layout of
the PhysioNet challenges (`.hea` and `.mat`) are read by `train.data.challenge`.
"""

from __future__ import annotations

import zlib
from functools import partial
from pathlib import Path

import numpy as np

from edge.errors import InputError
from edge.leads import LEADS
from train.data.record import TRAINING_ONLY, Attempt, Record, Source, row
from train.data.tables import rows_of

RATE = 500.0  # Hz, by its description: the files do not tell
CLASSES = ("Normal", "AF", "I-AVB", "LBBB", "RBBB", "PAC", "PVC", "STD", "STE")  # numbered from 1 in REFERENCE.csv
_REFERENCE = "REFERENCE.csv"
# What scipy raises for other contents, for damaged compression, and (NotImplementedError) for MATLAB's HDF5 (v7.3).
_OTHERS = (KeyError, IndexError, TypeError, zlib.error, NotImplementedError)


def read(root: Path) -> Source:
    """Every `.mat` under `root` (in `TrainingSet1` and so on); labels where a `REFERENCE.csv` is there."""
    files = sorted(path for path in root.rglob("*.mat"))
    if not files:
        raise InputError(f"{root} is no CPSC2018: there is no .mat in it")
    labels: dict[str, list[str]] = {}
    for table in root.rglob(_REFERENCE):
        labels |= {entry["Recording"]: _classes(entry) for entry in rows_of(table, ("Recording", "First_label"))}
    return Source(len(files), (Attempt(file.stem, partial(_record, file, labels)) for file in files))


def _classes(entry: dict[str, str]) -> list[str]:
    numbers = (entry.get(column) or "" for column in ("First_label", "Second_label", "Third_label"))
    return [CLASSES[int(number) - 1] for number in numbers if number.strip()]


def _record(file: Path, labels: dict[str, list[str]]) -> Record:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        content = loadmat(file)["ECG"][0, 0]
        mv = np.asarray(content["data"], np.float64).T
        sex, age = content["sex"].item(), content["age"].item()
    except (*_OTHERS, MatReadError) as error:
        raise ValueError(f"it is no CPSC2018 file ({error!r})") from None
    if mv.ndim != 2 or mv.shape[1] != len(LEADS):
        raise ValueError(f"its signal has the shape {mv.T.shape}, not 12 x samples")
    entry = row(file.stem, file.stem, age=age, sex=sex, labels=labels.get(file.stem), fold=TRAINING_ONLY)
    return Record(entry, RATE, LEADS, mv)  # the order of the description; the identities are checked later
