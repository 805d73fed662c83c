"""Physics first: twelve leads that keep the measured ones as they are and obey Einthoven and Goldberger."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.leads import LEAD, TWELVE_FROM_EIGHT, determined
from edge.montage import Montage

Float64s = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Constraint:
    """What one set of valid channels fixes."""

    channels: npt.NDArray[np.int64]  # independent ones among the valid, enough to fix what all of them fix
    rows: Float64s  # of those channels, over the eight
    measured: tuple[tuple[int, int], ...]  # (lead of twelve, channel) of every valid standard lead
    derived: npt.NDArray[np.bool_]  # 12: follows exactly from the valid channels, and is not measured itself


class Projection:
    """The twelve leads nearest to the network's, in the sense of its variances, that agree with the measurement."""

    def __init__(self, montage: Montage) -> None:
        self.montage = montage
        self.constraint = functools.lru_cache(maxsize=256)(self._constraint)

    def _constraint(self, valid: tuple[bool, ...]) -> Constraint:
        """The constraint of the channels flagged in `valid`."""
        kept: list[int] = []
        for k in np.flatnonzero(valid).tolist():
            if np.linalg.matrix_rank(self.montage.rows[[*kept, k]], tol=1e-6) > len(kept):
                kept.append(k)
        names = self.montage.names
        measured = tuple((LEAD[names[k]], k) for k in np.flatnonzero(valid).tolist() if names[k] in LEAD)
        known = determined(self.montage.rows[list(valid)])
        known[[lead for lead, _ in measured]] = False
        return Constraint(np.array(kept, np.int64), self.montage.rows[kept], measured, known)

    def apply(
        self, eight: Float64s, variance: Float64s, correlation: Float64s, signal: Float64s, valid: tuple[bool, ...]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Twelve leads (n x 12, mV) and their standard deviations (n x 12, mV).

        eight, variance: the network's leads and variances (n x 8); correlation: of its errors (8 x 8); signal: the
        channels (n x channels); valid: which of them count. Measured leads come out as they went in, bit for bit.
        """
        fixed = self.constraint(valid)
        rows = fixed.rows
        n = len(eight)
        gain = np.zeros((n, 8, len(rows)))
        if len(rows):
            # Lagrange: x + D R' (R D R')^-1 (m - R x), D the variances
            weighted = variance[:, :, None] * rows.T[None]
            gain = weighted @ np.linalg.inv(rows @ weighted)
            miss = signal[:, fixed.channels] - eight @ rows.T
            eight = eight + (gain @ miss[:, :, None])[:, :, 0]
        twelve = (eight @ TWELVE_FROM_EIGHT.T).astype(np.float32)
        sd = self._spread(variance, correlation, gain, rows)
        sd[:, fixed.derived] = 0.0
        for lead, channel in fixed.measured:
            twelve[:, lead] = signal[:, channel]
            sd[:, lead] = 0.0
        return twelve, sd

    @staticmethod
    def _spread(variance: Float64s, correlation: Float64s, gain: Float64s, rows: Float64s) -> npt.NDArray[np.float32]:
        """Standard deviation of the twelve after the correction: the error that is left is (1 - gain rows) e."""
        # with e = sqrt(D) z and cov z = correlation = L L', the twelve's error is A (1 - gain rows) sqrt(D) L w
        root = np.linalg.cholesky(correlation + 1e-9 * np.eye(8))
        error = np.sqrt(variance)[:, :, None] * root[None]
        left = error - gain @ (rows @ error) if len(rows) else error
        spread = TWELVE_FROM_EIGHT @ left
        sd: npt.NDArray[np.float32] = np.sqrt((spread**2).sum(axis=2)).astype(np.float32)
        return sd
