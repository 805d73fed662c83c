"""Feature level, as cardiologists read it: QRS, QT, frontal axis, R, S and ST of reconstructed leads against true ones.

Everything is read from median beats. R, S, ST and axis are read between landmarks (QRS onset, J) found once a
recording, on all twelve true leads; so they compare voltages at the same instants. QRS duration and QT are what a
reader of the reconstruction alone would measure: their landmarks are found anew on the reconstructed leads, on each
lead by itself and on all that are not measured together, and on the same true leads in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.bundle import RATE
from edge.leads import LEAD, LEADS
from train.evaluate import beats, landmarks
from train.evaluate.beats import LENGTH, Beats
from train.evaluate.landmarks import Landmarks

MS = 1000 / RATE
ST_AFTER_J = round(0.060 * RATE)
ST_HALF = 2  # samples either side that the ST level is the mean of
R_AT_LEAST_MV = 0.05  # without an R so tall, S is the deepest point of the whole QRS (a QS complex)
AXIS_AT_LEAST_MV_S = 0.004  # net frontal QRS area below which no axis is told
BY_LEAD = ("r_uv", "s_uv", "st60_uv", "qrs_ms", "qt_ms")
TOGETHER = ("qrs_together_ms", "qt_together_ms", "axis_deg")
Signal = npt.NDArray[np.floating]
Figures = dict[str, npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Marked:
    """Where the true recordings have their beats, and those their QRS. All lists and arrays: a recording a row."""

    beats: list[Beats]
    landmarks: Landmarks  # of all twelve true leads together
    usable: npt.NDArray[np.bool_]

    @property
    def ends(self) -> npt.NDArray[np.int64]:
        return np.array([b.length for b in self.beats])


def mark(mv: Signal) -> Marked:
    """Landmarks of true recordings (records x samples x 12, mV, baseline-filtered)."""
    found = [beats.find(record) for record in mv]
    medians = np.zeros((len(mv), LENGTH, 12), np.float32)
    for k, (record, of) in enumerate(zip(mv, found, strict=True)):
        if of.enough:
            medians[k] = beats.median(beats.isoelectric(record, of), of)
    common = landmarks.together(medians, np.array([b.length for b in found]))
    usable = common.found & np.array([b.enough for b in found])
    return Marked(found, common, usable)


def read(mv: Signal, marked: Marked, given: Sequence[str]) -> Figures:
    """What is read in recordings (records x samples x 12): `BY_LEAD` records x 12, `TOGETHER` records; else NaN."""
    medians = np.zeros((len(mv), LENGTH, 12), np.float32)
    for k in np.flatnonzero(marked.usable):
        of = marked.beats[k]
        medians[k] = beats.median(beats.isoelectric(mv[k], of, int(marked.landmarks.onset[k])), of)
    out = _voltages(medians, marked) | _durations(medians, marked, given)
    for name in out:
        out[name][~marked.usable] = np.nan
    return out


def _voltages(medians: Signal, marked: Marked) -> Figures:
    time = np.arange(LENGTH)
    onset, j = marked.landmarks.onset[:, None], marked.landmarks.j[:, None]
    qrs = ((time >= onset) & (time <= j))[:, :, None]
    top = np.where(qrs, medians, -np.inf)
    r = np.maximum(top.max(1), 0.0)
    begin = np.where(r >= R_AT_LEAST_MV, top.argmax(1), onset)
    after = qrs & (time[None, :, None] >= begin[:, None, :])
    s = np.maximum(-np.where(after, medians, np.inf).min(1), 0.0)
    at = np.clip(j + ST_AFTER_J + np.arange(-ST_HALF, ST_HALF + 1), 0, LENGTH - 1)
    st = np.take_along_axis(medians, at[:, :, None], 1).mean(1)
    area = np.where(qrs, medians, 0.0).sum(1) / RATE  # mV s
    return {"r_uv": 1000.0 * r, "s_uv": 1000.0 * s, "st60_uv": 1000.0 * st.astype(np.float64), "axis_deg": _axis(area)}


def _axis(area: Signal) -> npt.NDArray[np.float64]:
    """Frontal QRS axis from the net areas in I and aVF, whose leads stand at 0 and 90 degrees (records)."""
    x, y = area[:, LEAD["I"]], area[:, LEAD["aVF"]] * 2 / np.sqrt(3)  # aVF is augmented by half, a lead by its length
    axis = np.degrees(np.arctan2(y, x))
    return np.where(np.hypot(x, y) >= AXIS_AT_LEAST_MV_S, axis, np.nan)


def _durations(medians: Signal, marked: Marked, given: Sequence[str]) -> Figures:
    missing = [k for k, lead in enumerate(LEADS) if lead not in given]
    common = landmarks.together(medians[:, :, missing], marked.ends)
    single = landmarks.each(medians, marked.ends, common)
    out = {}
    for name, of in (("{}_ms", single), ("{}_together_ms", common)):
        there = of.found
        out[name.format("qrs")] = np.where(there, MS * (of.j - of.onset), np.nan)
        out[name.format("qt")] = np.where(there & (of.t_end > of.j), MS * (of.t_end - of.onset), np.nan)
    return out


def summary(true: Figures, estimate: Figures, given: Sequence[str]) -> dict[str, Any]:
    """Errors (reconstructed minus true): over all leads that are not measured, and by lead; R's slope with them."""
    missing = [k for k, lead in enumerate(LEADS) if lead not in given]
    out: dict[str, Any] = {}
    for name in BY_LEAD:
        error = estimate[name] - true[name]
        there = np.isfinite(true[name])
        out[name] = {
            "missing": errors(error[:, missing], there[:, missing]),
            "by_lead": {LEADS[k]: errors(error[:, k], there[:, k]) for k in missing},
        }
    for name in TOGETHER:
        error = estimate[name] - true[name]
        if name == "axis_deg":
            error = (error + 180) % 360 - 180
        out[name] = {"missing": errors(error, np.isfinite(true[name]))}
    slopes = {LEADS[k]: slope(true["r_uv"][:, k], estimate["r_uv"][:, k]) for k in missing}
    known = [s for s in slopes.values() if s is not None]
    out["r_slope"] = {"missing": float(np.mean(known)) if known else None, "by_lead": slopes}
    return out


def errors(error: npt.NDArray[np.float64], there: npt.NDArray[np.bool_]) -> dict[str, float | int | None]:
    """Median and 95th percentile of the absolute error, bias (mean error); `lost`: not found, but in the truth."""
    finite = error[np.isfinite(error)]
    out: dict[str, float | int | None] = {"n": len(finite), "lost": int(there.sum()) - len(finite)}
    if not len(finite):
        return out | {"median_abs": None, "p95_abs": None, "bias": None}
    middle, high = np.quantile(np.abs(finite), (0.5, 0.95))
    return out | {"median_abs": float(middle), "p95_abs": float(high), "bias": float(finite.mean())}


def slope(true: npt.NDArray[np.float64], estimate: npt.NDArray[np.float64]) -> float | None:
    """Of the least-squares line with an intercept, estimate on truth over recordings: 1 keeps every heart's size, 0
    gives all the same."""
    there = np.isfinite(true) & np.isfinite(estimate)
    if there.sum() < 3 or true[there].std() == 0:
        return None
    return float(np.polyfit(true[there], estimate[there], 1)[0])
