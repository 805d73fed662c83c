"""Whole recordings through a network, window by window, as the device does it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from edge.dsp.baseline import remove_baseline
from edge.leads import INDEPENDENT, LEAD, TWELVE_FROM_EIGHT
from train.data.corpus import Corpus
from train.masks import as_mask
from train.windows import RATE, as_input

OVERLAP = 2  # windows over every sample
Array = npt.NDArray[np.float32]
_OF_EIGHT = [LEAD[name] for name in INDEPENDENT]


@torch.no_grad()
def outputs(net: nn.Module, eight: Array, given: Sequence[str]) -> list[Array]:
    """Every output of an any-lead network (each samples x channels) for a filtered recording (samples x 8, mV) of
    which it sees the `given` leads."""
    net.eval()
    starts, windows = _windows(eight, given, net.window)
    return [_joined(output[:, :, 0], starts, len(eight)) for output in net(windows)]


@torch.no_grad()
def twelve(net: nn.Module, mv: Array, given: Sequence[str]) -> Array:
    """All twelve leads (samples x 12, mV) by any network of the registry from the `given` columns of a filtered
    recording (samples x 12, mV); those come back as they are."""
    net.eval()
    shown = np.zeros_like(mv)
    columns = [LEAD[name] for name in given]
    shown[:, columns] = mv[:, columns]
    starts, windows = _windows(shown, given, net.window)
    out = _joined(net.twelve(windows), starts, len(mv))
    out[:, columns] = mv[:, columns]
    return out


def eight_leads(net: nn.Module, corpus: Corpus, given: Sequence[str]) -> tuple[Array, Array, Array]:
    """Estimates, log-variances and filtered truth (each records x samples x 8), from the `given` leads alone."""
    means, variances, truths = [], [], []
    for uv in corpus.uv:
        truth = remove_baseline(uv[:, _OF_EIGHT].astype(np.float32) * np.float32(1e-3), RATE)
        mean, log_variance, *_ = outputs(net, truth, given)
        means.append(mean)
        variances.append(log_variance)
        truths.append(truth)
    return np.stack(means), np.stack(variances), np.stack(truths)


def twelve_leads(estimate: Array, truth: Array, given: Sequence[str]) -> Array:
    """All twelve (records x samples x 12): the given of the eight as measured, the rest as estimated."""
    eight = estimate.copy()
    for k, name in enumerate(INDEPENDENT):
        if name in given:
            eight[:, :, k] = truth[:, :, k]
    return (eight @ TWELVE_FROM_EIGHT.T).astype(np.float32)


def _windows(signal: Array, given: Sequence[str], length: int) -> tuple[list[int], Tensor]:
    """Where the windows begin, and the network's input; of eight leads or of twelve."""
    starts = [*range(0, len(signal) - length, length // OVERLAP), len(signal) - length]
    cut = torch.from_numpy(np.stack([signal[s : s + length].T for s in starts]))
    mask = as_mask(tuple(given))[None].expand(len(starts), -1)
    if signal.shape[1] == len(INDEPENDENT):
        return starts, as_input(cut, mask)
    return starts, torch.cat([cut, mask[:, :, None].expand_as(cut)], 1)[:, :, None]


def _joined(windows: Tensor, starts: list[int], samples: int) -> Array:
    """Overlap-add of windows x channels x time (samples x channels)."""
    length = windows.shape[2]
    taper = torch.from_numpy(np.hanning(length + 1)[:-1].astype(np.float32) + 1e-3)
    total, weight = torch.zeros(windows.shape[1], samples), torch.zeros(samples)
    for window, start in zip(windows, starts, strict=True):
        total[:, start : start + length] += window * taper
        weight[start : start + length] += taper
    joined: Array = (total / weight).T.numpy()
    return joined
