"""A patient's correction: what the network misses of one heart, as a weighted sum of what is known at each moment.

Memoryless, so it commutes with any filter: fitted on signals without drift, it holds for the signals themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.leads import EIGHT, INDEPENDENT, LEADS, determined, row

Float64s = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

BASIS = "basis"  # features of the network's third output are called basis1, basis2, …


@dataclass(frozen=True, slots=True)
class Features:
    """What a correction for a montage is made of, in this order."""

    measured: tuple[str, ...]  # the montage's leads
    predicted: tuple[str, ...]  # of the eight, those that do not follow from the measured ones
    basis: int  # channels

    @classmethod
    def of(cls, montage: Sequence[str], basis: int) -> Features:
        """For a montage of standard leads (names)."""
        measured = tuple(lead for lead in LEADS if lead in montage)
        known = determined(np.stack([row(lead) for lead in measured]))
        free = tuple(lead for lead in INDEPENDENT if not known[LEADS.index(lead)])
        return cls(measured, free, basis)

    @property
    def leads(self) -> tuple[str, ...]:
        """The features that are leads: they come first."""
        return (*self.measured, *self.predicted)

    @property
    def names(self) -> tuple[str, ...]:
        of_network = tuple(f"network {lead}" for lead in self.predicted)
        return (*self.measured, *of_network, *(f"{BASIS}{k + 1}" for k in range(self.basis)))

    def gather(self, measured: Float64s, eight: Float64s, basis: Float64s) -> Float64s:
        """The features (n x features) from the montage's leads (n x measured), the network's (n x 8) and its basis."""
        return np.concatenate([measured, eight[:, [EIGHT[lead] for lead in self.predicted]], basis], axis=1)


@dataclass(frozen=True)
class Correction:
    """Added to the network's eight leads; and what their standard deviations are from then on."""

    features: Features
    weights: Float64s  # 8 x features; nothing for a lead that is not corrected
    offset_mv: Float64s  # 8
    sd_gain: Float64s  # 8: factors on the network's standard deviations
    sd_floor_mv: Float64s  # 8: added in quadrature

    def apply(
        self, eight: Float64s, variance: Float64s, measured: Float64s, basis: Float64s
    ) -> tuple[Float64s, Float64s]:
        """Eight leads and their variances (n x 8, mV and mV2), corrected; arguments as `Features.gather` has them."""
        known = self.features.gather(measured, eight, basis)
        return eight + known @ self.weights.T + self.offset_mv, variance * self.sd_gain**2 + self.sd_floor_mv**2


def ridge(features: Float64s, residual: Float64s, strength: Float64s) -> Float64s:
    """The weights w (targets x features) that bring `residual` (n x targets) nearest to `features` (n x features) w'.

    Minimises mean |r - f w'|^2 + sum strength w^2.
    """
    gram = features.T @ features / len(features) + np.diag(strength)
    weights: Float64s = np.asarray(np.linalg.solve(gram, features.T @ residual / len(features)).T, np.float64)
    return weights
