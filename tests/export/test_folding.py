"""The network that is exported is the network that was trained."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="the tests of the export need torch (extra train)")

from export.convert import ChannelsLast  # noqa: E402
from export.deploy import folded  # noqa: E402
from train.models.unet import UNet, UNetConfig  # noqa: E402


@pytest.fixture
def trained():
    """A network whose BatchNorms have seen something."""
    torch.manual_seed(0)
    net = UNet(UNetConfig(channels=(8, 8, 16), basis=4))
    with torch.no_grad():
        for _ in range(3):
            net(torch.randn(4, 24, 1, 1000) * 0.5 + 0.1)
    return net.eval()


@torch.no_grad()
def test_folding_the_batch_norms_changes_nothing_but_rounding(trained):
    x = torch.randn(2, 24, 1, 1000)
    flat = folded(trained)
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in flat.modules())
    for expected, got in zip(trained(x), flat(x), strict=True):
        assert float((expected - got).abs().max()) < 1e-4


@torch.no_grad()
def test_the_channels_last_form_is_the_same_network(trained):
    x = torch.randn(1, 24, 1, 1000)
    expected = trained(x)
    got = ChannelsLast(trained)(x.permute(0, 2, 3, 1))
    for a, b in zip(expected, got, strict=True):
        assert torch.allclose(a.permute(0, 2, 3, 1), b, atol=1e-6)
