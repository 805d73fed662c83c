"""python -m train.evaluate.against_marks: the landmarks against cardiologists' own, of LUDB.

    python -m train.evaluate.against_marks --data cache/ludb --marks ~/data/ludb

LUDB (Kalyakulina et al. 2020) has QRS onset, QRS end and T end marked in every lead. Printed and returned: ours minus
theirs in ms, lead by lead, and for all leads together against the earliest onset and the latest end marked.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.bundle import RATE
from edge.dsp.baseline import remove_baseline
from edge.leads import LEADS
from train.data import corpus
from train.data.corpus import Corpus
from train.evaluate import beats, landmarks

MS = 1000 / RATE
NAMES = ("onset", "j", "t_end")
NEAR = round(0.15 * RATE)  # samples from R to the middle of the QRS a mark belongs to
Floats = npt.NDArray[np.float64]


def marked(root: Path, name: str, at: npt.NDArray[np.int64]) -> Floats:
    """Median QRS onset, QRS end and T end of the beats at `at`, in samples after R (12 x 3; NaN where not marked)."""
    import wfdb

    out = np.full((12, len(NAMES)), np.nan)
    for k, lead in enumerate(LEADS):
        notes = wfdb.rdann(str(root / "data" / name), lead.lower())
        for place, instants in enumerate(_instants(notes.symbol, notes.sample, at)):
            if instants:
                out[k, place] = np.median(instants)
    return out


def _instants(symbols: Sequence[str], samples: Sequence[int], at: npt.NDArray[np.int64]) -> tuple[list[int], ...]:
    """QRS onsets, QRS ends and T ends of one lead, in samples after the R they belong to.

    A wave is marked "(", its peak "N" or "t" (or "p"), ")"; either bracket may be missing.
    """
    onsets: list[int] = []
    ends: list[int] = []
    t_ends: list[int] = []
    r = None  # of the QRS seen last, if it is a beat of ours
    for i in range(1, len(symbols) - 1):
        closed = symbols[i + 1] == ")"
        if symbols[i] == "N":
            nearest = int(at[np.abs(at - samples[i]).argmin()])
            r = nearest if abs(nearest - samples[i]) <= NEAR else None
            if r is not None and symbols[i - 1] == "(":
                onsets.append(samples[i - 1] - r)
            if r is not None and closed:
                ends.append(samples[i + 1] - r)
        elif symbols[i] == "t" and r is not None:
            if closed:
                t_ends.append(samples[i + 1] - r)
            r = None
    return onsets, ends, t_ends


def compare(data: Corpus, root: Path) -> dict[str, Any]:
    """Errors in ms (ours minus theirs): median, quartiles and how many, by landmark."""
    medians, ends, theirs = [], [], []
    for row, uv in zip(data.table, data.uv, strict=True):
        mv = remove_baseline(uv.astype(np.float32) * np.float32(1e-3), RATE)
        found = beats.find(mv)
        if found.enough:
            medians.append(beats.median(beats.isoelectric(mv, found), found))
            ends.append(found.length)
            theirs.append(marked(root, row["name"], found.at))
    stacked, last, true = np.stack(medians), np.array(ends), np.stack(theirs)
    common = landmarks.together(stacked, last)
    single = landmarks.each(stacked, last, common)
    out: dict[str, Any] = {"records": len(true), "each lead": {}, "together": {}}
    for k, name in enumerate(NAMES):
        ours = np.where(getattr(single, name) >= 0, getattr(single, name), np.nan) - beats.BEFORE
        out["each lead"][name] = _figures(MS * (ours - true[:, :, k]))
        extreme = np.nanmin(true[:, :, k], 1) if name == "onset" else np.nanmax(true[:, :, k], 1)
        out["together"][name] = _figures(MS * (getattr(common, name) - beats.BEFORE - extreme))
        middle = np.nanmedian(true[:, :, k], 1)
        out["together"][f"{name}, of the median lead"] = _figures(MS * (getattr(common, name) - beats.BEFORE - middle))
    theirs_ms = MS * (np.nanmax(true[:, :, 1], 1) - np.nanmin(true[:, :, 0], 1))
    out["together"]["QRS duration"] = _figures(MS * (common.j - common.onset) - theirs_ms)
    return out


def _figures(error: Floats) -> dict[str, float | int]:
    there = error[np.isfinite(error)]
    low, middle, high = np.quantile(there, (0.25, 0.5, 0.75))
    return {"n": len(there), "median_ms": float(middle), "q25_ms": float(low), "q75_ms": float(high)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="LUDB as `python -m train prepare ludb` makes it")
    parser.add_argument("--marks", type=Path, required=True, help="LUDB's folder, as its publisher ships it")
    args = parser.parse_args()
    print(json.dumps(compare(corpus.load(args.data), args.marks), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
