"""Fit what can be read: python -m train.rhythm.legible mitdb=DIR nstdb=DIR vfdb=DIR cinc2015=DIR --out FILE

Every folder holds WFDB records of the set it is named for. They go through the product's own road and `Windows`. In
excerpts of mitdb noise is added, so that a window is legible where every beat of it was found and no other, and is not
where two or more are wrong; ventricular rhythms and standstills that are marked, and the ten seconds before a true
alarm, are legible; noise alone, and what is marked as noise, is not. Of nstdb only the second half of each noise is
used: what benchmarks add is the first.
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.bundle import RATE
from edge.recordings.opening import open_recording
from edge.rhythm.legible import FEATURES, row
from edge.rhythm.ventricular import Window
from train.rhythm import boosting
from train.rhythm.noise import added, qrs_height
from train.rhythm.recordings import Heard, hear, heard, marks, named, records
from train.rhythm.ventricular import BEATS, FIBRILLATION, alarm_of, of_rhythm, windows_of

NOISES = ("em", "ma", "bw")  # electrode motion, muscle, wander
LEVELS_DB = (("em", 6.0), ("em", 0.0), ("em", -6.0), ("ma", 0.0), ("ma", -6.0), ("bw", -6.0))
FROM_S, CLEAN_S, NOISY_S = 300.0, 60.0, 120.0  # an excerpt: where it begins, without noise, with noise
LOUD = 4.0  # times as it was recorded: noise alone, about as high as a QRS complex
LEARNT_S = 10.0  # of a recording: before, no beat has been met
ALARM_S = 10.0  # before a true alarm
NEAR_S = 0.15  # a beat so near to the reference's is found (EC57)
WRONG = 2  # beats of a window, from which it is not legible
SLACK_S = 0.2  # a window may reach so far beyond a mark
YES, NO, OPEN = 1, 0, -1  # OPEN: not used
LEGIBLE = FIBRILLATION | {"VT", "ASYS"}
SETTINGS: dict[str, Any] = {"max_iter": 60, "max_leaf_nodes": 10, "learning_rate": 0.08, "min_samples_leaf": 40}
COMMAND = "python -m train.rhythm.legible mitdb=DIR nstdb=DIR vfdb=DIR cinc2015=DIR --out legible.json"
DIGITS = 5  # kept of thresholds and leaves

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lesson:
    """Windows of a recording, and whether each is legible."""

    name: str  # set and record
    kind: str  # what was added or marked: each counts alike
    x: Floats  # windows x FEATURES
    labels: Ints


def lessons(pack: str, path: Path, noises: dict[str, Floats]) -> list[Lesson]:
    """What the record `path` teaches; `noises` (mV at its own rate) by name, for those noise is added to."""
    name = f"{pack}/{path.stem}"
    if pack == "mitdb":
        return _of_beats(name, path, noises)
    if pack == "nstdb":
        return [_alone(name, path.stem, open_recording(path))] if path.stem in NOISES else []
    whole = heard(path)
    windows = windows_of(whole)
    labels = _marked(path, windows) if pack == "vfdb" else _alarmed(path, windows)
    made = [_lesson(name, kind, windows, labels == y, y) for kind, y in (("marked", YES), ("noise", NO))]
    return [lesson for lesson in made if len(lesson.x)]


def _marked(path: Path, windows: Sequence[Window]) -> Ints:
    read = marks(path)
    at = read.at_500.astype(float)
    found = np.full(len(windows), OPEN)
    for number, wanted in ((YES, LEGIBLE), (NO, frozenset({"NOISE"}))):
        for mark in wanted:
            for first, last in of_rhythm(at, read.aux, frozenset({mark})):
                for k, w in enumerate(windows):
                    if first - SLACK_S * RATE <= w.start and w.end <= last + SLACK_S * RATE:
                        found[k] = number
    return found


def _alarmed(path: Path, windows: Sequence[Window]) -> Ints:
    _, true = alarm_of(path)
    end = windows[-1].end if windows else 0
    return np.array([YES if true and w.end > end - ALARM_S * RATE else OPEN for w in windows], np.int64)


def _lesson(name: str, kind: str, windows: Sequence[Window], use: npt.NDArray[np.bool_], label: int) -> Lesson:
    kept = [w for w, u in zip(windows, use, strict=True) if u and w.agrees is not None]
    x = np.array([row(w.leads, w.agrees) for w in kept if w.agrees is not None]).reshape(len(kept), len(FEATURES))
    return Lesson(name, kind, x, np.full(len(kept), label))


def _alone(name: str, kind: str, recording: Any) -> Lesson:
    mv = recording.mv[len(recording.mv) // 2 :].astype(float) * LOUD
    windows = windows_of(hear(name, named(recording.leads), recording.rate, mv))
    return _lesson(name, kind, windows, np.array([w.start >= LEARNT_S * RATE for w in windows]), NO)


def _of_beats(name: str, path: Path, noises: dict[str, Floats]) -> list[Lesson]:
    recording, read = open_recording(path), marks(path)
    rate = recording.rate
    at = [s for s, symbol in zip(read.samples.tolist(), read.symbols, strict=True) if symbol in BEATS]
    heights = [qrs_height(recording.mv[:, k].astype(float), at, rate) for k in range(recording.mv.shape[1])]
    first = round(FROM_S * rate)
    mv = recording.mv[first : first + round((CLEAN_S + NOISY_S) * rate)].astype(float)
    beats = (np.array(at) - first) * (RATE / rate)
    found = []
    rng = np.random.default_rng(int(path.stem) if path.stem.isdigit() else 0)
    for which, db in (("none", 0.0), *LEVELS_DB):
        noisy = mv
        if which != "none":
            noise = noises[which]
            from_ = int(rng.integers(len(noise) // 2, len(noise) - len(mv)))
            noisy = added(mv, noise[from_:], round(CLEAN_S * rate), db, heights)
        whole = hear(name, named(recording.leads), rate, noisy)
        found.append(_of_found(name, f"{which} {db:g}", whole, beats, LEARNT_S if which == "none" else CLEAN_S))
    return found


def _of_found(name: str, kind: str, whole: Heard, beats: Floats, from_s: float) -> Lesson:
    """By how many beats of each window are wrong."""
    told = np.array([beat.sample for beat in whole.beats], float)
    false, missed = told[~_near(told, beats)], beats[~_near(beats, told)]
    kept = [w for w in windows_of(whole) if w.start >= from_s * RATE and w.agrees is not None]
    wrong = np.array([sum(int(((s >= w.start) & (s < w.end)).sum()) for s in (false, missed)) for w in kept])
    labels = np.where(wrong == 0, YES, np.where(wrong >= WRONG, NO, OPEN))
    x = np.array([row(w.leads, w.agrees) for w in kept if w.agrees is not None]).reshape(len(kept), len(FEATURES))
    return Lesson(name, kind, x, labels.astype(np.int64))


def _near(these: Floats, those: Floats) -> npt.NDArray[np.bool_]:
    if not len(those):
        return np.zeros(len(these), bool)
    near: npt.NDArray[np.bool_] = np.abs(these[:, None] - those[None, :]).min(axis=1) <= NEAR_S * RATE
    return near


def fit(of: Sequence[Lesson]) -> dict[str, Any]:
    """The trees' table; in whatever order the lessons come."""
    of = sorted(of, key=lambda one: (one.name, one.kind))
    x = np.concatenate([one.x for one in of])
    y = np.concatenate([one.labels for one in of])
    use = y != OPEN
    made = boosting.fit(x[use], y[use], FEATURES, ("noise", "heart"), _weights(of)[use], **SETTINGS)
    for tree in made["trees"]:
        for key in ("threshold", "value"):
            tree[key] = [float(f"{v:.{DIGITS}g}") for v in tree[key]]
    return made


