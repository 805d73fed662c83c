"""Fits the model that tells ventricular beats, and judges it on records it has not seen.

`python -m train.rhythm.beats /path/mitdb --cross-validate` prints sensitivity and positive predictivity of VEB and SVEB
by record; with `--out edge/bundles/rhythm/beats.json` it writes the model fitted to all records.

Every record is heard with all its leads, and with each lead alone; the model knows no lead's name.
"""

from __future__ import annotations

import argparse
import itertools
import json
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.rhythm.classes import BeatMeasures, Measured, kind
from edge.rhythm.shape_features import SHAPE, TIMING
from train.rhythm.boosting import classifier, fit
from train.rhythm.recordings import Heard, Marks, heard, marks, named, records

KINDS = {"N": "NLRej", "S": "AaJS", "V": "VE", "F": "F", "Q": "/fQ"}  # EC57's classes, of MIT-BIH's marks
OF_MARK = {mark: name for name, of in KINDS.items() for mark in of}
WITHIN = 75  # samples: 150 ms (EC57)
LEARNING_S = 300.0  # not scored (EC57)
FOLDS = 11
THIN = 4  # one normal beat in so many is trained on: they are alike
BALANCE = 0.5  # a record's beats of a class count as their number to this power, so that none dominates
V_SHARE = 0.25  # of the weight
SETTINGS = {"max_iter": 100, "max_depth": 4, "max_leaf_nodes": 10, "min_samples_leaf": 40, "l2_regularization": 5.0}


@dataclass(frozen=True, slots=True)
class View:
    """A record in some of its leads: the detector's beats, measured, and what the reference calls them."""

    record: str
    name: str  # "all", or a lead
    measured: tuple[Measured, ...]
    kinds: tuple[str, ...]  # N, S, V, F, Q, or nothing where there is no beat
    missed: tuple[tuple[int, str], ...]  # samples and kinds of reference beats not found
    apart: tuple[tuple[int, int], ...]  # ventricular flutter or fibrillation, scored apart (EC57)


def views(path: Path) -> Iterator[View]:
    """The record `path` with all leads, and with each alone."""
    reference = marks(path)
    whole = heard(path)
    yield _view("all", whole, reference)
    for lead in named(whole.block.leads) if len(whole.block.leads) > 1 else ():
        yield _view(lead, heard(path, [lead]), reference)


def measured(of: Heard) -> list[Measured]:
    """Every beat of a recording as the device measures it."""
    stage = BeatMeasures(of.block.rate)
    for report in of.reports:
        stage.set_quality(report)
    return stage.push(of.block, list(of.beats), of.block.end) + stage.flush()


def _view(name: str, of: Heard, reference: Marks) -> View:
    beats = measured(of)
    there = [(int(at), OF_MARK[s]) for at, s in zip(reference.at_500, reference.symbols, strict=True) if s in OF_MARK]
    kinds, missed = matched([m.beat.sample for m in beats], there)
    edges = [(int(at), s) for at, s in zip(reference.at_500, reference.symbols, strict=True) if s in "[]"]
    apart = tuple((a, b) for (a, first), (b, last) in itertools.pairwise(edges) if first + last == "[]")
    return View(of.name, name, tuple(beats), kinds, missed, apart)


def matched(found: list[int], there: list[tuple[int, str]]) -> tuple[tuple[str, ...], tuple[tuple[int, str], ...]]:
    """Kind of the reference beat nearest to each found one, each used once; and those left over."""
    at = np.array([sample for sample, _ in there])
    pairs = [
        (abs(int(at[j]) - sample), i, int(j))
        for i, sample in enumerate(found)
        for j in range(*np.searchsorted(at, (sample - WITHIN, sample + WITHIN + 1)))
    ]
    kinds, used = [""] * len(found), set()
    for _, i, j in sorted(pairs):
        if not kinds[i] and j not in used:
            kinds[i] = there[j][1]
            used.add(j)
    return tuple(kinds), tuple(entry for j, entry in enumerate(there) if j not in used)


