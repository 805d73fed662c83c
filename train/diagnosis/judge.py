"""A committee as the frozen classifier of `python -m train evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from edge.classifier_input import shown
from edge.leads import LEAD
from train.diagnosis import committee
from train.diagnosis.calibration import sigmoid
from train.diagnosis.views import TRUE

BATCH = 32  # recordings
Array = npt.NDArray[np.floating]
Floats = npt.NDArray[np.float32]


class OwnClassifier:
    """A committee fitted by `python -m train classify`, and calibrated for true leads."""

    def __init__(self, path: Path) -> None:
        self._of = of = committee.load(path)
        self.names = of.names
        self.thresholds = np.array(of.about["thresholds"][TRUE])
        self.described: dict[str, Any] = {"file": str(path), **of.about}

    @torch.no_grad()
    def judge(self, mv: Array) -> tuple[Floats, Floats | None]:
        columns = [LEAD[lead] for lead in self._of.column.leads]
        x = torch.from_numpy(np.stack([shown(of[:, columns]) for of in mv]))[:, :, None]
        slope, offset = np.array(self._of.about["calibration"][TRUE]).T
        features = torch.cat([self._of.net.features(part) for part in x.split(BATCH)]).numpy()
        logits = slope * self._of.logits(x[:, :, 0].numpy()) + offset
        return sigmoid(logits).astype(np.float32), features
