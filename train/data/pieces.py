"""One recording as training wants it: pieces of one length, twelve leads in order, 500 Hz, no holes, a fold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from train.data.preprocess import RATE, filled, reordered, resampled
from train.data.record import Record, Rejected, Row, Signal

FOLDS = 10  # as PTB-XL has them: 1 to 7 to train on, 8 to choose by, 9 and 10 to score


def pieces(record: Record, seconds: float) -> Iterator[tuple[Row, Signal] | Rejected]:
    """Pieces of `seconds` of a recording, one after another (samples x 12, mV, at 500 Hz).

    What remains at the end and is shorter is left out; a recording shorter than one piece is rejected. Where there are
    several, each has its start in its name (`NAME@20` begins 20 s in) and in `start_s`, and the subject of all is one.
    Every piece is filled and resampled by itself: a hole costs the piece it is in and no other.
    """
    name = str(record.row["name"])
    try:
        mv = reordered(record.mv, record.leads)
    except ValueError as error:
        yield Rejected(name, str(error))
        return
    length = round(seconds * record.rate)
    count = len(mv) // length if length else 0
    if not count:
        yield Rejected(name, f"it lasts {len(mv) / record.rate:.2f} s, and a piece {seconds:g} s")
    for k in range(count):
        row = dict(record.row)
        if count > 1:
            row |= {"name": f"{name}@{k * seconds:g}", "start_s": k * seconds}
        try:
            part = filled(mv[k * length : (k + 1) * length], record.rate)
        except ValueError as error:
            yield Rejected(row["name"], str(error))
            continue
        yield row, resampled(part, record.rate, round(seconds * RATE))


def hash_fold(source: str, subject: object) -> int:
    """The fold (1 to 10) of a subject of the set `source`: the same on every machine and in every run."""
    digest = hashlib.sha256(f"{source}/{subject}".encode()).digest()
    return 1 + int.from_bytes(digest[:8], "big") % FOLDS
