"""What the network's log-variances are worth, mask by mask, on recordings it was not trained on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from edge.leads import INDEPENDENT, LEADS, mask_name
from edge.population_study import EVERY, interval_factor
from train.data.corpus import Corpus
from train.masks import COMMON, PATCH, draw
from train.reconstruct import eight_leads

RANDOM_MASKS = 12
ANY = "*"


def calibrate(net: nn.Module, held: Corpus, seed: int = 0) -> dict[str, dict[str, list[float]]]:
    """Scale and error covariance of every mask, as the manifest has them.

    scale: 8 factors on the standard deviations with which 90 % of the samples of each lead lie in the 90 % interval,
    widened by one standard error over these people; covariance: lower triangle of the eight leads' errors, mV2. A lead
    that is shown has the factor 1.
    """
    scale: dict[str, list[float]] = {}
    covariance: dict[str, list[float]] = {}
    for mask in [PATCH, *COMMON, *((lead,) for lead in LEADS)]:
        ratios, errors = _errors(net, held, mask)
        scale[mask_name(mask)] = _scale(ratios, mask)
        covariance[mask_name(mask)] = _lower(np.cov(errors.reshape(-1, 8).T))
    generator = torch.Generator().manual_seed(seed)
    pooled: list[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], tuple[str, ...]]] = []
    while len(pooled) < RANDOM_MASKS:
        chosen = draw(1, generator)[0].bool().tolist()
        mask = tuple(lead for lead, shown in zip(LEADS, chosen, strict=True) if shown)
        if mask_name(mask) not in scale:
            pooled.append((*_errors(net, held, mask), mask))
    scale[ANY] = _pooled_scale(pooled)
    covariance[ANY] = _lower(np.mean([np.cov(errors.reshape(-1, 8).T) for _, errors, _ in pooled], axis=0))
    return {"scale": scale, "covariance": covariance}


def _errors(
    net: nn.Module, held: Corpus, mask: tuple[str, ...]
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Absolute errors over standard deviations, and errors in mV (each records x samples x 8)."""
    mean, log_variance, truth = eight_leads(net, held, mask)
    error = (mean - truth)[:, ::EVERY]
    return np.abs(error) / np.exp(0.5 * log_variance)[:, ::EVERY], error


def _scale(ratios: npt.NDArray[np.float32], mask: tuple[str, ...]) -> list[float]:
    return [1.0 if lead in mask else round(interval_factor(ratios[:, :, k]), 4) for k, lead in enumerate(INDEPENDENT)]


def _pooled_scale(
    pooled: list[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], tuple[str, ...]]],
) -> list[float]:
    factors = []
    for k, lead in enumerate(INDEPENDENT):
        missing = np.concatenate([ratios[:, :, k] for ratios, _, mask in pooled if lead not in mask], axis=1)
        factors.append(round(interval_factor(missing), 4))
    return factors


def _lower(matrix: npt.NDArray[np.float64]) -> list[float]:
    matrix = matrix + 1e-8 * np.eye(8)
    return [float(f"{v:.3e}") for v in matrix[np.tril_indices(8)]]
