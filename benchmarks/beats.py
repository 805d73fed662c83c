"""How well beats are found: QRS sensitivity and positive predictivity on annotated recordings.

    python -m benchmarks beats --data ../shared/data

mitdb   the 22 records of de Chazal's DS1, lead II alone and both leads
nstdb   record 118 with electrode motion added at 24, 6 and -6 dB, likewise
cost    percent of one core that the detector takes of a live run (pushes of 10 samples, 50 a second, three leads)

As EC57 has it: a detection within 150 ms of a reference beat is that beat, the first five minutes are for learning,
ventricular flutter is left out. One set of constants for all records. Takes about five minutes on one core.
"""

from __future__ import annotations

import argparse
import tarfile
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.signal import resample_poly

from benchmarks import packs, result
from edge.blocks import Block
from edge.dsp.baseline import remove_baseline
from edge.leads import canonical
from edge.rhythm import BeatDetector

RATE = 500.0  # Hz, what the pipeline works at
WINDOW_S = 0.150  # EC57: how far a detection may lie from its beat
LEARNING_S = 300.0  # EC57: the first five minutes do not count
BEATS = frozenset("NLRBAaJSVrFejnE/fQ?")  # WFDB's codes that are beats
NOISY = ("118e24", "118e06", "118e_6")
LIVE_PUSH = 10  # samples
LIVE_S = 120.0

Times = npt.NDArray[np.float64]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=packs.DEFAULT, help="folder of packed recordings (%(default)s)")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "beats.json", help="result file (%(default)s)")


def run(args: argparse.Namespace) -> int:
    ecg = packs.reader(args.data)
    figures = {
        "window_ms": 1000 * WINDOW_S,
        "excluded_s": LEARNING_S,
        "mitdb": over_pack(ecg, args.data, "mitdb"),
        "nstdb": over_pack(ecg, args.data, "nstdb", NOISY),
        "cost": live_cost(ecg),
    }
    for pack in ("mitdb", "nstdb"):
        for which, row in figures[pack]["gross"].items():
            print(
                f"{pack} {which:9s} Se {row['sensitivity_percent']:6.2f} +P {row['positive_predictivity_percent']:6.2f}"
            )
    result.write(args.out, figures, ("numpy", "scipy", "wfdb"))
    return 0


def matched(reference: Times, found: Times) -> tuple[int, int, int]:
    """Hits, misses and false detections: each reference beat in turn takes its nearest free detection."""
    hits, k = 0, 0
    for t in reference:
        while k < len(found) and found[k] < t - WINDOW_S:
            k += 1
        if k < len(found) and found[k] <= t + WINDOW_S:
            if k + 1 < len(found) and abs(found[k + 1] - t) < abs(found[k] - t):
                k += 1
            hits += 1
            k += 1
    return hits, len(reference) - hits, len(found) - hits


def prepared(record: Any) -> npt.NDArray[np.float32]:
    """A record (n x leads, mV) as the detector has it: at 500 Hz, without its baseline."""
    ratio = Fraction(RATE / record.rate).limit_denominator(1000)
    mv = resample_poly(np.nan_to_num(record.mv.astype(float)), ratio.numerator, ratio.denominator, axis=0)
    return remove_baseline(mv.astype(np.float32), RATE)


def detect(mv: npt.NDArray[np.float32], leads: tuple[str, ...]) -> Times:
    """Times of the beats (s)."""
    detector = BeatDetector(RATE)
    beats = detector.push(Block(0, RATE, leads, mv, np.isfinite(mv))) + detector.flush()
    return np.array([beat.sample for beat in beats]) / RATE


def score(times: Times, symbols: list[str], found: Times) -> tuple[int, int, int]:
    """Compare after the learning time and outside of ventricular flutter."""
    beats = times[np.array([s in BEATS for s in symbols]) & (times >= LEARNING_S)]
    found = found[found >= LEARNING_S]
    starts = [t for t, s in zip(times, symbols, strict=True) if s == "["]
    ends = [t for t, s in zip(times, symbols, strict=True) if s == "]"]
    for first, last in zip(starts, ends, strict=True):
        found = found[(found < first - WINDOW_S) | (found > last + WINDOW_S)]
        beats = beats[(beats < first - WINDOW_S) | (beats > last + WINDOW_S)]
    return matched(beats, found)


def summary(counts: npt.NDArray[np.int64]) -> dict[str, float]:
    hits, misses, false = counts.tolist()
    return {
        "beats": hits + misses,
        "missed": misses,
        "false": false,
        "sensitivity_percent": round(100 * hits / max(hits + misses, 1), 2),
        "positive_predictivity_percent": round(100 * hits / max(hits + false, 1), 2),
    }


def over_pack(ecg: ModuleType, data: Path, pack: str, only: tuple[str, ...] = ()) -> dict[str, Any]:
    """Every record of a pack, lead II (or, where there is none, the first lead) alone and all leads."""
    import wfdb

    records: dict[str, Any] = {}
    gross = {"II": np.zeros(3, np.int64), "both": np.zeros(3, np.int64)}
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(data / f"{pack}.tar.xz") as tar:
            tar.extractall(folder, filter="data")
        annotated = {path.stem: path for path in Path(folder).rglob("*.atr")}
        for record in ecg.load(pack):
            if only and record.name not in only:
                continue
            marks = wfdb.rdann(str(annotated[record.name].with_suffix("")), "atr")
            times = np.asarray(marks.sample) / record.rate
            mv = prepared(record)
            names = [canonical(name) or name for name in record.leads]
            first = names.index("II") if "II" in names else 0
            row: dict[str, Any] = {"leads": names}
            for which, columns in (("II", [first]), ("both", list(range(len(names))))):
                found = detect(mv[:, columns], tuple(names[k] for k in columns))
                counts = np.array(score(times, marks.symbol, found))
                gross[which] += counts
                row[which] = summary(counts)
            records[record.name] = row
            print(pack, record.name, *(f"{w}: {row[w]['missed']} missed, {row[w]['false']} false" for w in gross))
    return {"gross": {which: summary(counts) for which, counts in gross.items()}, "records": records}


def live_cost(ecg: ModuleType) -> dict[str, float]:
    """Processor time of a live run."""
    mv = prepared(next(iter(ecg.load("mitdb"))))[: round(LIVE_S * RATE)]
    three = np.column_stack([mv, mv[:, 0] - mv[:, 1]])
    detector = BeatDetector(RATE)
    pieces = [
        Block(k, RATE, ("II", "V1", "V5"), three[k : k + LIVE_PUSH], np.isfinite(three[k : k + LIVE_PUSH]))
        for k in range(0, len(three), LIVE_PUSH)
    ]
    began = time.process_time()
    for piece in pieces:
        detector.push(piece)
    spent = time.process_time() - began
    return {"core_percent": round(100 * spent / LIVE_S, 3), "us_per_push": round(1e6 * spent / len(pieces), 1)}
