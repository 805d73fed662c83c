"""What is known of patients in general: the `patient` part of a bundle's manifest, by which one patient is fitted.

    "patient": {
      "ridge": {"leads": [8 numbers, mV2], "basis": [as many as signal.basis], "size_mv": 0.2 (or left out)},
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
from edge.leads import EIGHT, mask_name
from edge.misfit_model import MisfitModel

Float64s = npt.NDArray[np.float64]

ANY = "*"  # the mask that stands for all that have no entry of their own
# Of the ridge where the manifest says nothing: times the mean square of this patient's leads, or of the channel of the
# basis. Chosen on PTB-XL fold 8 for II, V1, V5 and four seconds.
MEASURED, PREDICTED, OF_BASIS = 3e-3, 3e-4, 1e-2
LEAST = 1e-9  # mV2: of a recording without any signal, too
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
class Ridge:
    """How much each feature is held back."""

    leads: Float64s  # 8, mV2: measured or the network's
    basis: Float64s  # one a channel
    size_mv: float | None = None  # of the leads (root mean square) at which these hold; for larger hearts more, by the
    # square of the ratio. None: the same for all

    def of(self, features: Features, size_mv: float) -> Float64s:
        limb = float(self.leads[[EIGHT["I"], EIGHT["II"]]].mean())
        leads = [self.leads[EIGHT[lead]] if lead in EIGHT else limb for lead in features.leads]
        times = (size_mv / self.size_mv) ** 2 if self.size_mv else 1.0
        return times * np.concatenate([leads, self.basis])


@dataclass(frozen=True)
class Population:
    """Validated; sizes as the manifest has them."""

    ridge: Ridge | None = None
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

    def strengths(self, features: Features, values: Float64s) -> Float64s:
        """Of the ridge, one a feature. values: the features (n x features), without drift."""
        leads = len(features.leads)
        square = float((values[:, :leads] ** 2).mean())
        if self.ridge:
            return self.ridge.of(features, square**0.5)
        groups = np.repeat([MEASURED * square, PREDICTED * square], [len(features.measured), len(features.predicted)])
        of_basis = OF_BASIS * (values[:, leads:] ** 2).mean(axis=0)
        return np.concatenate([groups, of_basis]) + LEAST

    def sd(self, montage: Sequence[str], seconds: float) -> SdRule:
        """The rule for errors held back from so many seconds."""
        fallback = SdRule(np.full(8, SD_FACTOR), None, None, 0.0)
        rule = self.rules.get(mask_name(tuple(montage)), self.rules.get(ANY, fallback))
        return replace(rule, shrink=SHRINK * min(1.0, SHRINK_S / seconds))


def _parse(part: Mapping[str, Any], basis: int) -> Population:
    ridge = _ridge(part["ridge"], basis) if part.get("ridge") else None
    rules = {mask: _rule(entry, f"patient.sd.{mask}") for mask, entry in (part.get("sd") or {}).items()}
    misfit = MisfitModel.of(part["misfit"]) if part.get("misfit") else None
    return Population(ridge, rules, misfit)


def _ridge(entry: Mapping[str, Any], basis: int) -> Ridge:
    leads = positive(entry["leads"], 8, "patient.ridge.leads")
    of_basis = positive(entry.get("basis", []), basis, "patient.ridge.basis")
    size = entry.get("size_mv")
    return Ridge(leads, of_basis, None if size is None else float(positive([size], 1, "patient.ridge.size_mv")[0]))


def _rule(entry: Mapping[str, Any], what: str) -> SdRule:
    factor, gain, error = (positive(entry[key], 8, f"{what}.{key}") for key in ("factor", "usual_gain", "usual_mv"))
    return SdRule(factor, gain, error, SHRINK)


def positive(values: Any, count: int, what: str) -> Float64s:
    numbers = np.array(values, np.float64)
    if numbers.shape != (count,) or not np.isfinite(numbers).all() or (numbers <= 0).any():
        raise ValueError(f"{what} is not {count} numbers above 0")
    return numbers
