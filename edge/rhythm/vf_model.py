"""Two small logistic models: fibrillation from the waveform of each lead, tachycardia from runs of complexes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from edge.errors import InputError, Reason
from edge.rhythm import fitted
from edge.rhythm.waveform import Array

VF = ("slope_kurtosis", "tcsc", "high_share", "low_share", "dominant_share")
VT = ("like_best", "like_most", "width", "alike", "rate", "kurtosis", "high_share", "low_share")
ORGANISED = 0.6  # of the autocorrelation: complexes that repeat
KIN = 0.4  # correlation of one complex with the next: below it a run is noise, or fibrillation, which is asked apart
OWN = 0.98  # correlation with a quiet shape: the run has the patient's own beats in it
WIDE_MS = 120.0  # where no quiet shape is known, only width speaks for tachycardia (QRS of 120 ms or more)
SLOWEST_FLUTTER_S = 0.4  # 150 a minute: what repeats more slowly is a rhythm of complexes, however wide they are


@dataclass(frozen=True, slots=True)
class Logistic:
    weights: tuple[float, ...]  # a feature's own unit each
    bias: float

    def logit(self, x: Sequence[float] | Array) -> float:
        return float(min(max(self.bias + sum(w * float(v) for w, v in zip(self.weights, x, strict=True)), -50.0), 50.0))


@dataclass(frozen=True, slots=True)
class Model:
    vf: Logistic
    vt: Logistic

    @classmethod
    def of(cls, table: Mapping[str, Any]) -> Model:
        """The model in a file's table. Raises InputError."""
        try:
            if tuple(table["vf"]["features"]) != VF or tuple(table["vt"]["features"]) != VT:
                raise ValueError("other features")
            made = [Logistic(tuple(map(float, table[k]["weights"])), float(table[k]["bias"])) for k in ("vf", "vt")]
            if len(made[0].weights) != len(VF) or len(made[1].weights) != len(VT):
                raise ValueError("not one weight a feature")
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"the ventricular model cannot be used: {error}", Reason.MALFORMED) from error
        return cls(*made)

    def probabilities(self, leads: Mapping[str, Array], run: Mapping[str, float]) -> tuple[float, float]:
        """Of fibrillation or flutter, and of ventricular tachycardia."""
        vf = 0.0 if organised(leads) else chance(min(self.vf.logit(row) for row in vf_rows(leads)))
        vt = chance(self.vt.logit(vt_row(leads, run))) if run and possible(run) else 0.0
        return vf, vt


def vf_rows(leads: Mapping[str, Array]) -> Array:
    """Leads x features. The lead that speaks least for fibrillation decides: QRS complexes in one rule it out."""
    return np.stack([leads[name] for name in VF], axis=1)


def vt_row(leads: Mapping[str, Array], run: Mapping[str, float]) -> Array:
    """The features of a run and of the window it lies in."""
    return np.array(
        [
            run["run_like_best"],
            run["run_like_most"],
            run["run_width_ms"] / 100,
            run["run_alike"],
            run["run_rate"] / 100,
            float(leads["slope_kurtosis"].mean()),
            float(leads["high_share"].mean()),
            float(leads["low_share"].mean()),
        ]
    )


def possible(run: Mapping[str, float]) -> bool:
    """Whether a run's complexes are kin to each other and none (but one) is the patient's own."""
    known = run["run_known"] > 0
    return run["run_alike"] >= KIN and (run["run_like_most"] < OWN if known else run["run_width_ms"] >= WIDE_MS)


def organised(leads: Mapping[str, Array]) -> bool:
    """Whether some lead repeats more slowly than flutter does."""
    return bool(((leads["repeat"] >= ORGANISED) & (leads["period_s"] > SLOWEST_FLUTTER_S)).any())


def chance(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


@cache
def shipped() -> Model:
    """The model that comes with the package. Raises InputError."""
    return Model.of(fitted.shipped("ventricular"))
