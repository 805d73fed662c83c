"""Life-threatening rhythms: sensitivity, false alerts and delay on annotated recordings, from the ECG leads alone.

    python -m benchmarks emergencies mitdb=DIR vfdb=DIR cinc2015=DIR

DIR holds WFDB records; cinc2015's also the publisher's ALARMS, where the headers do not name the alarm.

cinc2015  is the alarm announced at a record's end on at some time in its last 16 s? Sensitivity, specificity and the
          challenge's score (TP + TN) / (TP + TN + FP + 5 FN); believing every alarm scores about a half
vfdb      seconds of fibrillation, flutter and tachycardia found as either, and other seconds flagged
mitdb     alerts a day where the reference has neither fibrillation nor three ventricular beats in a row
delay     from the reference's onset to the alert, s

What is fitted is fitted without the record judged. The definitions are `EmergencySettings`'.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import result
from edge.bundle import RATE
from edge.rhythm.beat import Beat
from edge.rhythm.emergency import Emergencies, Emergency
from edge.rhythm.ventricular import judged
from edge.rhythm.vf_model import Model
from train.rhythm.recordings import heard, records
from train.rhythm.ventricular import OPEN, YES, Labelled, alarm_of, labelled, out_of_fold, spans, windows_of

LAST_S = 16.0  # the alarm sounds within ten seconds of its onset, and the record ends there
NEAR_S = 5.0  # an alert this near to a labelled window is no false one
FOLDS = 8
KINDS = {
    "Asystole": {"asystole"},
    "Bradycardia": {"extreme_bradycardia"},
    "Tachycardia": {"extreme_tachycardia"},
    "Ventricular_Tachycardia": {"vt", "vf"},
    "Ventricular_Flutter_Fib": {"vf"},
}


@dataclass(frozen=True, slots=True)
class Judged:
    """A record and what the product told of it."""

    path: Path
    pack: str
    record: Labelled
    beats: tuple[Beat, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folders", nargs="+", metavar="SET=DIR", help="WFDB records of mitdb, vfdb or cinc2015")
    parser.add_argument(
        "--out", type=Path, default=result.RESULTS / "emergencies.json", help="result file (%(default)s)"
    )


def run(args: argparse.Namespace) -> int:
    found = list(hear_all(args.folders))
    models = out_of_fold([item.record for item in found], FOLDS)
    told = [(item, changes(item, models[item.record.name])) for item in found]
    figures = {
        "folds": FOLDS,
        "cinc2015": alarms([(item, told_) for item, told_ in told if item.pack == "cinc2015"]),
        "vfdb": seconds([(item, told_) for item, told_ in told if item.pack == "vfdb"]),
        "mitdb": false_alerts([(item, told_) for item, told_ in told if item.pack == "mitdb"]),
        "delay_s": delays([(item, told_) for item, told_ in told if item.pack in ("vfdb", "mitdb")]),
    }
    for name, value in figures.items():
        print(name, value)
    result.write(args.out, figures, ("numpy", "scikit-learn", "wfdb"))
    return 0


def hear_all(folders: Iterable[str]) -> Iterable[Judged]:
    for folder in folders:
        pack, _, where = folder.partition("=")
        for path in records(Path(where)):
            it = heard(path)
            print(pack, path.stem, file=sys.stderr)
            yield Judged(path, pack, labelled(pack, path, windows_of(it)), it.beats)


def changes(item: Judged, model: Model) -> list[Emergency]:
    return Emergencies(rate=RATE).push(item.beats, [judged(window, model) for window in item.record.windows])


def on_between(told: Sequence[Emergency], first: float, last: float) -> set[str]:
    """Kinds that are on at some time from sample `first` to `last`."""
    began: dict[str, int] = {}
    on: set[str] = set()
    for change in told:
        if change.on:
            began[change.kind] = change.sample
        elif change.sample > first and began.pop(change.kind) <= last:
            on.add(change.kind)
        else:
            began.pop(change.kind, None)
    return on | {kind for kind, sample in began.items() if sample <= last}


def alarms(told: Sequence[tuple[Judged, list[Emergency]]]) -> dict[str, Any]:
    """Counts by kind of alarm: true and false positives, false and true negatives; the score."""
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    wrong: list[str] = []
    for item, changes_ in told:
        alarm, true = alarm_of(item.path)
        end = item.record.windows[-1].end
        said = bool(on_between(changes_, end - LAST_S * RATE, end) & KINDS[alarm])
        outcome = ("TP" if said else "FN") if true else ("FP" if said else "TN")
        counts[alarm][outcome] += 1
        if outcome in ("FP", "FN"):
            wrong.append(f"{item.path.stem} {outcome}")
    total = sum(counts.values(), Counter[str]())
    right = total["TP"] + total["TN"]
    score = right / max(right + total["FP"] + 5 * total["FN"], 1)
    return {
        "score": round(score, 4),
        "total": dict(total),
        "kinds": {k: dict(v) for k, v in counts.items()},
        "wrong": wrong,
    }


def seconds(told: Sequence[tuple[Judged, list[Emergency]]]) -> dict[str, dict[str, int]]:
    """By record: labelled seconds and how many lie under an alert, other seconds and how many do."""
    rows: dict[str, dict[str, int]] = {}
    for item, changes_ in told:
        row: Counter[str] = Counter()
        on: set[str] = set()
        waiting = list(changes_)
        for window, vf, vt in zip(item.record.windows, item.record.vf, item.record.vt, strict=True):
            while waiting and waiting[0].sample <= window.end:
                change = waiting.pop(0)
                (on.add if change.on else on.discard)(change.kind)
            if YES in (vf, vt) or OPEN not in (vf, vt):
                which = "ventricular" if YES in (vf, vt) else "other"
                row[f"{which}_s"] += 1
                row[f"{which}_flagged_s"] += bool(on & {"vf", "vt"})
        rows[item.path.stem] = dict(row)
    return rows


def false_alerts(told: Sequence[tuple[Judged, list[Emergency]]]) -> dict[str, float]:
    """Alerts a day by kind, away from every labelled window."""
    counts: Counter[str] = Counter()
    hours = 0.0
    for item, changes_ in told:
        record = item.record
        labels = zip(record.windows, record.vf, record.vt, strict=True)
        marked = np.array([w.end for w, vf, vt in labels if {vf, vt} & {YES, OPEN}] or [-(10**12)])
        hours += len(record.windows) / 3600
        for change in changes_:
            if change.on and np.abs(marked - change.sample).min() > NEAR_S * RATE:
                counts[change.kind] += 1
    return {"hours": round(hours, 2)} | {kind: round(24 * n / hours, 1) for kind, n in counts.items()}


def delays(told: Sequence[tuple[Judged, list[Emergency]]]) -> dict[str, dict[str, float]]:
    """Of the reference's fibrillation and tachycardia, the share found, and the median delay of those that are."""
    rows: dict[str, dict[str, float]] = {}
    for name, which in (("vf", 0), ("vt", 1)):
        waits: list[float] = []
        episodes = 0
        for item, changes_ in told:
            for first, last in spans(item.pack, item.path)[which]:
                episodes += 1
                hits = [c.sample for c in changes_ if c.on and c.kind in ("vf", "vt") and first < c.sample]
                hits = [sample for sample in hits if sample < min(last, 1e12) + NEAR_S * RATE]
                if on_between(changes_, first - 1, first):
                    waits.append(0.0)
                elif hits:
                    waits.append((hits[0] - first) / RATE)
        middle = float(np.median(waits)) if waits else float("nan")
        rows[name] = {"episodes": episodes, "found": len(waits), "median_s": round(middle, 1)}
    return rows
