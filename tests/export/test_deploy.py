"""Networks of the papers in the form of a bundle."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the tests of the export need torch (extra train)")

from edge.errors import UsageError  # noqa: E402
from edge.leads import INDEPENDENT, LEAD  # noqa: E402
from export.deploy import basis_of, deployable  # noqa: E402
from train.models import registry  # noqa: E402

SMALL = {
    "unet": {"channels": [8, 8, 16], "basis": 4},
    "mcma-linear": {"filters": [4, 8, 16]},
    "wearecg": {"down": [32, 32], "up": [32, 32]},
}


def shown(window):
    x = torch.zeros(1, 24, 1, window)
    x[:, 1], x[:, 13] = torch.randn(1, 1, window), 1
    return x


@torch.no_grad()
@pytest.mark.parametrize("name", SMALL)
def test_every_network_answers_with_eight_leads_and_log_variances(name):
    net = deployable(registry.build(name, SMALL[name]))
    leads, log_variance, *basis = net(shown(net.window))
    assert leads.shape == log_variance.shape == (1, 8, 1, net.window)
    assert [b.shape[1] for b in basis] == ([4] if name == "unet" else [])
    assert basis_of(net) == (4 if name == "unet" else 0)


@torch.no_grad()
def test_the_papers_networks_give_the_leads_they_give_in_training():
    trained = registry.build("mcma-linear", SMALL["mcma-linear"]).eval()
    x = shown(trained.window)
    leads, log_variance = deployable(trained)(x)
    assert torch.equal(leads[:, :, 0], trained.twelve(x)[:, [LEAD[name] for name in INDEPENDENT]])
    assert not log_variance.any()


def test_a_network_without_millivolts_is_refused_with_the_way_out():
    with pytest.raises(UsageError, match="export mcma-linear"):
        deployable(registry.build("mcma", {"filters": [4, 8]}))
