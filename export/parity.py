"""The gate every float variant must pass: the same leads as the trained network, on real windows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from edge import engines
from edge.dsp.baseline import remove_baseline
from edge.leads import INDEPENDENT, LEAD
from export.deploy import basis_of
from train.data.corpus import Corpus
from train.masks import as_mask, draw
from train.windows import RATE, as_input

LIMIT_MV = 1e-4
WINDOWS = 64
LEADS_AND_BASIS = (0, 2)  # of the outputs; the log-variances are not held to microvolts


@torch.no_grad()
def parity(net: nn.Module, engine: str, path: Path, held: Corpus) -> float:
    """Largest difference between `net` and the exported file, over windows with random masks: of its leads in mV, of
    its basis by the same number of its own units."""
    window = net.window
    loaded = engines.load(engine, path, window, 1, basis_of(net))
    generator = torch.Generator().manual_seed(0)
    columns = [LEAD[name] for name in INDEPENDENT]
    worst = 0.0
    for record in range(min(WINDOWS, len(held.uv))):
        mv = remove_baseline(held.uv[record][:, columns].astype(np.float32) * np.float32(1e-3), RATE)
        mask = draw(1, generator) if record else as_mask(("II", "V1", "V5"))[None]
        x = as_input(torch.from_numpy(np.ascontiguousarray(mv[:window].T))[None], mask)
        expected = net(x)
        got = loaded.infer(x[0, :, 0].numpy())
        for k in LEADS_AND_BASIS[: len(expected) - 1]:
            worst = max(worst, float(np.abs(got[k] - expected[k][0, :, 0].numpy()).max()))
    return worst
