"""What a source's channels measure, as rows over the eight independent leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge.errors import Reason, UsageError
from edge.leads import EIGHT_FROM_ELECTRODES, LEADS, canonical, determined, row

TOLERANCE = 0.01  # of a weight: what counts as a standard lead
ROUNDING = 1e-9  # of a weight: what thirds and twelfths leave behind


@dataclass(frozen=True, eq=False)
class Montage:
    """Named channels and their weights over the eight independent leads."""

    names: tuple[str, ...]
    rows: npt.NDArray[np.float64]  # channels x 8

    @property
    def standard(self) -> tuple[str, ...]:
        """The channels that are standard leads, in the channels' order."""
        return tuple(name for name in self.names if name in LEADS)

    @property
    def redundant(self) -> bool:
        """Whether a channel follows from the others."""
        return int(np.linalg.matrix_rank(self.rows, tol=1e-6)) < len(self.rows)

    @classmethod
    def of_leads(cls, names: Sequence[str]) -> Montage:
        """A montage of standard leads. Raises UsageError for a name that is none, or one given twice."""
        leads = []
        for name in names:
            lead = canonical(name)
            if lead is None:
                raise UsageError(f"{name!r} is no standard lead: choose from {', '.join(LEADS)}", Reason.NO_LEADS)
            if lead in leads:
                raise UsageError(f"lead {lead} is named twice", Reason.NO_LEADS)
            leads.append(lead)
        if not leads:
            raise UsageError(f"no leads given: choose at least one of {', '.join(LEADS)}", Reason.NO_LEADS)
        return cls(tuple(leads), np.stack([row(lead) for lead in leads]))

    @classmethod
    def of_electrodes(cls, weights: npt.NDArray[np.float64]) -> Montage:
        """From weights over `edge.leads.ELECTRODES` (channels x 9).

        A channel that is no standard lead is called CH1, CH2, … by its place. One that is has that lead's own row, to
        the bit, so that a patch and a file with the same leads give the same.
        """
        rows = weights @ EIGHT_FROM_ELECTRODES
        names: list[str] = []
        for k, weight in enumerate(rows):
            found = [lead for lead in LEADS if np.abs(row(lead) - weight).max() < TOLERANCE and lead not in names]
            names.append(found[0] if found else f"CH{k + 1}")
            if found and np.abs(row(found[0]) - weight).max() < ROUNDING:
                rows[k] = row(found[0])
        return cls(tuple(names), rows)

    def given(self, valid: npt.NDArray[np.bool_]) -> tuple[str, ...]:
        """The leads the network is given when the channels flagged in `valid` are there.

        The standard leads measured; where a channel is none, whatever follows exactly from the channels together.
        """
        names = [name for name, there in zip(self.names, valid, strict=True) if there]
        if all(name in LEADS for name in names):
            return tuple(lead for lead in LEADS if lead in names)
        known = determined(self.rows[valid])
        return tuple(lead for lead, there in zip(LEADS, known, strict=True) if there)
