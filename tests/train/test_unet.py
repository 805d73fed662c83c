"""The any-lead network: what it answers, and what it leaves as it was."""

from __future__ import annotations

import pytest
import torch

from edge.leads import LEAD
from train import masks
from train.models.unet import LOG_VARIANCE, UNet, UNetConfig
from train.windows import as_input

TINY = UNetConfig(channels=(8, 8, 16), basis=4)


@torch.no_grad()
def test_it_answers_with_eight_leads_their_log_variances_and_a_basis():
    leads, log_variance, basis = UNet(TINY)(torch.zeros(2, 24, 1, 1000))
    assert leads.shape == log_variance.shape == (2, 8, 1, 1000)
    assert basis.shape == (2, 4, 1, 1000)
    low, high = LOG_VARIANCE
    assert low <= float(log_variance.min()) <= float(log_variance.max()) <= high


def test_a_network_without_a_basis_answers_with_two_tensors():
    assert len(UNet(UNetConfig(channels=(8, 8, 16), basis=0))(torch.zeros(1, 24, 1, 1000))) == 2


@torch.no_grad()
def test_of_twelve_leads_the_shown_ones_come_back_as_they_were_and_the_rest_obey_einthoven():
    torch.manual_seed(0)
    eight = torch.randn(2, 8, 1000)
    x = as_input(eight, masks.as_mask(("II", "V1", "V5")).expand(2, -1))
    twelve = UNet(TINY).eval().twelve(x)
    shown = [LEAD[name] for name in ("II", "V1", "V5")]
    assert torch.equal(twelve[:, shown], x[:, shown, 0])
    off = twelve[:, LEAD["I"]] + twelve[:, LEAD["III"]] - twelve[:, LEAD["II"]]
    assert float(off.abs().max()) < 1e-4


def test_a_shape_whose_levels_do_not_agree_is_refused():
    with pytest.raises(ValueError, match="one entry a level"):
        UNetConfig(channels=(8, 16))
