"""Whole recordings through a network, window by window, as the device does it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from edge.dsp.baseline import remove_baseline
from edge.leads import INDEPENDENT, LEAD, TWELVE_FROM_EIGHT
from train.data.corpus import Corpus
from train.masks import as_mask
from train.windows import RATE, WINDOW, as_input

HOP = 500
Array = npt.NDArray[np.float32]


@torch.no_grad()
def eight_leads(net: nn.Module, corpus: Corpus, given: Sequence[str]) -> tuple[Array, Array, Array]:
    """Estimates, log-variances and filtered truth (each records x samples x 8), from the `given` leads alone."""
    net.eval()
    columns = [LEAD[name] for name in INDEPENDENT]
    mask = as_mask(tuple(given))[None]
    taper = torch.from_numpy(np.hanning(WINDOW + 1)[:-1].astype(np.float32) + 1e-3)
    means, variances, truths = [], [], []
    for record in range(len(corpus.uv)):
        truth = remove_baseline(corpus.uv[record][:, columns].astype(np.float32) * np.float32(1e-3), RATE)
        samples = len(truth)
        starts = list(range(0, samples - WINDOW + 1, HOP))
        windows = torch.from_numpy(np.stack([truth[s : s + WINDOW].T for s in starts]))
        x = as_input(windows, mask.expand(len(starts), -1))
        mean, log_variance = net(x)
        total, weight, spread = torch.zeros(8, samples), torch.zeros(samples), torch.zeros(8, samples)
        for k, s in enumerate(starts):
            total[:, s : s + WINDOW] += mean[k, :, 0] * taper
            spread[:, s : s + WINDOW] += log_variance[k, :, 0] * taper
            weight[s : s + WINDOW] += taper
        means.append((total / weight).T.numpy())
        variances.append((spread / weight).T.numpy())
        truths.append(truth)
    return np.stack(means), np.stack(variances), np.stack(truths)


def twelve_leads(estimate: Array, truth: Array, given: Sequence[str]) -> Array:
    """All twelve (records x samples x 12): the given of the eight as measured, the rest as estimated."""
    eight = estimate.copy()
    for k, name in enumerate(INDEPENDENT):
        if name in given:
            eight[:, :, k] = truth[:, :, k]
    return (eight @ TWELVE_FROM_EIGHT.T).astype(np.float32)
