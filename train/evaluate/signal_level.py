"""Signal level: how near every lead comes, by the project's ruler, and the same without a filter.

Two bands. "0.5-40 Hz": both signals band-passed (Butterworth of order 2, forwards and backwards), the first and last
second left out, the truth as it was recorded. "0.05 Hz up": the device's own causal high-pass and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.bundle import RATE
from edge.leads import LEAD, LEADS
from edge.metrics import FLAT_MV, Agreement, agreement

FILTERED, UNFILTERED = "0.5-40 Hz", "0.05 Hz up"
BANDS = {FILTERED: True, UNFILTERED: False}
FIGURES = ("pcc", "mse_mv2", "mae_uv", "rmse_uv")
Array = npt.NDArray[np.floating]
Figures = dict[str, npt.NDArray[np.float64]]  # each records x 12


def compare(truth: Array, estimate: Array, *, filtered: bool) -> Figures:
    """Figures of every record and lead; both signals records x samples x 12 in mV at 500 Hz."""
    found: Agreement = agreement(truth, estimate, RATE, filtered=filtered)
    figures = {name: getattr(found, name) for name in FIGURES}
    silent = estimate.std(axis=-2) < FLAT_MV
    return figures | {"flat_estimate": np.where(np.isnan(found.pcc), 0.0, silent)}


def groups(given: Sequence[str]) -> dict[str, list[int]]:
    """Which of the twelve leads are averaged together; without empty groups."""
    missing = [LEAD[lead] for lead in LEADS if lead not in given]
    chest = [k for k in missing if LEADS[k].startswith("V")]
    return {k: v for k, v in {"missing": missing, "missing_chest": chest, "all": list(range(12))}.items() if v}


def summary(figures: Figures, given: Sequence[str]) -> dict[str, Any]:
    """Means over a group's leads, then over records, as the ruler has it; by lead: means over records.

    A flat truth has no correlation: it is left out of that mean, and counted. A flat estimate of a lead that is not
    flat earns 0, and is counted too.
    """
    out: dict[str, Any] = {
        "flat_truth": int(np.isnan(figures["pcc"]).sum()),
        "flat_estimate": int(figures["flat_estimate"].sum()),
    }
    for group, columns in groups(given).items():
        out[group] = {name: mean(mean_by_row(figures[name][:, columns])) for name in FIGURES}
    out["by_lead"] = {lead: {name: mean(figures[name][:, k]) for name in FIGURES} for k, lead in enumerate(LEADS)}
    return out


def mean(values: npt.NDArray[np.float64]) -> float | None:
    """Of what is there; None where nothing is."""
    there = values[np.isfinite(values)]
    return float(there.mean()) if len(there) else None


def mean_by_row(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    there = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        means: npt.NDArray[np.float64] = np.where(there, values, 0.0).sum(1) / there.sum(1)
    return means
