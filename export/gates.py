"""What a variant must keep of the float network before it may enter a bundle, read on recordings that set no range.

Everything goes the device's own road: windows, network, overlap-add, projection. Each gate is one figure and a limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.blocks import Block, Origin, TwelveLeads
from edge.bundle import RATE, Bundle
from edge.correction import Correction
from edge.dsp.baseline import remove_baseline
from edge.engines import Engine
from edge.enrolment import enrol
from edge.errors import InputError
from edge.leads import LEAD, LEADS
from edge.metrics import agreement
from edge.montage import Montage
from edge.reconstruction import Reconstruct
from edge.whole import joined
from train.evaluate import features

LIMITS = {
    "pcc_loss": 0.002,  # over the leads not measured, the worst montage
    "pcc_loss_enrolled": 0.002,  # with patient files that were made with the float network
    "r_error": 0.01,  # mean change of R in the reconstructed leads, as a share of R: the worst lead's
    "st_error_mv": 0.02,  # change of the ST level (J+60), 95th percentile over recordings and leads
    "identity_mv": 1e-5,  # off Einthoven's and Goldberger's laws
    "gap_samples": 0.0,  # unlike the float network about what is available, over a recording with gaps
    "coverage_change": 0.02,  # of the 90 % intervals, the worst lead's
}
MONTAGES = (("II", "V1", "V5"), ("I", "II"), ("II",))  # the first is the patch's
ENROL_S = 4.0
HOP = 500  # samples
Z90 = 1.645
Signal = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Gate:
    """One figure of a variant, and what it may be."""

    name: str
    figure: float
    limit: float

    @property
    def passed(self) -> bool:
        return bool(np.isfinite(self.figure)) and self.figure <= self.limit

    def __str__(self) -> str:
        return f"{self.name} {self.figure:.3g} (limit {self.limit:g})"


class Reference:
    """The float network on a set of recordings (each samples x 12, mV at 500 Hz), done once for all variants."""

    def __init__(self, bundle: Bundle, engine: Engine, recordings: Sequence[Signal]) -> None:
        self.bundle = bundle
        self.truth = np.stack([remove_baseline(mv, RATE) for mv in recordings])
        self.marked = features.mark(self.truth)
        self.true = features.read(self.truth, self.marked, MONTAGES[0])
        self.corrections = [self._correction(mv, engine) for mv in recordings]
        self.float = _Readings(self, engine)

    def _correction(self, mv: Signal, engine: Engine) -> Correction | None:
        first = mv[: round(ENROL_S * RATE)]
        try:
            return enrol(first, RATE, LEADS, MONTAGES[0], bundle=self.bundle, engine=engine).correction
        except InputError:  # too noisy: stays blind
            return None

    def gates(self, engine: Engine) -> list[Gate]:
        """What the variant loaded in `engine` changes."""
        mine, its = self.float, _Readings(self, engine)
        figures = {
            "pcc_loss": max(a - b for a, b in zip(mine.pcc, its.pcc, strict=True)),
            "pcc_loss_enrolled": mine.pcc_enrolled - its.pcc_enrolled,
            "r_error": _r_error(mine.read["r_uv"], its.read["r_uv"]),
            "st_error_mv": _st_error(mine.read["st60_uv"], its.read["st60_uv"]),
            "identity_mv": its.identity_mv,
            "gap_samples": float((mine.available != its.available).sum()),
            "coverage_change": float(np.nanmax(np.abs(mine.coverage - its.coverage))),
        }
        return [Gate(name, float(figures[name]), limit) for name, limit in LIMITS.items()]


class _Readings:
    """Everything that a gate compares, for one engine."""

    def __init__(self, on: Reference, engine: Engine) -> None:
        bundle, truth = on.bundle, on.truth
        outputs = [[_road(mv, montage, bundle, engine) for mv in truth] for montage in MONTAGES]
        patch = outputs[0]
        enrolled = [_road(mv, MONTAGES[0], bundle, engine, c) for mv, c in zip(truth, on.corrections, strict=True)]
        rest = round(ENROL_S * RATE)
        self.pcc = [_pcc(truth, [t.mv for t in of], montage) for of, montage in zip(outputs, MONTAGES, strict=True)]
        self.pcc_enrolled = _pcc(truth[:, rest:], [t.mv[rest:] for t in enrolled], MONTAGES[0])
        self.read = features.read(np.stack([np.nan_to_num(t.mv) for t in patch]), on.marked, MONTAGES[0])
        self.identity_mv = max(_off_identities(t.mv) for of in outputs for t in of)
        self.available = np.isfinite(_road(_with_gaps(truth[0]), MONTAGES[0], bundle, engine).mv)
        self.coverage = _coverage(truth, patch)


def _road(
    mv: Signal, montage: tuple[str, ...], bundle: Bundle, engine: Engine, correction: Correction | None = None
) -> TwelveLeads:
    stage = Reconstruct(Montage.of_leads(montage), bundle, engine, HOP, correction)
    measured = np.ascontiguousarray(mv[:, [LEAD[lead] for lead in montage]])
    return joined([*stage.push(Block(0, RATE, montage, measured, np.isfinite(measured))), *stage.flush()])


def _pcc(truth: Signal, outputs: Sequence[Signal], montage: tuple[str, ...]) -> float:
    estimate = np.stack(outputs)
    missing = [k for k, lead in enumerate(LEADS) if lead not in montage]
    with np.errstate(invalid="ignore"):
        return float(np.nanmean(agreement(truth, estimate, RATE).pcc[:, missing]))


def _r_error(float_uv: npt.NDArray[np.float64], its_uv: npt.NDArray[np.float64]) -> float:
    there = np.isfinite(float_uv)
    change = np.where(there, np.abs(its_uv - float_uv), 0.0).sum(axis=0)
    size = np.where(there, float_uv, 0.0).sum(axis=0)
    return float((change / size).max())


def _st_error(float_uv: npt.NDArray[np.float64], its_uv: npt.NDArray[np.float64]) -> float:
    missing = [k for k, lead in enumerate(LEADS) if lead not in MONTAGES[0]]
    change = np.abs(its_uv - float_uv)[:, missing]
    return float(np.quantile(change[np.isfinite(float_uv[:, missing])], 0.95)) / 1000.0


def _off_identities(mv: Signal) -> float:
    x = {lead: mv[:, k].astype(np.float64) for lead, k in LEAD.items()}
    off = np.stack([x["I"] + x["III"] - x["II"], x["aVR"] + x["aVL"] + x["aVF"]])
    return float(np.abs(off).max())


def _with_gaps(mv: Signal) -> Signal:
    """All leads lost for 0.8 s in the middle, and one of them once more."""
    out = mv.copy()
    middle = len(mv) // 2
    out[middle : middle + 400] = np.nan
    out[middle + 1200 : middle + 1500, LEAD[MONTAGES[0][1]]] = np.nan
    return out


def _coverage(truth: Signal, outputs: Sequence[TwelveLeads]) -> npt.NDArray[np.float64]:
    """The share of samples inside the 90 % interval, by lead; NaN where a lead is not reconstructed."""
    inside = np.stack([np.abs(t.mv - true) <= Z90 * t.sd for t, true in zip(outputs, truth, strict=True)])
    told = np.array([o is Origin.RECONSTRUCTED for o in outputs[0].origin])
    return np.where(told, inside.mean(axis=(0, 1)), np.nan)