def _weights(of: Sequence[Lesson]) -> Floats:
    """A lesson counts by the root of how much of it is legible or not; both alike."""
    weights = np.concatenate([np.ones(len(one.labels)) for one in of])
    y = np.concatenate([one.labels for one in of])
    which = np.repeat(np.arange(len(of)), [len(one.labels) for one in of])
    for label in (NO, YES):
        at = np.flatnonzero(y == label)
        _, index, count = np.unique(which[at], return_inverse=True, return_counts=True)
        own = 1 / np.sqrt(count[index])
        weights[at] = own / own.sum() * len(y) / 2
    return weights


def gathered(folders: dict[str, Path], cache: Path | None) -> list[Lesson]:
    """The lessons of every record of `folders` (by set), measured or from `cache`."""
    noises = {}
    if "nstdb" in folders:
        noises = {n: open_recording(folders["nstdb"] / f"{n}.hea").mv.astype(float) for n in NOISES}
    found: list[Lesson] = []
    for pack, folder in folders.items():
        for path in records(folder):
            kept = cache / f"legible-{pack}-{path.stem}.pickle" if cache else None
            if kept is not None and kept.is_file():
                found += [Lesson(*parts) for parts in pickle.loads(kept.read_bytes())]
                continue
            one = lessons(pack, path, noises)
            if kept is not None:
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_bytes(pickle.dumps([(o.name, o.kind, o.x, o.labels) for o in one]))
            found += one
            print(pack, path.stem, sum(len(lesson.x) for lesson in one), file=sys.stderr)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", metavar="SET=DIR")
    parser.add_argument("--cache", type=Path, help="keep what was measured (delete it when features change)")
    parser.add_argument("--out", type=Path, required=True, help="the model's JSON file")
    args = parser.parse_args()
    folders = {pack: Path(where) for pack, _, where in (text.partition("=") for text in args.folders)}
    write(args.out, gathered(folders, args.cache))
    return 0


def write(out: Path, of: Sequence[Lesson]) -> None:
    counts: dict[str, int] = {}
    for name in {lesson.name for lesson in of}:
        pack = name.split("/")[0]
        counts[pack] = counts.get(pack, 0) + 1
    about = {"trained_on": {"records": dict(sorted(counts.items())), "licence": "ODC-By 1.0"}, "command": COMMAND}
    out.parent.mkdir(parents=True, exist_ok=True)
    table = json.dumps(about | fit(of), separators=(",", ":"))
    out.write_text(table + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
