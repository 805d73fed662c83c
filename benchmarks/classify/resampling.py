"""Areas under the ROC curve with intervals, and paired differences of them, by resampling whole subjects."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
RESAMPLES = 2000


def weights(subjects: Sequence[str], resamples: int = RESAMPLES, seed: int = 0) -> Floats:
    """How often each record is drawn (resamples x records), all records of a subject together; the first row is 1."""
    names, of = np.unique(np.asarray(subjects), return_inverse=True)
    drawn = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), resamples)
    return np.concatenate([np.ones((1, len(of))), drawn[:, of].astype(np.float64)])


def areas(has: Flags, score: Floats, drawn: Floats) -> Floats:
    """The area for each row of `drawn` (Mann and Whitney, ties a half); NaN where no case or no other is drawn."""
    wins = (score[has][:, None] > score[~has]) + 0.5 * (score[has][:, None] == score[~has])
    cases, others = drawn[:, has], drawn[:, ~has]
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = ((cases @ wins) * others).sum(1) / (cases.sum(1) * others.sum(1))
    return found


def interval(values: Floats) -> list[float]:
    """The middle 95 % of what was drawn, without the first, which is the figure itself."""
    return [round(float(v), 4) for v in np.nanpercentile(values[1:], (2.5, 97.5))]
