"""PhysioNet/CinC Challenge 2011, set-a, in its publisher's layout (Silva et al. 2011, ODC-By): 500 Hz, 10 s.

Only the records that its graders found acceptable. They are more hearts to learn from, with nobody's name on them:
every record counts as a subject, and all have fold 0, which is training only. The files' columns called aVL and aVF
hold each other's lead (each then keeps Goldberger's identities within a count of 5 uV), which is put right here.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

from edge.errors import InputError
from edge.leads import LEADS
from edge.recordings.wfdb_file import read_header
from train.data.checks import augmented_by_goldberger
from train.data.headers import wfdb_record
from train.data.preprocess import reordered
from train.data.record import TRAINING_ONLY, Attempt, Record, Source, row

LIST = "RECORDS-acceptable"
_AGE = re.compile(r"\bage\W+([1-9]\d*)", re.I)  # 0: unknown
_SEX = re.compile(r"\b(?:sex|gender)\W+(male|female|m|f)\b", re.I)


def read(root: Path) -> Source:
    """The records listed in `RECORDS-acceptable`, from `root` or its folder `set-a`."""
    folder = root / "set-a" if (root / "set-a").is_dir() else root
    if not (folder / LIST).is_file():
        raise InputError(f"{root} is no cinc2011: neither {LIST} nor set-a/{LIST} is there")
    names = (folder / LIST).read_text().split()
    return Source(len(names), (Attempt(name, partial(_record, folder, name)) for name in names))


def _record(folder: Path, name: str) -> Record:
    header = folder / f"{name}.hea"
    said = " ".join(read_header(header).comments)
    age, sex = _AGE.search(said), _SEX.search(said)
    told = row(name, name, age=age and age[1], sex=sex and sex[1], fold=TRAINING_ONLY)
    raw = wfdb_record(header, told)
    mv, held = augmented_by_goldberger(reordered(raw.mv, raw.leads))
    return Record(raw.row | ({"augmented": held} if held else {}), raw.rate, LEADS, mv)
