"""Windows by which the ranges of INT8 are set: every mask, and the largest hearts among them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from edge.dsp.baseline import remove_baseline
from edge.leads import INDEPENDENT, LEAD, LEADS
from train.data.corpus import Corpus
from train.masks import COMMON, PATCH, as_mask
from train.windows import RATE, as_input

WINDOWS = 256
LARGEST = 0.4  # of them show the recordings of the largest amplitude
MOST_MV = 8.0  # of a recording: what is larger is an electrode, not a heart
_OF_EIGHT = [LEAD[name] for name in INDEPENDENT]


def windows(records: Corpus, length: int, count: int = WINDOWS, seed: int = 0) -> npt.NDArray[np.float32]:
    """Inputs of the network (count x 24 x length) from `records`, which no gate may see: half of them of the patch's
    leads, the rest of every other mask in turn."""
    rng = np.random.default_rng(seed)
    masks = [*COMMON, *((lead,) for lead in LEADS)]
    out = []
    for k, row in enumerate(_rows(records, count, rng)):
        mv = remove_baseline(records.uv[row][:, _OF_EIGHT].astype(np.float32) * np.float32(1e-3), RATE)
        start = int(rng.integers(len(mv) - length + 1))
        shown = masks[k // 2 % len(masks)] if k % 2 else PATCH
        eight = torch.from_numpy(np.ascontiguousarray(mv[start : start + length].T))[None]
        out.append(as_input(eight, as_mask(shown)[None])[0, :, 0].numpy())
    return np.stack(out)


def _rows(records: Corpus, count: int, rng: np.random.Generator) -> list[int]:
    """The largest, and others as they come; shuffled, so that each mask sees both."""
    size = np.array([np.abs(uv[:, _OF_EIGHT]).max() for uv in records.uv]) * 1e-3
    order = [int(row) for row in np.argsort(-size) if size[row] <= MOST_MV]
    large = round(LARGEST * count)
    others = rng.choice(order[large:] or order, count - len(order[:large]))
    chosen = np.array([*order[:large], *others])
    return [int(row) for row in rng.permutation(chosen)]
