"""A prepared set of twelve-lead recordings: one memory-mapped array of microvolts and a table beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.leads import INDEPENDENT, LEAD, TWELVE_FROM_EIGHT

IDENTITY_TOLERANCE_UV = 20  # rounding of the publisher's own derived leads, with room


@dataclass(frozen=True)
class Corpus:
    uv: npt.NDArray[np.int16]  # records x samples x 12, microvolts at 500 Hz, leads in standard order
    table: list[dict[str, Any]]  # name, subject, fold and whatever the publisher tells, a record a row

    def select(self, folds: Iterable[int]) -> Corpus:
        wanted = set(folds)
        rows = [k for k, row in enumerate(self.table) if row.get("fold") in wanted]
        return Corpus(self.uv[rows], [self.table[k] for k in rows])

    def every(self, stride: int) -> Corpus:
        """Every `stride`-th record."""
        return Corpus(self.uv[::stride], self.table[::stride])

    def mv(self) -> npt.NDArray[np.float32]:
        """All records in mV (records x samples x 12)."""
        return self.uv.astype(np.float32) * np.float32(1e-3)


def save(path: Path, records: Iterable[tuple[dict[str, Any], npt.NDArray[np.floating]]]) -> tuple[int, list[str]]:
    """Write (row, mV samples x 12) pairs as a corpus; returns how many, and why each rejected one was."""
    kept, rows, rejected = [], [], []
    for row, mv in records:
        reason = defect(mv)
        if reason:
            rejected.append(f"{row['name']}: {reason}")
            continue
        kept.append(np.round(mv * 1000).astype(np.int16))
        rows.append(row)
    if not kept:
        raise ValueError("no usable record" + (f"; the first: {rejected[0]}" if rejected else ""))
    path.mkdir(parents=True, exist_ok=True)
    np.save(path / "uv.npy", np.stack(kept))
    (path / "table.json").write_text(json.dumps({"records": rows, "rejected": rejected}))
    return len(kept), rejected


def load(path: Path) -> Corpus:
    return Corpus(np.load(path / "uv.npy", mmap_mode="r"), json.loads((path / "table.json").read_text())["records"])


def defect(mv: npt.NDArray[np.floating]) -> str | None:
    """Why a recording (samples x 12, mV) cannot be used, or None."""
    if not np.isfinite(mv).all():
        return f"{int((~np.isfinite(mv)).any(1).sum())} samples are missing"
    if np.abs(mv).max() > 30:
        return f"an amplitude of {np.abs(mv).max():.0f} mV"
    eight = mv[:, [LEAD[name] for name in INDEPENDENT]]
    off_uv = 1000 * np.abs(eight @ TWELVE_FROM_EIGHT.T - mv).max()
    if off_uv > IDENTITY_TOLERANCE_UV:
        return f"the limb leads break Einthoven's or Goldberger's law by {off_uv:.0f} uV"
    return None
