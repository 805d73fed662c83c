"""A day's beats in milliseconds: the `qrs` file as arrays instead of objects."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge.exports.digest import BEATS
from edge.exports.run_record import RunRecord
from edge.recordings.annotations import read_annotations
from edge.recordings.recording import unreadable

_KINDS = {"N": 1, "V": 5, "F": 6, "S": 9, "Q": 13}  # ecgcodes.h of the WFDB library, of the classes that we tell
_SKIP, _LAST_PLAIN = 59, 49  # annot(5): a long step, with its length in the next two words; the last code of a mark
_INTERVAL = 1023


@dataclass(frozen=True)
class Beats:
    samples: npt.NDArray[np.int64]  # of the record, in order
    kinds: npt.NDArray[np.str_]  # N S V F Q, one a beat


def read_beats(record: RunRecord) -> Beats:
    """None where no beat was told. Errors: InputError."""
    path = record.header_path.with_suffix(".qrs")
    if not path.is_file():
        return Beats(np.zeros(0, np.int64), np.zeros(0, "<U1"))
    found = _plain(path)
    if found is None:  # what another program added notes to
        marks = [mark for mark in read_annotations(path) if mark.symbol in BEATS]
        return Beats(np.array([m.sample for m in marks], np.int64), np.array([m.symbol for m in marks], "<U1"))
    samples, codes = found
    names = np.full(64, "", "<U1")
    names[list(_KINDS.values())] = list(_KINDS)
    order = np.argsort(samples, kind="stable")
    order = order[names[codes[order]] != ""]
    return Beats(samples[order], names[codes[order]])


def _plain(path: Path) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]] | None:
    """Samples and codes in the file's order; None where there is more in it than marks and long steps."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None
    words = np.frombuffer(data, "<u2", len(data) // 2).astype(np.int64)
    is_word, steps = np.ones(len(words), bool), words & _INTERVAL
    next_word = 0
    for at in np.flatnonzero(words >> 10 == _SKIP).tolist():
        if at < next_word:
            continue  # the length of the step before looks like one
        is_word[at : at + 3], next_word = False, at + 3
        if at + 3 < len(words):
            high = words[at + 1] - 65536 * (words[at + 1] > 32767)
            steps[at + 3] += high * 65536 + words[at + 2]
    end = np.flatnonzero(is_word & (words == 0))  # no mark has code 0 and no step
    is_word[end[0] if len(end) else len(words) :] = False
    codes = words[is_word] >> 10
    if (codes > _LAST_PLAIN).any():
        return None
    return np.cumsum(steps[is_word]), codes
