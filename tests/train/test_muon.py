"""Muon: every direction of a matrix counts alike, and what is no matrix learns by AdamW."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from train.muon import LIKE_ADAMW, Muon, orthogonal


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("shape", [(3, 16, 40), (3, 40, 16), (2, 24, 24)])
def test_the_singular_values_become_about_one_and_the_directions_stay(shape):
    u = torch.linalg.qr(torch.randn(shape[0], shape[1], shape[1], generator=generator(1))).Q
    v = torch.linalg.qr(torch.randn(shape[0], shape[2], shape[2], generator=generator(2))).Q
    few = min(shape[1:])
    values = torch.linspace(0.05, 1, few)
    step = orthogonal(u[:, :, :few] * values @ v[:, :few])
    seen = u[:, :, :few].mT @ step @ v[:, :few].mT
    straight = torch.diagonal(seen, dim1=1, dim2=2)
    assert float(straight.min()) > 0.5
    assert float(straight.max()) < 1.3
    assert torch.allclose(seen, torch.diag_embed(straight), atol=1e-3)


def test_what_is_no_matrix_learns_as_by_adamw():
    mine, theirs = (nn.Parameter(torch.linspace(-1, 1, 7)) for _ in range(2))
    settings = {"lr": 1e-2, "betas": (0.9, 0.99), "eps": 1e-8, "weight_decay": 0.1}
    optimizers = Muon([mine], **settings), torch.optim.AdamW([theirs], **settings)
    for seed in range(5):
        for p, optimizer in zip((mine, theirs), optimizers, strict=True):
            p.grad = torch.randn(7, generator=generator(seed))
            optimizer.step()
    assert torch.allclose(mine, theirs, atol=1e-6)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_a_convolution_is_one_matrix_whatever_its_layout_and_its_step_has_adamws_size(layout):
    weight = nn.Parameter(torch.zeros(8, 4, 1, 5).to(memory_format=layout))
    weight.grad = torch.randn(8, 4, 1, 5, generator=generator()).to(memory_format=layout)
    Muon([weight], lr=1e-2).step()
    expected = orthogonal(weight.grad.reshape(1, 8, 20))[0].reshape(8, 4, 1, 5) * -1e-2 * LIKE_ADAMW * 20**0.5
    assert torch.allclose(weight.detach(), expected, atol=1e-7)
    assert float(weight.detach().square().mean().sqrt()) == pytest.approx(1e-2 * LIKE_ADAMW, rel=0.3)


def test_a_restored_optimizer_goes_on_bit_for_bit():
    def learn(net: nn.Module, optimizer: Muon, seeds: range) -> None:
        for seed in seeds:
            optimizer.zero_grad()
            net(torch.randn(4, 3, 1, 20, generator=generator(seed))).square().mean().backward()
            optimizer.step()

    torch.manual_seed(4)
    net = nn.Sequential(nn.Conv2d(3, 6, (1, 5)), nn.ReLU(), nn.Conv2d(6, 2, (1, 3)))
    optimizer = Muon(net.parameters(), lr=1e-2, weight_decay=0.1)
    learn(net, optimizer, range(3))
    again = copy.deepcopy(net)
    resumed = Muon(again.parameters(), lr=1e-2, weight_decay=0.1)
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    learn(net, optimizer, range(3, 6))
    learn(again, resumed, range(3, 6))
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), again.parameters(), strict=True))