class Rows:
    """One row for each usable lead of each beat of each view."""

    def __init__(self, of: list[View]) -> None:
        rows = [
            (np.concatenate([m.timing, shape]), view.kinds[i], view.record, view.name, (k, i))
            for k, view in enumerate(of)
            for i, m in enumerate(view.measured)
            for shape in m.shapes
        ]
        self.x = np.array([row[0] for row in rows])
        self.kinds, self.records, self.names = (np.array([row[n] for row in rows]) for n in (1, 2, 3))
        self.beats: list[tuple[int, int]] = [row[4] for row in rows]
        self.is_v = (self.kinds == "V").astype(np.int64)
        thin = np.random.default_rng(1).random(len(rows)) < 1 / THIN
        told = np.isin(self.kinds, ("N", "S", "V", ""))  # fusions are of both, Q of none
        self.train = told & ((self.kinds != "N") | thin)

    @property
    def weights(self) -> npt.NDArray[np.float64]:
        w = np.zeros(len(self.x))
        groups = np.array([f"{r} {n} {k}" for r, n, k in zip(self.records, self.names, self.kinds, strict=True)])
        _, group, count = np.unique(groups[self.train], return_inverse=True, return_counts=True)
        w[self.train] = count[group] ** (BALANCE - 1.0)
        for share, part in ((V_SHARE, self.is_v == 1), (1 - V_SHARE, self.is_v == 0)):
            w[part] *= share / w[part].sum()
        return w / w[self.train].mean()

    def out_of_fold(self) -> npt.NDArray[np.float64]:
        """Log-odds of V from trees that saw nothing of the row's record."""
        weights, answer = self.weights, np.full(len(self.x), np.nan)
        order = np.random.default_rng(0).permutation(np.unique(self.records))
        for part in np.array_split(order, min(FOLDS, len(order))):
            out = np.isin(self.records, part)
            known = self.train & ~out
            model = classifier(**SETTINGS).fit(self.x[known], self.is_v[known], sample_weight=weights[known])
            answer[out] = model.decision_function(self.x[out])
        return answer


def scored(of: View, told: list[str], which: str) -> tuple[int, int, int]:
    """True positive, false negative and false positive beats of class `which`, after the learning period.

    F and Q reference beats count neither way (EC57), nor does what lies in ventricular flutter.
    """
    hit = missed = false = 0
    from_sample = LEARNING_S * 500
    for m, true, said in zip(of.measured, of.kinds, told, strict=True):
        at = m.beat.sample
        if at < from_sample or (not true and any(a <= at <= b for a, b in of.apart)):
            continue
        hit += true == said == which
        missed += true == which != said
        false += said == which and true not in (which, "F", "Q")
    return hit, missed + sum(at >= from_sample and true == which for at, true in of.missed), false


def table(of: list[View], votes: dict[tuple[int, int], list[float]], worst: int = 8) -> dict[str, Any]:
    """Gross sensitivity and positive predictivity by leads, and the records with most errors."""
    said = {
        k: [kind(m, votes[k, i]) if (k, i) in votes else "Q" for i, m in enumerate(view.measured)]
        for k, view in enumerate(of)
    }
    answer: dict[str, Any] = {}
    for name in sorted({view.name for view in of}):
        for which in ("V", "S"):
            counts = {of[k].record: scored(of[k], told, which) for k, told in said.items() if of[k].name == name}
            hit, missed, false = np.sum(list(counts.values()), axis=0).tolist()
            order = sorted(counts, key=lambda record: -sum(counts[record][1:]))[:worst]
            answer[f"{name} {which}"] = {
                "records": len(counts),
                "sensitivity": round(100 * hit / max(hit + missed, 1), 2),
                "positive_predictivity": round(100 * hit / max(hit + false, 1), 2),
                "hit, missed, false": [hit, missed, false],
                "worst": {record: counts[record] for record in order if sum(counts[record][1:])},
            }
    return answer


def cross_validated(of: list[View]) -> dict[str, Any]:
    rows = Rows(of)
    votes: dict[tuple[int, int], list[float]] = {}
    for beat, vote in zip(rows.beats, rows.out_of_fold().tolist(), strict=True):
        votes.setdefault(beat, []).append(vote)
    return table(of, votes)


def model(of: list[View]) -> dict[str, Any]:
    """The trees fitted to all views, as `edge` reads them."""
    rows = Rows(of)
    at, count = rows.train, len({view.record for view in of})
    made = fit(rows.x[at], rows.is_v[at], (*TIMING, *SHAPE), ("other", "V"), rows.weights[at], **SETTINGS)
    for tree in made["trees"]:
        for key in ("threshold", "value"):
            tree[key] = [float(f"{v:.5g}") for v in tree[key]]
    told = f"MIT-BIH Arrhythmia Database, {count} records (ODC-By 1.0)"
    return {"trained_on": told, "command": "python -m train.rhythm.beats DIR --out beats.json", **made}


def gathered(folders: list[Path], cache: Path | None) -> list[View]:
    """All views of all records, measured or from `cache`."""
    if cache and cache.exists():
        return list(pickle.loads(cache.read_bytes()))
    of = [view for folder in folders for path in records(folder) for view in views(path)]
    if cache:
        cache.write_bytes(pickle.dumps(of))
    return of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, help="WFDB records with .atr marks")
    parser.add_argument("--cross-validate", action="store_true", help=f"in {FOLDS} folds of records; prints scores")
    parser.add_argument("--out", type=Path, help="write the model fitted to all records (JSON)")
    parser.add_argument("--cache", type=Path, help="keep what was measured (delete it when features change)")
    options = parser.parse_args()
    of = gathered(options.folders, options.cache)
    if options.cross_validate:
        for name, row in cross_validated(of).items():
            print(name, json.dumps(row))
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text(json.dumps(model(of), separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
