"""What a recording must be before anything is trained on it."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from edge.leads import INDEPENDENT, LEAD, LEADS, TWELVE_FROM_EIGHT
from train.data.record import Signal

IDENTITY_TOLERANCE_UV = 20  # rounding of the publisher's own derived leads, with room
MAX_MV = 30.0  # no heart reaches it, and int16 microvolts end at 32.767
AUGMENTED = ("aVR", "aVL", "aVF")
_EIGHT = [LEAD[name] for name in INDEPENDENT]


def defect(mv: Signal) -> str | None:
    """Why a recording (samples x 12, mV) cannot be used, or None."""
    if not np.isfinite(mv).all():
        return f"{int((~np.isfinite(mv)).any(1).sum())} samples are missing"
    if np.abs(mv).max(initial=0) > MAX_MV:
        return f"an amplitude of {np.abs(mv).max():.0f} mV"
    flat = [name for name in LEADS if (mv[:, LEAD[name]] == mv[:1, LEAD[name]]).all()]
    if flat:
        return f"no signal in {', '.join(flat)}"
    off_uv = identity_error_uv(mv)
    if off_uv > IDENTITY_TOLERANCE_UV:
        return f"the limb leads break Einthoven's or Goldberger's law by {off_uv:.0f} uV"
    return None


def identity_error_uv(mv: Signal) -> float:
    """How far a derived limb lead is, at worst, from what I and II make of it (samples x 12, mV)."""
    return 1000 * float(np.nanmax(np.abs(mv[:, _EIGHT] @ TWELVE_FROM_EIGHT.T - mv), initial=0))


def augmented_by_goldberger(mv: Signal) -> tuple[Signal, str | None]:
    """The recording (samples x 12, mV) with aVR, aVL and aVF told apart by Goldberger's identities, not by name.

    The second value is what the columns called aVR, aVL, aVF held, or None where the names were right or no order of
    the three satisfies the identities (then nothing is changed). The eight independent leads are never touched.
    """
    columns = [LEAD[name] for name in AUGMENTED]
    for order in permutations(range(3)):
        tried = mv.copy()
        tried[:, [columns[k] for k in order]] = mv[:, columns]
        if identity_error_uv(tried) <= IDENTITY_TOLERANCE_UV:
            held = [AUGMENTED[k] for k in order]
            return tried, None if held == list(AUGMENTED) else " ".join(held)
    return mv, None
