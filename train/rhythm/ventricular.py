"""Fit the ventricular model: python -m train.rhythm.ventricular mitdb=DIR vfdb=DIR cinc2015=DIR --out FILE

Every folder holds WFDB records of the set it is named for. The recordings go through the product's own road and
`Windows`; two logistic models are fitted to what it measures, each record and each class counting alike. Where a set
says only that an alarm was true, the window that looks most like it in the last ten seconds stands for it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.bundle import RATE
from edge.errors import InputError, Reason
from edge.rhythm.ventricular import Window, Windows
from edge.rhythm.vf_model import VF, VT, Model, vf_rows, vt_row
from train.rhythm.recordings import Heard, heard, marks, records

BEATS = frozenset("NLRBAaJSVrFejnE/fQ?")  # WFDB's codes that are beats
VENTRICULAR = frozenset("VE")
FIBRILLATION = frozenset({"VF", "VFL", "VFIB"})
ALARM_S, FEWEST, FASTER = 10.0, 5, 100.0  # before the alarm; beats of a tachycardia; a minute
MOST = 0.9  # of a window that a rhythm must fill to be its label
YES, NO, OPEN, SOME = 1, 0, -1, 2  # OPEN: not used; SOME: at least one window of the record's SOME is YES
ROUNDS = 4  # of choosing which
STRENGTH = 0.3  # inverse of the penalty on standardised weights

Floats = npt.NDArray[np.float64]
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A record's windows and what each is."""

    name: str
    windows: list[Window]
    vf: list[int]
    vt: list[int]


def windows_of(heard_: Heard) -> list[Window]:
    """A recording's windows, as the device measures them."""
    stage = Windows(RATE)
    for report in heard_.reports:
        stage.set_quality(report)
    return stage.push(heard_.block, list(heard_.beats), heard_.block.end) + stage.flush()


def labelled(pack: str, path: Path, windows: list[Window]) -> Labelled:
    """Windows of the record `path` with the labels of its set."""
    name = f"{pack}/{path.stem}"
    if pack == "cinc2015":
        alarm, true = alarm_of(path)
        vf, vt = _of_alarm(alarm, true, windows)
        return Labelled(name, windows, vf, vt)
    fib, tach, other = spans(pack, path)
    vf = [_label(w, fib, tach if pack == "vfdb" else []) for w in windows]
    vt = [_label(w, tach, [*fib, *other]) for w in windows]
    return Labelled(name, windows, vf, vt)


def alarm_of(path: Path) -> tuple[str, bool]:
    """What was announced at a record's end, and whether it was true: from its header, or the publisher's ALARMS.

    Raises InputError where neither says it.
    """
    notes = [line.strip("# \n") for line in path.read_text().splitlines() if line.startswith("#")]
    if len(notes) >= 2:
        return notes[0], "true" in notes[1].lower()
    table = path.with_name("ALARMS")
    for line in table.read_text().splitlines() if table.is_file() else []:
        name, alarm, true = (part.strip() for part in line.split(","))
        if name == path.stem:
            return alarm, true == "1"
    raise InputError(f"{path} names no alarm: put the set's table ALARMS beside it", Reason.MALFORMED)


def spans(pack: str, path: Path) -> tuple[list[Span], list[Span], list[Span]]:
    """Fibrillation or flutter, tachycardia, and what is near to it, in samples at 500 Hz."""
    read = marks(path)
    at = read.at_500.astype(float)
    if pack == "vfdb":
        return of_rhythm(at, read.aux, FIBRILLATION), of_rhythm(at, read.aux, frozenset({"VT"})), []
    opened = [t for t, s in zip(at, read.symbols, strict=True) if s == "["]
    closed = [t for t, s in zip(at, read.symbols, strict=True) if s == "]"]
    runs = _runs(at, read.symbols)
    long = [run for run in runs if len(run) >= FEWEST and 60 * RATE / np.mean(np.diff(run)) > FASTER]
    short = [run for run in runs if run not in long]
    edges = [[(run[0] - 0.1 * RATE, run[-1] + 0.1 * RATE) for run in some] for some in (long, short)]
    return list(zip(opened, closed, strict=True)), edges[0], edges[1]


def of_rhythm(at: Floats, aux: Sequence[str], wanted: frozenset[str]) -> list[Span]:
    changes = [(t, note[1:]) for t, note in zip(at, aux, strict=True) if note.startswith("(")]
    ends = [t for t, _ in changes[1:]] + [float("inf")]
    return [(t, end) for (t, note), end in zip(changes, ends, strict=True) if note in wanted]


def _runs(at: Floats, symbols: Sequence[str]) -> list[list[float]]:
    """Three or more ventricular beats in a row."""
    runs: list[list[float]] = [[]]
    for t, symbol in zip(at, symbols, strict=True):
        if symbol in VENTRICULAR:
            runs[-1].append(t)
        elif symbol in BEATS and runs[-1]:
            runs.append([])
    return [run for run in runs if len(run) >= 3]


