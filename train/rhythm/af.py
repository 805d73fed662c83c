"""Fit the model of atrial fibrillation: a logistic regression over the product's own measures of half minutes.

    python -m train.rhythm.af cinc2017 mitdb cpsc2021 --labels REFERENCE-v3.csv --out edge/bundles/rhythm/af.json

Records named in the table of labels (CinC 2017: name,N|A|O|~) are of one rhythm, and noisy ones are left out; records
with marks beside them have episodes (AFIB and AFL). Records of a CPSC2021 patient stay together in every fold.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.rhythm.af_window import AfWindow, AfWindows
from edge.rhythm.atrial import (
    FEATURES,
    FORMAT,
    WINDOW_S,
    AfModel,
    AfScore,
    log_odds,
    measures,
    probability,
    standardised,
)
from train.rhythm.recordings import Heard, heard, marks, records

Array = npt.NDArray[np.float64]

LEAVE_OUT = "~"
STEP = 1000  # samples pushed at once
PURE = 0.9  # of a window in fibrillation, or out of it: what lies between teaches nothing
LONG_RECORD = 10.0  # weight of a long record beside a short one's 1: it has more to say, of one heart only
INVERSE_PENALTY = 0.2  # of the weights: the best of 0.002, 0.02 and 0.2, out of fold on CinC 2017
SEED, FOLDS, RESAMPLES = 0, 5, 2000
ON, OFF = 0.8, 0.5  # probabilities at which an episode is taken to begin and to end


@dataclass(frozen=True)
class Case:
    """One record's windows and what is known of each: 1 fibrillation, 0 not, NaN not to be learned."""

    name: str
    kind: str  # a short record's label, or "episodes"
    windows: list[AfWindow]
    truth: Array
    inside: list[tuple[int, int]]  # episodes of fibrillation, samples of the timeline
    samples: int

    @property
    def group(self) -> str:
        return self.name.rsplit("_", 1)[0] if self.name.startswith("data_") else self.name

    @property
    def weight(self) -> float:
        return LONG_RECORD if self.kind == "episodes" else 1.0


def windows_of(record: Heard) -> list[AfWindow]:
    """The windows of a recording, as the device makes them."""
    stage, found = AfWindows(record.block.rate, WINDOW_S), []
    reports, beats = [*record.reports][::-1], [*record.beats][::-1]
    last = record.block.end
    for first in range(record.block.start, last, STEP):
        end = min(first + STEP, last)
        while reports and reports[-1].end <= end:
            stage.set_quality(reports.pop())
        horizon = end if end == last else end - 2 * STEP
        ready = []
        while beats and beats[-1].sample < horizon:
            ready.append(beats.pop())
        found += stage.push(record.block.cut(first, end), ready, horizon)
    return found + stage.flush()


def episodes(path: Path, samples: int) -> list[tuple[int, int]]:
    """Atrial fibrillation and flutter in a record's marks. Raises OSError where there are none."""
    of = marks(path)
    changes = [(int(at), aux) for at, aux in zip(of.at_500, of.aux, strict=True) if aux.startswith("(")]
    starts = [at for at, _ in changes]
    spans = zip(starts, [*starts[1:], samples], strict=False)
    return [span for span, (_, aux) in zip(spans, changes, strict=False) if aux in ("(AFIB", "(AFL")]


def share_inside(window: AfWindow, inside: list[tuple[int, int]]) -> float:
    covered = sum(max(0, min(end, window.end) - max(start, window.start)) for start, end in inside)
    return covered / max(window.end - window.start, 1)


def case(path: Path, record: Heard, labels: dict[str, str]) -> Case:
    windows, samples = windows_of(record), record.block.end
    label = labels.get(record.name)
    if label is not None:
        truth = np.full(len(windows), np.nan if label == LEAVE_OUT else float(label == "A"))
        return Case(record.name, label, windows, truth, [], samples)
    inside = episodes(path, samples)
    share = np.array([share_inside(window, inside) for window in windows])
    truth = np.where(share >= PURE, 1.0, np.where(share <= 1 - PURE, 0.0, np.nan))
    return Case(record.name, "episodes", windows, truth, inside, samples)


def table(cases: Iterable[Case]) -> tuple[Array, Array, Array]:
    """Measures (rows x features), truth and weight, a row a window and lead."""
    xs, ys, ws = [], [], []
    for one in cases:
        rows = [(x, y) for w, y in zip(one.windows, one.truth, strict=True) if (x := measures(w)) is not None]
        rows = [(x, y) for x, y in rows if np.isfinite(y)]
        count = sum(len(x) for x, _ in rows)
        for x, y in rows:
            xs.append(x)
            ys.append(np.full(len(x), y))
            ws.append(np.full(len(x), one.weight / count))
    return np.concatenate(xs), np.concatenate(ys), np.concatenate(ws)


def fit(cases: Iterable[Case]) -> dict[str, Any]:
    """The model as `AfModel` reads it."""
    from sklearn.linear_model import LogisticRegression

    x, y, weight = table(cases)
    mean, scale = np.nanmean(x, axis=0), np.maximum(np.nanstd(x, axis=0), 1e-6)
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=3000)
    model.fit(standardised(x, mean, scale), y, sample_weight=weight)
    numbers = {"mean": mean, "scale": scale, "weights": model.coef_[0]}
    rounded = {name: [float(f"{value:.6g}") for value in of] for name, of in numbers.items()}
    return {"format": FORMAT, "features": [*FEATURES], **rounded, "intercept": round(float(model.intercept_[0]), 6)}


