"""What the network's log-variances are worth, mask by mask, on recordings it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from edge.leads import LEADS, TWELVE_FROM_EIGHT, mask_name
from edge.montage import Montage
from edge.projection import Projection
from train.data.corpus import Corpus
from train.masks import COMMON, PATCH, draw
from train.reconstruct import eight_leads

COVERAGE, QUANTILE = 0.90, 1.645  # the 90 % interval is mv +- 1.645 sd
EVERY = 10  # samples: neighbours err alike
RANDOM_MASKS = 12
ANY = "*"

Floats = npt.NDArray[np.floating]


def calibrate(net: nn.Module, held: Corpus, seed: int = 0) -> dict[str, dict[str, list[float]]]:
    """Scale and error covariance of every mask, as the manifest has them.

    covariance: lower triangle of the eight leads' errors, mV2; scale: 12 factors on the standard deviations that the
    projection makes of the network's variances and that covariance, with which 90 % of the samples of each lead lie
    in its 90 % interval. A lead that is shown, or follows from those that are, has the factor 1.
    """
    scale: dict[str, list[float]] = {}
    covariance: dict[str, list[float]] = {}
    for mask in [PATCH, *COMMON, *((lead,) for lead in LEADS)]:
        mean, variance, truth = _estimates(net, held, mask)
        spread = np.cov((mean - truth).T) + 1e-8 * np.eye(8)
        covariance[mask_name(mask)] = _lower(spread)
        scale[mask_name(mask)] = _factors([_ratios(mean, variance, truth, mask, spread)])
    generator = torch.Generator().manual_seed(seed)
    others: list[tuple[str, ...]] = []
    while len(others) < RANDOM_MASKS:
        shown = draw(1, generator)[0].bool().tolist()
        mask = tuple(lead for lead, there in zip(LEADS, shown, strict=True) if there)
        if mask_name(mask) not in scale and mask not in others:
            others.append(mask)
    estimates = [_estimates(net, held, mask) for mask in others]
    pooled = np.mean([np.cov((mean - truth).T) for mean, _, truth in estimates], axis=0) + 1e-8 * np.eye(8)
    covariance[ANY] = _lower(pooled)
    scale[ANY] = _factors([_ratios(*e, mask, pooled) for e, mask in zip(estimates, others, strict=True)])
    return {"scale": scale, "covariance": covariance}


def _estimates(net: nn.Module, held: Corpus, mask: Sequence[str]) -> tuple[Floats, Floats, Floats]:
    """The network's eight leads, their variances and the truth (each samples x 8)."""
    mean, log_variance, truth = (x[:, ::EVERY].reshape(-1, 8) for x in eight_leads(net, held, mask))
    return mean, np.exp(log_variance), truth


def _ratios(mean: Floats, variance: Floats, truth: Floats, mask: Sequence[str], spread: Floats) -> Floats:
    """Errors over standard deviations after the projection (samples x 12); NaN where nothing was estimated."""
    twelve = truth @ TWELVE_FROM_EIGHT.T
    shown = twelve[:, [LEADS.index(lead) for lead in mask]]
    sd8 = np.sqrt(np.diag(spread))
    estimate, sd = Projection(Montage.of_leads(mask)).apply(
        mean.astype(np.float64), variance.astype(np.float64), spread / np.outer(sd8, sd8), shown, (True,) * len(mask)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(sd > 0, np.abs(estimate - twelve) / sd, np.nan)


def _factors(ratios: list[Floats]) -> list[float]:
    factors = []
    for lead in np.concatenate(ratios).T:
        estimated = lead[~np.isnan(lead)]
        factors.append(round(float(np.quantile(estimated, COVERAGE)) / QUANTILE, 4) if len(estimated) else 1.0)
    return factors


def _lower(matrix: Floats) -> list[float]:
    return [float(f"{v:.3e}") for v in matrix[np.tril_indices(8)]]