def _label(window: Window, spans_: list[Span], unsure: list[Span]) -> int:
    inside = [min(window.end, b) - max(window.start, a) for a, b in spans_ if a < window.end and b > window.start]
    length = window.end - window.start
    whole = any(window.start <= a and b <= window.end for a, b in spans_)  # a short run, all of it
    if sum(inside) >= MOST * length or whole:
        return YES
    near = any(a < window.end and b > window.start for a, b in unsure)
    return OPEN if inside or near else NO


def _of_alarm(alarm: str, true: bool, windows: list[Window]) -> tuple[list[int], list[int]]:
    end = windows[-1].end
    some = [SOME if w.end > end - ALARM_S * RATE else OPEN for w in windows]
    open_, no = [OPEN] * len(windows), [NO] * len(windows)
    if not true or not alarm.startswith("Ventricular"):
        return no, no
    return (some, open_) if "Flutter" in alarm else (open_, some)


def fit(records_: Sequence[Labelled]) -> dict[str, Any]:
    """The model's table."""
    vf = _rows((r.name, y, row) for r in records_ for w, y in zip(r.windows, r.vf, strict=True) for row in _vf(w))
    vt = _rows((r.name, y, row) for r in records_ for w, y in zip(r.windows, r.vt, strict=True) for row in _vt(w))
    return {"vf": {"features": list(VF), **_logistic(*vf)}, "vt": {"features": list(VT), **_logistic(*vt)}}


def _vf(window: Window) -> Floats | list[Floats]:
    return vf_rows(window.leads) if window.leads else []


def _vt(window: Window) -> list[Floats]:
    return [vt_row(window.leads, window.run)] if window.run else []


def _rows(found: Iterator[tuple[str, int, Floats]]) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.int64], Floats]:
    kept = [item for item in found if item[1] != OPEN]
    return np.array([k[0] for k in kept]), np.array([k[1] for k in kept]), np.array([k[2] for k in kept])


def _logistic(names: npt.NDArray[np.str_], labels: npt.NDArray[np.int64], x: Floats) -> dict[str, Any]:
    """Weights in the features' own units."""
    from sklearn.linear_model import LogisticRegression

    middle, spread = x.mean(axis=0), x.std(axis=0) + 1e-9
    z = (x - middle) / spread
    y = np.where(labels == SOME, YES, labels)
    use = np.ones(len(y), bool)
    model = LogisticRegression(C=STRENGTH, max_iter=1000)
    for _ in range(ROUNDS):
        model.fit(z[use], y[use], sample_weight=_weights(names[use], y[use]))
        score = model.decision_function(z)
        for name in np.unique(names[labels == SOME]):
            own = np.flatnonzero((names == name) & (labels == SOME))
            use[own] = False
            use[own[np.argsort(score[own])[-3:]]] = True
    weights = model.coef_[0] / spread
    return {"weights": weights.tolist(), "bias": float(model.intercept_[0] - weights @ middle)}


def _weights(names: npt.NDArray[np.str_], y: npt.NDArray[np.int64]) -> Floats:
    """A record counts by the root of how much there is of it; both classes alike."""
    weights = np.ones(len(y))
    for label in (NO, YES):
        _, index, count = np.unique(names[y == label], return_inverse=True, return_counts=True)
        own = 1 / np.sqrt(count[index])
        weights[y == label] = own / own.sum()
    return weights * len(y) / 2


def out_of_fold(records_: Sequence[Labelled], folds: int = 10) -> dict[str, Model]:
    """For each record the model that saw nothing of it, nor of the same recording in another guise."""
    names = sorted({subject(r.name) for r in records_})
    order = np.random.default_rng(0).permutation(len(names))
    answer: dict[str, Model] = {}
    for part in np.array_split(order, folds):
        out = {names[k] for k in part}
        model = Model.of(fit([r for r in records_ if subject(r.name) not in out]))
        answer |= {r.name: model for r in records_ if subject(r.name) in out}
    return answer


def subject(name: str) -> str:
    """What a record is grouped by: `mitdb/101` and its noisy copies `mitdb/101_em_6` are one."""
    return name.split("_")[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", metavar="SET=DIR")
    parser.add_argument("--out", type=Path, required=True, help="the model's JSON file")
    args = parser.parse_args()
    found: list[Labelled] = []
    for folder in args.folders:
        pack, _, where = folder.partition("=")
        for path in records(Path(where)):
            found.append(labelled(pack, path, windows_of(heard(path))))
            print(found[-1].name, len(found[-1].windows), file=sys.stderr)
    write(args.out, found, "python -m train.rhythm.ventricular " + " ".join(args.folders) + f" --out {args.out}")
    return 0


def write(out: Path, found: Sequence[Labelled], command: str) -> None:
    counts: dict[str, int] = {}
    for record in found:
        pack = record.name.split("/")[0]
        counts[pack] = counts.get(pack, 0) + 1
    about = {"format": 1, "trained_on": {"records": counts, "licence": "ODC-By 1.0"}, "command": command}
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(about | fit(found), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