def out_of_fold(cases: list[Case]) -> dict[str, list[float | None]]:
    """Log-odds of every window, by record, from models that have not seen the record's patient."""
    groups = sorted({one.group for one in cases})
    fold = dict(zip(groups, np.random.default_rng(SEED).permutation(len(groups)) % FOLDS, strict=True))
    found: dict[str, list[float | None]] = {}
    for k in range(FOLDS):
        model = AfModel(fit(one for one in cases if fold[one.group] != k))
        for one in cases:
            if fold[one.group] == k:
                found[one.name] = [log_odds(window, model) for window in one.windows]
    return found


def score_of(one: Case, odds: list[float | None], rate: float = 500.0) -> float | None:
    """The recording's score, as the device has it."""
    score = AfScore()
    for window, value in zip(one.windows, odds, strict=True):
        if value is not None:
            score.push(window.end / rate, (window.end - window.start) / rate, value)
    return score.value()


def ranking(cases: list[Case], odds: dict[str, list[float | None]]) -> dict[str, Any]:
    """AUROC of A against N and O over short records, with a bootstrap's 95 % interval; unjudged records as they are."""
    from sklearn.metrics import roc_auc_score

    short = [one for one in cases if one.kind in ("N", "A", "O")]
    scores = [score_of(one, odds[one.name]) for one in short]
    y = np.array([one.kind == "A" for one in short])
    p = np.array([0.0 if score is None else score for score in scores])
    rng, draws = np.random.default_rng(SEED), []
    for _ in range(RESAMPLES):
        k = rng.integers(0, len(y), len(y))
        draws.append(roc_auc_score(y[k], p[k]))
    other = np.array([one.kind != "N" for one in short])
    low, high = np.percentile(draws, [2.5, 97.5])
    return {
        "records": len(y),
        "unjudged_counted_as_0": sum(score is None for score in scores),
        "auroc": round(float(roc_auc_score(y, p)), 4),
        "interval": [round(float(low), 4), round(float(high), 4)],
        "auroc_against_other": round(float(roc_auc_score(y[other], p[other])), 4),
    }


def found_episodes(one: Case, odds: list[float | None], rate: float = 500.0) -> list[tuple[int, int]]:
    """Episodes at `ON` and `OFF`, as they stand in the windows' middles; a shorter one than 30 s is none."""
    open_at: int | None = None
    found: list[tuple[int, int]] = []
    last = 0
    for window, value in zip(one.windows, odds, strict=True):
        middle, p = (window.start + window.end) // 2, 0.0 if value is None else probability(value)
        if open_at is None and p >= ON:
            open_at = 0 if not found and last == 0 else middle
        elif open_at is not None and p < OFF:
            found.append((open_at, middle))
            open_at = None
        last = middle
    if open_at is not None:
        found.append((open_at, one.samples))
    return [(start, end) for start, end in found if end - start >= WINDOW_S * rate]


def overlap(a: tuple[int, int], b: list[tuple[int, int]]) -> int:
    return sum(max(0, min(a[1], end) - max(a[0], start)) for start, end in b)


def episode_figures(cases: list[Case], odds: dict[str, list[float | None]], rate: float = 500.0) -> dict[str, Any]:
    """Duration and episodes (of 30 s or more) found, over long records; any overlap finds an episode."""
    hit = said = there = of = found_right = found_all = 0
    seconds: dict[str, list[int]] = {}
    for one in (one for one in cases if one.kind == "episodes"):
        mine = found_episodes(one, odds[one.name])
        both = sum(overlap(episode, one.inside) for episode in mine)
        said += (spent := sum(end - start for start, end in mine))
        there += (inside := sum(end - start for start, end in one.inside))
        hit += both
        long = [episode for episode in one.inside if episode[1] - episode[0] >= WINDOW_S * rate]
        of += len(long)
        found_right += sum(overlap(episode, mine) > 0 for episode in long)
        found_all += len(mine)
        seconds[one.name] = [round(value / rate) for value in (inside, spent, both)]
    right = sum(
        overlap(episode, one.inside) > 0
        for one in cases
        if one.kind == "episodes"
        for episode in found_episodes(one, odds[one.name])
    )
    return {
        "duration_s": {"true": round(there / rate), "found": round(said / rate), "both": round(hit / rate)},
        "episodes": {"true": of, "true_found": found_right, "found": found_all, "found_right": right},
        "seconds_true_found_both": {name: of for name, of in seconds.items() if any(of)},
    }


def read_labels(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        return {row[0]: row[1] for row in csv.reader(file) if len(row) > 1}


def all_cases(folders: Iterable[Path], labels: dict[str, str]) -> Iterator[Case]:
    for folder in folders:
        for path in records(folder):
            yield case(path, heard(path), labels)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="DIR", help="WFDB records, at any depth")
    parser.add_argument("--labels", type=Path, help="name,label a line, for records of one rhythm")
    parser.add_argument("--cross-validate", action="store_true", help="print figures out of fold, as JSON")
    parser.add_argument("--out", type=Path, help="write the model, fitted to everything, here")
    asked = parser.parse_args(arguments)
    cases = list(all_cases(asked.folders, read_labels(asked.labels)))
    report(cases, asked)


def report(cases: list[Case], asked: argparse.Namespace) -> None:
    if asked.cross_validate:
        odds = out_of_fold(cases)
        figures = {"episodes": episode_figures(cases, odds)}
        if any(one.kind == "A" for one in cases):
            figures["ranking"] = ranking(cases, odds)
        print(json.dumps(figures, indent=1))
    if asked.out:
        sets = ", ".join(folder.name for folder in asked.folders)
        told = f"{sets} (PhysioNet; ODC-By and as published), {len(cases)} records"
        command = f"python -m train.rhythm.af {' '.join(f.name for f in asked.folders)} --labels REFERENCE-v3.csv --out"
        model = {**fit(cases), "trained_on": told, "command": f"{command} edge/bundles/rhythm/af.json"}
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(json.dumps(model, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
