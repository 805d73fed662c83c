"""PTB-XL 1.0.3 in its publisher's layout (Wagner et al. 2020, CC BY 4.0): 500 Hz, 10 s, folds by patient."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.leads import LEADS, canonical


def read(root: Path) -> Iterator[tuple[dict[str, Any], npt.NDArray[np.float64]]]:
    """Rows of `ptbxl_database.csv` whose 500 Hz record is there, with the record in mV (samples x 12)."""
    import wfdb

    with (root / "ptbxl_database.csv").open(newline="") as file:
        for entry in csv.DictReader(file):
            path = root / entry["filename_hr"]
            if not path.with_suffix(".hea").exists():
                continue
            record = wfdb.rdrecord(str(path))
            order = [[canonical(name) for name in record.sig_name].index(lead) for lead in LEADS]
            row = {
                "name": path.name,
                "subject": entry["patient_id"],
                "fold": int(entry["strat_fold"]),
                "age": entry["age"],
                "sex": entry["sex"],
                "scp_codes": entry["scp_codes"],
            }
            yield row, record.p_signal[:, order]
