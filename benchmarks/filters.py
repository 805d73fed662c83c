"""python -m benchmarks filters: what the baseline filter does to an impulse and to the ST segment.

The impulse is IEC 60601-2-25's: 3 mV for 100 ms; asked are at most 0.1 mV of undershoot and 0.3 mV/s of slope behind
it. ST: a train of beats with and without an ST step, each measured at J + 60 ms against its own PR baseline, before and
after the filter. A causal second-order high-pass at 0.5 Hz, a monitor's, stands beside it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks import result
from edge.dsp.baseline import remove_baseline

RATE = 500
BEAT = 500  # samples: 60 a minute
BEATS = 30
QRS_MV = np.interp(np.arange(50), [0, 12, 25, 37, 50], [0, -0.1, 1.5, -0.3, 0])  # 100 ms
ST_MV = (-0.3, -0.1, 0.0, 0.1, 0.2, 0.5)
ST_S = 0.30
Array = npt.NDArray[np.float64]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=result.RESULTS / "filters.json")


def run(args: argparse.Namespace) -> int:
    figures = {
        "baseline 0.05 Hz, first order": _figures(_ours),
        "monitor 0.5 Hz, second order, causal": _figures(_monitor),
    }
    print(json.dumps(figures, indent=1))
    result.write(args.out, figures)
    return 0


def _ours(x: Array) -> Array:
    return remove_baseline(x[:, None].astype(np.float32), RATE)[:, 0].astype(np.float64)


def _monitor(x: Array) -> Array:
    from scipy.signal import butter, sosfilt

    filtered: Array = sosfilt(butter(2, 0.5, "highpass", fs=RATE, output="sos"), x)
    return filtered


def _figures(filter_: object) -> dict[str, object]:
    assert callable(filter_)
    impulse = np.zeros(10 * RATE)
    impulse[5 * RATE : 5 * RATE + RATE // 10] = 3.0
    after = filter_(impulse)[5 * RATE + RATE // 10 :]
    bend = {f"{st:+.1f} mV": round(1000 * (_st(filter_(_beats(st))) - _st(_beats(st))), 1) for st in ST_MV}
    return {
        "impulse_undershoot_mv": round(float(-after.min()), 4),
        "impulse_slope_mv_per_s": round(float(np.abs(np.diff(after)).max() * RATE), 4),
        "st_error_uv_at_j60": bend,
        "st_error_uv_worst": max(abs(v) for v in bend.values()),
    }


def _beats(st_mv: float) -> Array:
    x = np.zeros(BEATS * BEAT)
    for k in range(BEATS):
        j = k * BEAT + 200 + len(QRS_MV)
        x[j - len(QRS_MV) : j] += QRS_MV
        n = round(ST_S * RATE)
        x[j : j + n] += st_mv * np.interp(np.arange(n), [0, 0.6 * n, n], [1, 1, 0])
    return x


def _st(x: Array) -> float:
    """Mean ST level at J + 60 ms against the 20 ms before the QRS, over the later half of the beats, mV."""
    levels = []
    for k in range(BEATS // 2, BEATS):
        onset = k * BEAT + 200
        j60 = onset + len(QRS_MV) + round(0.06 * RATE)
        levels.append(x[j60] - x[onset - 10 : onset].mean())
    return float(np.mean(levels))
