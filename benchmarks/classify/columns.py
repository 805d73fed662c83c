"""The columns of the comparison: which committee is shown what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from train.diagnosis import committee
from train.diagnosis.calibration import sigmoid
from train.diagnosis.views import ENROLLED, RECONSTRUCTED, TRUE, Views

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Shown:
    """A committee's file, the view it is shown, and the view that it is calibrated by."""

    committee: str
    view: str
    calibrated_by: str


COLUMNS = {
    "true 12": Shown("twelve", TRUE, TRUE),
    "reconstructed 12": Shown("twelve", RECONSTRUCTED, RECONSTRUCTED),
    "enrolled 12": Shown("twelve", ENROLLED, RECONSTRUCTED),
    "measured 3": Shown("measured", TRUE, TRUE),
    "lead I": Shown("lead-I", TRUE, TRUE),
    "true 12, shown no other": Shown("true", TRUE, TRUE),
}
CONTROL = "measured 3"  # what every gain is a gain over


@dataclass(frozen=True)
class Said:
    """What one column says of every record."""

    logits: Floats  # calibrated, records x names
    thresholds: Floats  # of the probability, chosen on fold 8

    @property
    def probability(self) -> Floats:
        return sigmoid(self.logits)


def judged(folder: Path, views: Views) -> tuple[tuple[str, ...], dict[str, Said]]:
    """The classes, and what each column says of the records of `views`."""
    loaded = {name: committee.load(folder / f"{name}.safetensors") for name in {c.committee for c in COLUMNS.values()}}
    out = {}
    for name, how in COLUMNS.items():
        of = loaded[how.committee]
        slope, offset = np.array(of.about["calibration"][how.calibrated_by]).T
        logits = slope * of.logits(of.column.shown(views, how.view)) + offset
        out[name] = Said(logits, np.array(of.about["thresholds"][how.calibrated_by]))
    return loaded["twelve"].names, out
