"""What the any-lead network is punished for."""

from __future__ import annotations

import math

import pytest
import torch

from edge.leads import INDEPENDENT
from train import masks
from train.loss import enrolled, loss
from train.windows import Batch, as_input

PATCH = ("II", "V1", "V5")
SHOWN = [INDEPENDENT.index(name) for name in PATCH]
HIDDEN = [k for k in range(8) if k not in SHOWN]
WEAK = torch.full((8,), math.log(1e-6))


def batch_of(target: torch.Tensor, hearts: int = 1) -> Batch:
    mask = masks.as_mask(PATCH).expand(len(target), -1)
    return Batch(as_input(target, mask), target, mask, hearts)


def test_a_perfect_answer_costs_less_than_silence_and_shown_leads_cost_nothing():
    target = torch.randn(2, 8, 1000, generator=torch.Generator().manual_seed(7))
    flat = torch.zeros(2, 8, 1, 1000)
    batch = batch_of(target)
    perfect = loss((target[:, :, None], flat), WEAK, batch)
    assert perfect < loss((flat, flat), WEAK, batch)
    wrong_where_shown = target.clone()
    wrong_where_shown[:, SHOWN] += 5
    assert torch.equal(loss((wrong_where_shown[:, :, None], flat), WEAK, batch), perfect)


def test_a_teacher_pulls_towards_its_own_answer():
    generator = torch.Generator().manual_seed(8)
    target, soft = torch.randn(2, 2, 8, 1000, generator=generator)
    plain = batch_of(target)
    taught = Batch(plain.x, plain.target, plain.mask, soft=soft)
    flat = torch.zeros(2, 8, 1, 1000)

    def at(leads: torch.Tensor) -> float:
        return float(loss((leads[:, :, None], flat), WEAK, taught))

    assert at((target + soft) / 2) < min(at(target), at(soft))


def test_what_follows_from_a_hearts_other_windows_is_corrected():
    generator = torch.Generator().manual_seed(9)
    shown = torch.randn(6, 3, 1000, generator=generator)
    patients = torch.randn(2, 5, 3, generator=generator).repeat_interleave(3, 0)
    target = torch.zeros(6, 8, 1000)
    target[:, SHOWN], target[:, HIDDEN] = shown, patients @ shown
    left = enrolled(torch.zeros(6, 8, 1000), torch.zeros(6, 0, 1000), WEAK, batch_of(target, hearts=3))
    before = target - target.mean(2, keepdim=True)
    assert float(left[:, HIDDEN].square().mean()) < 1e-4 * float(before[:, HIDDEN].square().mean())


def test_a_window_is_never_corrected_by_itself():
    generator = torch.Generator().manual_seed(10)
    target = torch.randn(3, 8, 1000, generator=generator)
    batch = batch_of(target, hearts=3)
    other = target.clone()
    other[0, HIDDEN] = torch.randn(5, 1000, generator=generator)
    nothing, basis = torch.zeros(3, 8, 1000), torch.randn(3, 4, 1000, generator=generator)
    ridge = torch.full((12,), math.log(1e-3))
    first = enrolled(nothing, basis, ridge, batch)[0]
    second = enrolled(nothing, basis, ridge, batch_of(other, hearts=3))[0]
    centred = [t - t.mean(1, keepdim=True) for t in (target[0], other[0])]
    assert torch.allclose(centred[0] - first, centred[1] - second, atol=1e-4)  # the same correction


def test_the_ridge_and_the_basis_learn_from_the_correction():
    generator = torch.Generator().manual_seed(11)
    target = torch.randn(4, 8, 1000, generator=generator)
    basis = torch.randn(4, 4, 1, 1000, generator=generator, requires_grad=True)
    ridge = torch.full((12,), math.log(1e-3), requires_grad=True)
    flat = torch.zeros(4, 8, 1, 1000)
    loss((flat, flat, basis), ridge, batch_of(target, hearts=2)).backward()
    assert basis.grad is not None
    assert ridge.grad is not None
    assert float(basis.grad.abs().sum()) > 0
    assert float(ridge.grad.abs().sum()) > 0


@pytest.mark.parametrize("hearts", [1, 2])
def test_the_correction_is_asked_for_only_where_hearts_are_shown_more_than_once(hearts):
    target = torch.randn(4, 8, 1000, generator=torch.Generator().manual_seed(12))
    flat, basis = torch.zeros(4, 8, 1, 1000), torch.zeros(4, 4, 1, 1000)
    ridge = torch.full((12,), math.log(1e-3))
    both = [float(loss(out, ridge, batch_of(target, hearts))) for out in ((flat, flat), (flat, flat, basis))]
    assert (both[0] == both[1]) == (hearts == 1)
