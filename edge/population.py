"""What is known of patients in general: the `patient` part of a bundle's manifest, by which one patient is fitted.

    "patient": {
      "scale": {"leads": [12 numbers, mV], "basis": [as many as signal.basis]},
      "ridge": {"measured": 3e-3, "predicted": 3e-4, "basis": 1e-2},
      "sd":    {"II+V1+V5": {"factor": [8], "usual_gain": [8], "usual_mv": [8]}, "*": …},
      "misfit": {…}                                                       see `edge.misfit_model`
    }

Each part may be missing; what stands in for it is here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.correction import Features
from edge.errors import InputError
from edge.leads import LEAD, mask_name
from edge.misfit_model import MisfitModel

Float64s = npt.NDArray[np.float64]

ANY = "*"
STRENGTH = {"measured": 3e-3, "predicted": 3e-4, "basis": 1e-2}  # chosen on PTB-XL fold 8: II, V1, V5 and four seconds
SD_FACTOR = 1.1  # likewise: errors to come are a little larger than those held back
SHRINK, SHRINK_S = 0.2, 4.0  # a patient's own error counts for 0.8 of it after four seconds, beside what is usual
FOLLOWS = 0.25  # of the variance: goes with the network's from moment to moment


@dataclass(frozen=True)
class SdRule:
    """From held-back errors to the standard deviations of errors to come, for a montage."""

    factor: Float64s  # 8
    usual_gain: Float64s | None  # 8: held-back error over the network's sd, of most patients; None: not known
    usual_mv: Float64s | None  # 8: held-back error
    shrink: float  # share of what is usual, 0 to 1

    def of(self, lead: int, gain: float, error_mv: float) -> tuple[float, float]:
        """Factor on the network's sd, and floor (mV), of one of the eight with such held-back errors."""
        if self.usual_gain is not None and self.usual_mv is not None:
            gain = gain ** (1 - self.shrink) * float(self.usual_gain[lead]) ** self.shrink
            error_mv = error_mv ** (1 - self.shrink) * float(self.usual_mv[lead]) ** self.shrink
        factor = float(self.factor[lead])
        return factor * gain * FOLLOWS**0.5, factor * error_mv * (1 - FOLLOWS) ** 0.5


@dataclass(frozen=True)
class Population:
    """Validated; sizes as the manifest has them."""

    lead_scale_mv: Float64s  # 12: how large each lead is, as far as features go; only its proportions matter
    basis_scale: Float64s | None  # one a channel; None: by this patient's own
    strength: Mapping[str, float]  # of the ridge, by group of features
    rules: Mapping[str, SdRule] = field(default_factory=dict)  # by mask
    misfit: MisfitModel | None = None

    @classmethod
    def of(cls, manifest: Mapping[str, Any], basis: int) -> Population:
        """From a bundle's manifest. Raises InputError naming what is wrong with it."""
        part = manifest.get("patient") or {}
        try:
            return _parse(part, basis)
        except KeyError as error:
            raise InputError(f"the manifest's part on patients lacks the key {error}") from error
        except (TypeError, ValueError, AttributeError) as error:
            raise InputError(f"the manifest's part on patients: {error}") from error

    def scale(self, features: Features, values: Float64s) -> Float64s:
        """What each of `features` is divided by: the population's proportions at this patient's size.

        values: the features (n x features), band-passed.
        """
        leads = (*features.measured, *features.predicted)
        scale = np.concatenate([self.lead_scale_mv[[LEAD[lead] for lead in leads]], self._basis(values, len(leads))])
        size = float(np.sqrt(((values[:, : len(leads)] / scale[: len(leads)]) ** 2).mean()))
        scaled: Float64s = scale * max(size, 1e-6)
        return scaled

    def _basis(self, values: Float64s, leads: int) -> Float64s:
        if self.basis_scale is not None:
            return self.basis_scale
        own = values[:, leads:].std(axis=0)
        common = float(np.sqrt((values[:, :leads] ** 2).mean()))
        relative: Float64s = np.maximum(own, 1e-6) / max(common, 1e-6) * float(self.lead_scale_mv.mean())
        return relative

    def strengths(self, features: Features) -> Float64s:
        """The ridge's, one a feature."""
        counts = (len(features.measured), len(features.predicted), features.basis)
        return np.repeat([self.strength[group] for group in ("measured", "predicted", "basis")], counts)

    def sd(self, montage: Sequence[str], seconds: float) -> SdRule:
        """The rule for errors held back from so many seconds."""
        fallback = SdRule(np.full(8, SD_FACTOR), None, None, 0.0)
        rule = self.rules.get(mask_name(tuple(montage)), self.rules.get(ANY, fallback))
        return replace(rule, shrink=SHRINK * min(1.0, SHRINK_S / seconds))


def _parse(part: Mapping[str, Any], basis: int) -> Population:
    scale = part.get("scale") or {}
    leads = positive(scale["leads"], 12, "patient.scale.leads") if "leads" in scale else np.ones(12)
    of_basis = positive(scale["basis"], basis, "patient.scale.basis") if "basis" in scale else None
    strength = {**STRENGTH, **(part.get("ridge") or {})}
    if set(strength) != set(STRENGTH):
        raise ValueError(f"patient.ridge has other groups than {', '.join(STRENGTH)}")
    positive(list(strength.values()), len(STRENGTH), "patient.ridge")
    rules = {mask: _rule(entry, f"patient.sd.{mask}") for mask, entry in (part.get("sd") or {}).items()}
    misfit = MisfitModel.of(part["misfit"]) if part.get("misfit") else None
    return Population(leads, of_basis, {k: float(v) for k, v in strength.items()}, rules, misfit)


def _rule(entry: Mapping[str, Any], what: str) -> SdRule:
    factor, gain, error = (positive(entry[key], 8, f"{what}.{key}") for key in ("factor", "usual_gain", "usual_mv"))
    return SdRule(factor, gain, error, SHRINK)


def positive(values: Any, count: int, what: str) -> Float64s:
    numbers = np.array(values, np.float64)
    if numbers.shape != (count,) or not np.isfinite(numbers).all() or (numbers <= 0).any():
        raise ValueError(f"{what} is not {count} numbers above 0")
    return numbers
