"""Writes a corpus record by record, so that a set of any size fits, and a half-written one never looks whole.

Everything grows in a folder `NAME.part` beside the one asked for, which takes its name when it is complete.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from edge.errors import InputError, OutputError, Reason
from train.data.checks import defect
from train.data.preprocess import zscored
from train.data.record import Rejected, Row, Signal

UV, TABLE, REJECTED = "uv.npy", "table.json", "rejected.txt"
_OURS = {UV, TABLE, REJECTED}
_TOO_FAR = "a sample more than 32 standard deviations from its lead's mean"


class CorpusWriter:
    """`add` recordings one by one; leaving the `with` without an exception puts the corpus in its place.

    Besides defective ones it rejects a signal that came before under any name, and a record whose subject is in
    another fold already. `about` is kept beside the records (set, licence, preprocessing).
    """

    def __init__(self, path: Path, about: dict[str, Any] | None = None, *, zscore: bool = False) -> None:
        self.count = 0
        self.rejected: list[Rejected] = []
        self._path, self._part = path, path.with_name(path.name + ".part")
        self._zscore = zscore
        self._about = (about or {}) | {"unit": "sd" if zscore else "mV"}
        self._samples: int | None = None
        self._folds: dict[tuple[Any, Any], Any] = {}
        self._seen: dict[bytes, str] = {}

    def __enter__(self) -> CorpusWriter:
        try:
            if self._path.exists() and not _replaceable(self._path):
                raise OutputError(f"{self._path} holds other files: give a new folder", Reason.UNWRITABLE)
            shutil.rmtree(self._part, ignore_errors=True)  # what an interrupted run left
            self._part.mkdir(parents=True)
            self._uv: IO[bytes] = (self._part / UV).open("wb")
            self._table: IO[str] = (self._part / TABLE).open("w")
            self._reasons: IO[str] = (self._part / REJECTED).open("w")
        except OSError as error:
            raise OutputError(f"cannot write {self._part}: {error.strerror}", Reason.UNWRITABLE) from None
        self._table.write(json.dumps(self._about)[:-1] + ', "records": [')
        return self

    def add(self, row: Row, mv: Signal) -> str | None:
        """Write a recording (samples x 12, mV); returns why it was rejected, or None."""
        reason = defect(mv) or self._contradiction(row)
        if reason is None:
            thousandths = np.round((zscored(mv) if self._zscore else mv) * 1000)
            uv = thousandths.astype("<i2")
            reason = self._unfit(row, uv) if (uv == thousandths).all() else _TOO_FAR
        if reason is not None:
            self.reject(str(row["name"]), reason)
            return reason
        self._uv.write(uv.tobytes())
        self._table.write(",\n" if self.count else "\n")
        json.dump(row, self._table, separators=(",", ":"))
        self.count += 1
        return None

    def reject(self, name: str, reason: str) -> None:
        """Note a record that cannot be had at all."""
        self.rejected.append(Rejected(name, reason))
        self._reasons.write(f"{self.rejected[-1]}\n")

    def _contradiction(self, row: Row) -> str | None:
        if row.get("fold") is None or row.get("subject") is None:
            return None
        subject = (row.get("source"), row["subject"])
        fold = self._folds.setdefault(subject, row["fold"])
        return None if fold == row["fold"] else f"its subject {row['subject']} is in fold {fold}, not {row['fold']}"

    def _unfit(self, row: Row, uv: npt.NDArray[np.int16]) -> str | None:
        """Of the wrong length, or there already."""
        if self._samples is None:
            self._samples = len(uv)
            self._uv.write(_npy_header(0, self._samples))
        if len(uv) != self._samples:
            return f"{len(uv)} samples, and the first record has {self._samples}"
        digest = hashlib.blake2b(uv.tobytes(), digest_size=12).digest()
        if digest in self._seen:
            return f"the same signal as {self._seen[digest]}"
        self._seen[digest] = str(row["name"])
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        whole = kind is None and self.count > 0
        if whole:
            self._table.write(f'\n], "count": {self.count}}}\n')
            self._uv.seek(0)
            self._uv.write(_npy_header(self.count, self._samples or 0))
        for file in (self._uv, self._table, self._reasons):
            file.close()
        if not whole:
            shutil.rmtree(self._part, ignore_errors=True)
        if kind is None and not whole:
            raise InputError("no usable record" + (f"; the first: {self.rejected[0]}" if self.rejected else ""))
        if whole:
            self._publish()

    def _publish(self) -> None:
        if self._path.exists():
            old = self._path.with_name(self._path.name + ".old")
            shutil.rmtree(old, ignore_errors=True)
            self._path.rename(old)
            self._part.rename(self._path)
            shutil.rmtree(old)
        else:
            self._part.rename(self._path)


def _replaceable(path: Path) -> bool:
    """An empty folder, or a corpus of ours and nothing else."""
    return path.is_dir() and {entry.name for entry in path.iterdir()} <= _OURS


def _npy_header(count: int, samples: int) -> bytes:
    """The head of an .npy file, as long for any count: numpy leaves the first axis room to grow."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<i2", "fortran_order": False, "shape": (count, samples, 12)})
    return head.getvalue()
