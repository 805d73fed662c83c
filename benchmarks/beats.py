"""How well beats are found: QRS sensitivity and positive predictivity on annotated recordings.

    python -m benchmarks beats --data ../shared/data

`mitdb`: the 22 records of de Chazal's DS1, lead II alone and both leads. `nstdb`: record 118 with electrode motion
added at 24, 6 and -6 dB. As EC57 has it: a detection within 150 ms of a reference beat is that beat, the first five
minutes are for learning, ventricular flutter is left out. Takes a few minutes on one core.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tarfile
import tempfile
import time
from datetime import UTC, datetime
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy
from scipy.signal import resample_poly

from edge.blocks import Block
from edge.dsp.baseline import remove_baseline
from edge.leads import canonical
from edge.rhythm import BeatDetector

RATE = 500.0  # Hz, what the pipeline works at
WINDOW_S = 0.150  # EC57: how far a detection may lie from its beat
LEARNING_S = 300.0  # EC57: the first five minutes do not count
BEATS = frozenset("NLRBAaJSVrFejnE/fQ?")  # WFDB's codes that are beats
RESULTS = Path(__file__).parent / "results" / "beats.json"
MISSING = ("", 0, 0)


def matched(reference: npt.NDArray[np.float64], found: npt.NDArray[np.float64]) -> tuple[int, int, int]:
    """True positives, misses and false detections; each reference beat takes its nearest free detection."""
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


def detect(mv: npt.NDArray[np.float64], rate: float, leads: tuple[str, ...]) -> tuple[npt.NDArray[np.float64], float]:
    """Times of the beats (s), and the seconds of processor time the detector took."""
    ratio = Fraction(RATE / rate).limit_denominator(1000)
    signal = resample_poly(np.nan_to_num(mv), ratio.numerator, ratio.denominator, axis=0).astype(np.float32)
    signal = remove_baseline(signal, RATE)
    detector = BeatDetector(RATE)
    began = time.process_time()
    beats = detector.push(Block(0, RATE, leads, signal, np.isfinite(signal))) + detector.flush()
    return np.array([beat.sample for beat in beats]) / RATE, time.process_time() - began


def score(reference: Any, found: npt.NDArray[np.float64], rate: float) -> tuple[int, int, int]:
    """Compare after the learning time and outside of ventricular flutter."""
    times = np.asarray(reference.sample) / rate
    symbols = reference.symbol
    keep = np.array([s in BEATS for s in symbols])
    beats = times[keep & (times >= LEARNING_S)]
    found = found[found >= LEARNING_S]
    starts = [t for t, s in zip(times, symbols, strict=True) if s == "["]
    ends = [t for t, s in zip(times, symbols, strict=True) if s == "]"]
    for first, last in zip(starts, ends, strict=True):
        found = found[(found < first - WINDOW_S) | (found > last + WINDOW_S)]
        beats = beats[(beats < first - WINDOW_S) | (beats > last + WINDOW_S)]
    return matched(beats, found)


def figures(counts: tuple[int, int, int]) -> dict[str, float]:
    hits, misses, false = counts
    return {
        "beats": hits + misses,
        "missed": misses,
        "false": false,
        "sensitivity_percent": round(100 * hits / max(hits + misses, 1), 2),
        "positive_predictivity_percent": round(100 * hits / max(hits + false, 1), 2),
    }


def over_pack(data: Path, pack: str, annotated: frozenset[str] | None = None) -> dict[str, Any]:
    """Every record of a pack, lead II alone and all leads."""
    import wfdb

    sys.path.insert(0, str(data))
    load = import_module("ecgdata").load
    records: dict[str, Any] = {}
    gross = {"II": np.zeros(3, int), "all": np.zeros(3, int)}
    cpu_s = signal_s = 0.0
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(data / f"{pack}.tar.xz") as tar:
            tar.extractall(folder, filter="data")
        for record in load(pack):
            if annotated is not None and record.name not in annotated:
                continue
            reference = wfdb.rdann(str(next(Path(folder).rglob(f"{record.name}.atr")).with_suffix("")), "atr")
            names = tuple(canonical(name) or name for name in record.leads)
            first = names.index("II") if "II" in names else 0
            row: dict[str, Any] = {"leads": list(names)}
            for which, columns in (("II", [first]), ("all", list(range(len(names))))):
                leads = tuple(names[k] for k in columns)
                found, cpu = detect(record.mv[:, columns].astype(float), record.rate, leads)
                counts = score(reference, found, record.rate)
                gross[which] += counts
                row[which] = figures(counts)
                if which == "all":
                    cpu_s, signal_s = cpu_s + cpu, signal_s + len(record.adc) / record.rate
            records[record.name] = row
            print(record.name, row["II"], row["all"], flush=True)
    summary = {which: figures(tuple(counts.tolist())) for which, counts in gross.items()}
    return {"gross": summary, "records": records, "cpu_percent_of_real_time": round(100 * cpu_s / signal_s, 3)}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks beats", description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with mitdb.ecgz, mitdb.tar.xz and nstdb's")
    parser.add_argument("--out", type=Path, default=RESULTS, help="JSON to write (default: %(default)s)")
    options = parser.parse_args(arguments)
    began = time.perf_counter()
    result = {
        "command": "python -m benchmarks beats --data DIR",
        "date": datetime.now(UTC).date().isoformat(),
        "machine": {"cpu": _cpu(), "system": platform.platform(), "python": platform.python_version()},
        "versions": {"numpy": np.__version__, "scipy": scipy.__version__},
        "window_ms": 1000 * WINDOW_S,
        "excluded_s": LEARNING_S,
        "mitdb": over_pack(options.data, "mitdb"),
        "nstdb": over_pack(options.data, "nstdb", frozenset({"118e24", "118e06", "118e_6"})),
    }
    result["seconds"] = round(time.perf_counter() - began, 1)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    for pack in ("mitdb", "nstdb"):
        for which, row in result[pack]["gross"].items():
            print(f"{pack} {which:4s} Se {row['sensitivity_percent']} +P {row['positive_predictivity_percent']}")
    return 0


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor()
    )


if __name__ == "__main__":
    sys.exit(main())
