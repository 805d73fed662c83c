"""Small data sets in their publishers' layouts, from synthetic hearts."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import wfdb

from edge.leads import LEAD, LEADS
from edge.synthetic import synthesise

MIMIC_ORDER = ("I", "II", "III", "aVR", "aVF", "aVL", "V1", "V2", "V3", "V4", "V5", "V6")


def heart(seed: int, seconds: float = 10.0, rate: float = 500.0) -> np.ndarray:
    """Twelve leads (samples x 12, mV), rounded to microvolts."""
    return np.round(synthesise("sinus", seconds, rate, seed=seed, bpm=55 + 4 * seed).mv.astype(np.float64), 3)


def write_wfdb(
    at: Path,
    mv: np.ndarray,
    rate: float = 500.0,
    leads: Sequence[str] = LEADS,
    columns: Sequence[str] | None = None,
    gain: float = 1000.0,
    comments: Sequence[str] = (),
) -> None:
    """A WFDB record of the leads of `mv` named in `columns`, under the names `leads`."""
    at.parent.mkdir(parents=True, exist_ok=True)
    columns = columns or leads
    counts = np.round(mv[:, [LEAD[name] for name in columns]] * gain)
    counts[np.isnan(counts)] = -32768
    wfdb.wrsamp(
        at.name,
        fs=rate,
        units=["mV"] * 12,
        sig_name=list(leads),
        d_signal=counts.astype(np.int64),
        fmt=["16"] * 12,
        adc_gain=[gain] * 12,
        baseline=[0] * 12,
        write_dir=str(at.parent),
        comments=list(comments),
    )


def write_table(at: Path, rows: Sequence[Mapping[str, object]]) -> None:
    at.parent.mkdir(parents=True, exist_ok=True)
    with at.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_mimic(root: Path, subjects: Sequence[int], reports: Sequence[Sequence[str]]) -> list[np.ndarray]:
    """MIMIC-IV-ECG: two tables, and `files/p1000/p10000032/s1/1` and so on, aVF before aVL, 5 uV a count."""
    listed, measured, truth = [], [], []
    for k, (subject, report) in enumerate(zip(subjects, reports, strict=True)):
        study = 40_000_000 + k
        path = f"files/p{str(subject)[:4]}/p{subject}/s{study}/{study}"
        truth.append(heart(k))
        write_wfdb(root / path, truth[-1], leads=MIMIC_ORDER, gain=200.0)
        listed.append(
            {"subject_id": subject, "study_id": study, "file_name": study, "ecg_time": "2180-07-23 08:44:00"}
            | {"path": path}
        )
        lines = {f"report_{n}": (report[n] if n < len(report) else "") for n in range(18)}
        measured.append(
            {"subject_id": subject, "study_id": study, "cart_id": 1, "ecg_time": "2180-07-23 08:44:00"}
            | lines
            | {"bandwidth": "0.005-150 Hz", "filtering": "60 Hz notch", "rr_interval": 800 if k else 29_999}
        )
    write_table(root / "record_list.csv", listed)
    write_table(root / "machine_measurements.csv", measured)
    return truth


def padded(mv: np.ndarray) -> np.ndarray:
    """As CODE has it: 4096 samples, zeros at both ends, float32."""
    before = (4096 - len(mv)) // 2
    return np.pad(mv, ((before, 4096 - len(mv) - before), (0, 0))).astype(np.float32)


def write_code15(
    root: Path, hearts: Sequence[np.ndarray], patients: Sequence[int], order: Sequence[str] = LEADS
) -> None:
    """CODE-15 %: `exams.csv` and one HDF5 part, whose last row is padding with the exam 0."""
    h5py = pytest.importorskip("h5py", reason="CODE's files need h5py (extra train)")
    root.mkdir(parents=True, exist_ok=True)
    columns = [LEAD[name] for name in order]
    with h5py.File(root / "exams_part0.hdf5", "w") as file:
        file["exam_id"] = np.array([*range(101, 101 + len(hearts)), 0])
        file["tracings"] = np.stack([*(padded(mv[:, columns]) for mv in hearts), np.zeros((4096, 12), np.float32)])
    flags = dict.fromkeys(("RBBB", "LBBB", "SB", "ST", "AF"), False)
    rows = [
        {"exam_id": 101 + k, "age": 38 + k, "is_male": k % 2 == 0, "nn_predicted_age": 40.1, "1dAVb": k == 0}
        | flags
        | {"patient_id": patient, "death": "", "timey": "", "normal_ecg": False, "trace_file": "exams_part0.hdf5"}
        for k, patient in enumerate(patients)
    ]
    write_table(root / "exams.csv", rows)
