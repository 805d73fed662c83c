"""WearECG is the paper's network in size and structure, and says the same thing twice."""

from __future__ import annotations

import pytest
import torch
from networks import SMALL, batch_of
from torch import nn

from train.models.registry import build, macs, weights
from train.models.wearecg import Attention, WearECG, WearECGConfig


@pytest.fixture
def net() -> WearECG:
    torch.manual_seed(1)
    return build("wearecg", SMALL["wearecg"])


def test_it_has_the_paper_s_size():
    with torch.device("meta"):
        paper = WearECG()
    assert weights(paper) == 34_495_252
    assert macs(paper) == 9_952_256_000
    attention = 2 * (125 * 4 * 512**2 + 2 * 125**2 * 512)  # two blocks, 125 instants, 512 channels
    assert macs(paper) - attention == pytest.approx(9.65e9, rel=0.001)
    assert sum(isinstance(module, Attention) for module in paper.modules()) == 2


def test_two_seconds_become_four_numbers_every_eighth_sample(net: WearECG):
    mean, log_variance = net.posterior(batch_of(1000).x)
    assert mean.shape == log_variance.shape == (3, 4, 125)


def test_the_published_test_path_says_something_else_at_every_draw_and_the_mean_does_not(net: WearECG):
    net.eval()
    x = batch_of(1000).x
    generator = torch.Generator().manual_seed(2)
    first, second = (net.twelve(x, generator) for _ in range(2))
    assert not torch.allclose(first, second, atol=1e-3)
    assert torch.equal(first, net.twelve(x, torch.Generator().manual_seed(2)))
    assert torch.equal(net.twelve(x), net.twelve(x))


def test_the_divergence_counts_by_its_weight():
    batch = batch_of(1000)
    losses = []
    for weight in (0.0, 1e-4, 1.0):
        torch.manual_seed(1)
        net = WearECG(WearECGConfig(**{**SMALL["wearecg"], "kl_weight": weight}))
        torch.manual_seed(4)
        losses.append(float(net.objective(batch).detach()))
        mean, log_variance = net.posterior(batch.x)
    normal = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    unit = torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean))
    divergence = float(torch.distributions.kl_divergence(normal, unit).sum(1).mean().detach())
    assert losses[2] - losses[0] == pytest.approx(divergence, rel=1e-3)
    assert losses[1] - losses[0] == pytest.approx(1e-4 * divergence, rel=0.05)


def test_a_classifier_that_is_handed_in_adds_its_features_and_is_neither_trained_nor_saved(net: WearECG):
    batch = batch_of(1000)
    torch.manual_seed(4)
    plain = net.objective(batch)
    classifier = nn.Conv1d(12, 3, 9).requires_grad_(False)
    keys = set(net.state_dict())
    net.perceive(lambda leads: [classifier(leads)])
    torch.manual_seed(4)
    guided = net.objective(batch)
    assert float((guided - plain).detach()) > 0
    net.perceive(classifier)  # a module as it is: one feature map's channels count as features
    assert set(net.state_dict()) == keys
    gradient = torch.autograd.grad(guided - plain, net.mean.weight)[0]
    assert bool(gradient.any())


def test_widths_that_cannot_be_grouped_are_refused():
    with pytest.raises(ValueError, match="multiples of 4"):
        WearECGConfig(down=(6, 8, 8, 8), up=(8, 8, 8, 8))
    with pytest.raises(ValueError, match="5 heads"):
        WearECGConfig(heads=5)
