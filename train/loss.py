"""What the any-lead network is punished for: errors of the leads it was not shown, before and after enrolment."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from edge.leads import INDEPENDENT, LEAD
from train.windows import A, Batch

FLOOR_MV2 = 0.03**2  # no lead counts as flatter than this
TYPICAL_MV2 = 0.02  # of a lead: what an error is measured by when it is not measured by its own lead
SHARE_RELATIVE = 0.5  # of the weight of an error: by its own lead's power, so that it speaks of PCC; the rest of MSE
LIKELIHOOD_WEIGHT = 0.05
SOFT_WEIGHT = 0.5  # of a teacher's leads beside the true ones
ENROLLED_WEIGHT = 0.5
_OF_EIGHT = [LEAD[name] for name in INDEPENDENT]


def loss(outputs: Sequence[Tensor], log_ridge: Tensor, batch: Batch) -> Tensor:
    """Squared errors of the missing leads; a Gaussian likelihood that teaches the log-variances and leaves the means
    alone; nearness to a teacher where there is one; and, where the batch shows hearts more than once, the errors that
    are left after the correction of `enrolled`.

    outputs: the network's leads, log-variances and, if it has one, basis (each batch x channels x 1 x time).
    """
    with torch.autocast(batch.x.device.type, enabled=False):  # squares and exponentials leave half precision's range
        return _loss([each[:, :, 0].float() for each in outputs], log_ridge, batch)


def _loss(outputs: Sequence[Tensor], log_ridge: Tensor, batch: Batch) -> Tensor:
    leads, log_variance, *basis = outputs
    missing8 = (1 - batch.mask[:, _OF_EIGHT])[:, :, None]
    error = (leads - batch.target) * missing8
    total = weighted(error, batch)
    if batch.soft is not None:
        total = (1 - SOFT_WEIGHT) * total + SOFT_WEIGHT * weighted((leads - batch.soft) * missing8, batch)
    likelihood = 0.5 * (log_variance + error.detach().square() * torch.exp(-log_variance)) * missing8
    total = total + LIKELIHOOD_WEIGHT * likelihood.sum() / (missing8.sum() * leads.shape[2]).clamp(min=1)
    if batch.hearts > 1 and basis:
        left = enrolled(leads, basis[0], log_ridge, batch) * missing8
        total = total + ENROLLED_WEIGHT * weighted(left, batch)
    return total


def weighted(error: Tensor, batch: Batch) -> Tensor:
    """Mean over the missing of the twelve leads of the error (batch x 8 x time, 0 where shown) in two currencies."""
    twelve = torch.einsum("le,bet->blt", A.to(error), error)
    power = torch.einsum("le,bet->blt", A.to(error), batch.target).var(2) + FLOOR_MV2
    price = SHARE_RELATIVE / power + (1 - SHARE_RELATIVE) / TYPICAL_MV2
    missing = 1 - batch.mask
    return (twelve.square().mean(2) * price * missing).sum() / missing.sum().clamp(min=1)


def enrolled(leads: Tensor, basis: Tensor, log_ridge: Tensor, batch: Batch) -> Tensor:
    """Errors that are left (batch x 8 x time) when each window of a heart is corrected by what a ridge regression
    learnt from the heart's other windows: a closed form, so the basis and the ridge's strengths learn through it.

    The regression explains what the network got wrong by the shown leads, the network's own and the basis.
    """
    h = batch.hearts
    whole = len(leads) // h * h
    shown = batch.x[:whole, _OF_EIGHT, 0]
    known = batch.mask[:whole, _OF_EIGHT, None]
    features = torch.cat([known * shown + (1 - known) * leads[:whole], basis[:whole]], 1)
    features = (features - features.mean(2, keepdim=True)).double()
    wrong = batch.target[:whole] - leads[:whole]
    wrong = (wrong - wrong.mean(2, keepdim=True)).double()
    n = leads.shape[2] * (h - 1)
    gram = (features @ features.mT).unflatten(0, (-1, h))
    cross = (features @ wrong.mT).unflatten(0, (-1, h))
    others = gram.sum(1, keepdim=True) - gram, cross.sum(1, keepdim=True) - cross
    ridge = torch.diag(log_ridge.double().exp())
    weights = torch.linalg.solve(others[0].flatten(0, 1) / n + ridge, others[1].flatten(0, 1) / n)
    left = (wrong - weights.mT @ features).to(leads)
    return torch.cat([left, (batch.target - leads)[whole:]]) if whole < len(leads) else left
