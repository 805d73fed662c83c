"""LUDB 1.0.1 in its publisher's layout (Kalyakulina et al. 2020, ODC-By): 500 Hz, 10 s, 200 subjects.

Its headers scale every lead to a range of its own, which breaks Einthoven's law; the counts are microvolts. It is a
test set, so there are no folds.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from edge.errors import InputError
from train.data.headers import comments
from train.data.record import Attempt, Record, Source, row

UV_PER_COUNT = 1.0  # on all leads: with it Einthoven's law holds to the count
_RHYTHM = "rhythm"


def read(root: Path) -> Source:
    """Every record under `root/data` in mV; `labels` is the rhythm its header names, `diagnoses` all that it names."""
    headers = sorted((root / "data").glob("*.hea"), key=lambda path: (len(path.stem), path.stem))
    if not headers:
        raise InputError(f"{root} is no LUDB: there is no data/*.hea in it")
    return Source(len(headers), (Attempt(header.stem, partial(_record, header)) for header in headers))


def _record(header: Path) -> Record:
    import wfdb

    counts = wfdb.rdrecord(str(header.with_suffix("")), physical=False)
    said = comments(header)
    entry = row(
        header.stem,
        header.stem,
        age=said.get("age"),
        sex=said.get("sex"),
        labels=[said[_RHYTHM].rstrip(".")] if _RHYTHM in said else [],
        fold=None,
        diagnoses=[line.strip() for line in counts.comments if line.strip()[:1] not in ("", "<")],
    )
    return Record(entry, counts.fs, tuple(counts.sig_name), counts.d_signal * (UV_PER_COUNT / 1000))
