"""Networks of every architecture small enough for tests, and a batch of synthetic hearts to show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from edge.leads import INDEPENDENT, LEAD
from edge.synthetic import synthesise
from train.masks import as_mask
from train.windows import Batch, as_input

SMALL: Mapping[str, Mapping[str, Any]] = {
    "unet": {"channels": [8, 8, 16], "blocks": [1, 1, 1], "basis": 4},
    "wearecg": {"down": [16, 16, 32, 32], "up": [32, 32, 16, 16], "heads": 2},
    "mcma": {"filters": [4, 8, 16]},
    "mcma-linear": {"filters": [4, 8, 16]},
}


def eight_leads(window: int, hearts: int = 3) -> torch.Tensor:
    """Sinus rhythms of different rates and sizes (hearts x 8 x window, mV)."""
    columns = [LEAD[name] for name in INDEPENDENT]
    rows = [
        (0.6 + 0.4 * k) * synthesise("sinus", window / 500 + 1, seed=k, bpm=55 + 20 * k).mv[:window, columns].T
        for k in range(hearts)
    ]
    return torch.from_numpy(np.stack(rows).astype(np.float32))


def batch_of(window: int, given: tuple[str, ...] = ("II", "V1", "V5"), windows_a_heart: int = 1) -> Batch:
    """Windows of three hearts, `windows_a_heart` consecutive rows of each, all with the same leads shown."""
    eight = eight_leads(2 * window)
    starts = [37 * k for k in range(windows_a_heart)]
    target = torch.stack([heart[:, s : s + window] for heart in eight for s in starts])
    mask = as_mask(given).expand(len(target), -1)
    return Batch(as_input(target, mask), target, mask, windows_a_heart)
