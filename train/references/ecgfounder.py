"""ECGFounder (Li et al., NEJM AI 2025): a network trained on ten million ECGs for 150 statements of an ECG cart.

The classes of the WearECG paper's Tables 2 and 3 are the statements at these places of the publisher's `tasks.txt`, in
its order; so "QT SHORT" and "QT LONG" are "QT HAS SHORTENED" and "QT HAS LENGTHENED", which compare with an earlier
ECG.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import median_filter
from scipy.signal import butter, filtfilt, iirnotch
from torch import Tensor

from edge.bundle import RATE
from edge.errors import InputError
from edge.leads import LEAD
from train.references.fitting import fill, needed, tensors
from train.references.net1d import Net1D, Net1DConfig

WHERE = (
    "12_lead_ECGFounder.pth (or 1_lead_ECGFounder.pth) from https://huggingface.co/PKUDigitalHealth/ECGFounder, "
    "the publisher's page"
)
LABELS = 150
MEDIAN = round(0.4 * RATE) + 1  # samples, odd
SAID: Mapping[str, int] = {  # a class of Tables 2 and 3: its place among the 150
    **{"NORMAL": 2, "SINUS RHYTHM": 3, "SINUS BRADY": 4, "AFIB": 5, "SINUS TACHY": 6, "LAXIS DEV": 8, "PVC": 9},
    **{"RBBB": 11, "LAE": 13, "PAC": 16, "PSVC": 19, "LBBB": 20, "LVH": 26, "QT SHORT": 29, "QT LONG": 30},
    **{"AFLUTTER": 32, "SINUS ARR": 34, "LAFB": 36, "RAXIS DEV": 37, "ECTOPIC ATR": 38, "SHORT PR": 43},
    **{"REPOL ABN": 55, "RAE": 60, "VOLT CRIT LVH": 63, "LPFB": 70, "1ST AVB": 79, "RVH": 82, "ACUTE MI/STEMI": 87},
    **{"SVT": 93, "VT": 98, "EARLY REP": 99, "WPW": 107, "ACUTE": 119, "ACUTE MI": 130, "SVC": 145},
    **{"2:1 AV COND": 147, "MI ANTERIOR": 17, "MI ANTEROLATERAL": 54, "MI ANTEROSEPTAL": 40, "MI INFERIOR": 61},
    **{"MI LATERAL": 24, "MI SEPTAL": 12},
}
THRESHOLD = 0.5  # of a probability; the publisher has one a class, chosen on its own data, and does not publish it
BATCH = 8  # recordings: a layer of ten seconds of one takes some megabytes
SMALLEST_MV = 1e-8  # deviation that a lead without a signal is divided by
Array = npt.NDArray[np.floating]
Floats = npt.NDArray[np.float32]


class Preparation(enum.Enum):
    """What is done to a recording before the network is shown it."""

    ECGFOUNDER = "ecgfounder"  # as the publisher does: filtered (`_filtered`), z-scored as a whole
    WEARECG = "wearecg"  # as the WearECG paper does: each lead z-scored by itself


def load(path: Path) -> Net1D:
    """The network of a published checkpoint, of twelve leads or of one, frozen. Raises InputError."""
    weights = tensors(needed(path, "ECGFounder", WHERE), "state_dict")
    first, last = weights.get("first_conv.conv.weight"), weights.get("dense.weight")
    if first is None or last is None:
        raise InputError(f"{path} is not ECGFounder: it has no first_conv.conv.weight or no dense.weight")
    net = Net1D(Net1DConfig(leads=int(first.shape[1]), classes=int(last.shape[0])))
    fill(net, weights, path, "ECGFounder")
    return net


def prepared(mv: Array, leads: int, how: Preparation) -> Tensor:
    """What the network is shown of recordings (records x samples x 12, mV at 500 Hz); of one lead, lead I."""
    x = mv if leads > 1 else mv[:, :, [LEAD["I"]]]
    if how is Preparation.ECGFOUNDER:
        x = _filtered(x)
    axes = 1 if how is Preparation.WEARECG else (1, 2)
    x = (x - x.mean(axes, keepdims=True)) / (x.std(axes, keepdims=True) + SMALLEST_MV)
    return torch.from_numpy(np.ascontiguousarray(x.transpose(0, 2, 1), np.float32))


def _filtered(x: Array) -> Array:
    """As `filter_bandpass` of the publisher's code: a notch, 0.67 to 40 Hz, and less a running median.

    The median of 0.4 s takes much of an ST level with it; whoever looks for ischemia should not filter so.
    """
    x = filtfilt(*iirnotch(50.0, 30.0, RATE), x, axis=1)
    x = filtfilt(*butter(4, (0.67, 40.0), "bandpass", fs=RATE), x, axis=1)
    return x - median_filter(x, (1, MEDIAN, 1), mode="constant")


@torch.no_grad()
def features(net: Net1D, mv: Array, how: Preparation) -> Floats:
    """The frozen backbone's features (records x 1024)."""
    leads = net.first_conv.conv.in_channels
    parts = [net.features(prepared(mv[k : k + BATCH], leads, how)) for k in range(0, len(mv), BATCH)]
    return torch.cat(parts).numpy()


class ECGFounder:
    """Judges by the network's own 150 statements, those of Tables 2 and 3 among them."""

    def __init__(self, path: Path) -> None:
        self._net = load(path)
        if self._net.dense.out_features != LABELS:
            found = self._net.dense.out_features
            raise InputError(f"{path} tells {found} classes and not ECGFounder's {LABELS}: it was fitted to others")
        self.names = tuple(SAID)
        self.thresholds = np.full(len(self.names), THRESHOLD)
        self.described: dict[str, Any] = {
            "file": str(path),
            "network": "ECGFounder",
            "prepared": Preparation.ECGFOUNDER.value,
        }

    @torch.no_grad()
    def judge(self, mv: Array) -> tuple[Floats, Floats | None]:
        found = features(self._net, mv, Preparation.ECGFOUNDER)
        said = torch.sigmoid(self._net.dense(torch.from_numpy(found))).numpy()
        return said[:, list(SAID.values())], found
