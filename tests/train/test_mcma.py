"""MCMA is the paper's network, to the weight; what its output can carry and what not."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from networks import batch_of, eight_leads
from torch import nn

from edge.leads import LEAD
from train.masks import as_mask
from train.models.mcma import MCMA, Block, LinearMCMA, MCMAConfig, Same, TransposedSame
from train.models.registry import macs, weights
from train.models.which_lead import WhichLead, WhichLeadConfig
from train.windows import Batch, as_input

SMALL = MCMAConfig(filters=(4, 8, 16))


def on_paper(**shape: int) -> MCMA:
    with torch.device("meta"):
        return MCMA(MCMAConfig(**shape))


def operations(net: MCMA) -> float:
    """As the paper counts: a multiplication and an addition a MAC, and elementwise operations.

    Table 15 leaves 7.5 million of those whatever the kernel: 27 a sample that a block gives out, which is one for each
    of its three biases, five for each of three GELUs, four for each of two normalisations, and the sum.
    """
    multiplied, samples = 2 * macs(net), 0

    def count(module: nn.Module, inputs: tuple[torch.Tensor, ...], out: torch.Tensor) -> None:
        nonlocal samples
        samples += out.numel()

    for module in net.modules():
        if isinstance(module, Block):
            module.register_forward_hook(count)
    net(torch.zeros(1, 12, net.window, device="meta"))
    return multiplied + 27 * samples


def test_it_has_the_paper_s_weights_and_multiply_accumulates():
    net = on_paper()
    assert weights(net) == 7_003_604
    assert macs(net) == 412_303_360
    assert operations(net) == pytest.approx(832.1e6, rel=0.001)


@pytest.mark.parametrize(
    ("kernel", "millions_of_weights", "millions_of_operations"),
    [(1, 1.4120, 172.4), (19, 26.5743, 3141)],
)
def test_other_kernels_have_the_weights_and_operations_of_the_paper_s_table_15(
    kernel: int, millions_of_weights: float, millions_of_operations: float
):
    net = on_paper(kernel=kernel)
    assert weights(net) / 1e6 == pytest.approx(millions_of_weights, abs=5e-5)
    assert operations(net) / 1e6 == pytest.approx(millions_of_operations, rel=0.002)


def test_it_is_made_of_the_parts_that_were_counted():
    parts = [type(module) for module in on_paper().modules()]
    assert sum(issubclass(part, nn.Conv1d) for part in parts) == 41
    assert sum(issubclass(part, nn.ConvTranspose1d) for part in parts) == 10
    assert sum(issubclass(part, nn.LayerNorm) for part in parts) == 17
    assert sum(issubclass(part, nn.InstanceNorm1d) for part in parts) == 17


def test_padding_at_stride_2_is_one_sample_on_the_left_and_two_on_the_right():
    conv = Same(1, 1, 5, 2, bias=False)
    reach = np.zeros((5, 8))
    for tap in range(5):
        conv.weight.data.zero_()[0, 0, tap] = 1
        reach[tap, :4] = conv(torch.arange(1.0, 9)[None, None]).detach()[0, 0]
    assert reach[:, 0].tolist() == [0, 1, 2, 3, 4]  # the first output sees nothing, then samples 1 to 4
    assert reach[:, 3].tolist() == [6, 7, 8, 0, 0]


@pytest.mark.parametrize("kernel", [1, 3, 5, 9])
@pytest.mark.parametrize("stride", [1, 2, 4])
def test_the_way_up_is_the_transpose_of_the_way_down(kernel: int, stride: int):
    g = torch.Generator().manual_seed(kernel)
    down, up = Same(3, 2, kernel, stride, bias=False), TransposedSame(2, 3, kernel, stride, bias=False)
    up.weight = down.weight
    x, y = torch.randn(1, 3, 8 * stride, generator=g), torch.randn(1, 2, 8, generator=g)
    assert float((down(x) * y).sum().detach()) == pytest.approx(float((x * up(y)).sum().detach()), abs=1e-4)


def test_as_published_a_heart_twice_as_large_gets_leads_of_the_same_size():
    net = MCMA(SMALL).eval()
    x = batch_of(net.window).x
    larger = x.clone()
    larger[:, :12] *= 2
    sizes = [net.twelve(each).detach().std(2) for each in (x, larger)]
    assert torch.allclose(*sizes, rtol=1e-3)
    means = [net.twelve(each).detach().mean(2) for each in (x, larger)]
    assert torch.allclose(*means, atol=1e-4)


def test_with_a_linear_head_a_heart_twice_as_large_can_be_learnt_to_be_larger():
    torch.manual_seed(5)
    net = LinearMCMA(MCMAConfig(filters=(8, 16)))
    small = eight_leads(256)[:1]
    target = torch.cat([small, 2 * small])
    mask = as_mask(("II",)).expand(2, -1)
    batch = Batch(as_input(target, mask), target, mask)
    optimizer = torch.optim.Adam(net.parameters(), 3e-2)
    for _ in range(60):
        optimizer.zero_grad()
        net.objective(batch).backward()
        optimizer.step()
    sizes = net(batch.x[:, :12, 0]).detach().std(2).mean(1)
    assert float(sizes[1] / sizes[0]) > 1.25


def test_a_recording_of_any_length_is_its_windows_end_to_end():
    net = MCMA(SMALL).eval()
    x = batch_of(5000).x
    whole = net.twelve(x)
    assert whole.shape == (3, 12, 5000)
    for first in (0, 1024, 3072):
        assert torch.allclose(whole[:, :, first : first + 1024], net.twelve(x[..., first : first + 1024]), atol=1e-5)
    assert net.twelve(x[..., :300]).shape == (3, 12, 300)


def test_zero_padding_tells_the_network_which_lead_it_sees_and_copy_padding_does_not():
    signal = eight_leads(1024)[:, 1]
    answers = {}
    for padding in ("zeros", "copy"):
        torch.manual_seed(7)
        net = MCMA(MCMAConfig(filters=(4, 8, 16), padding=padding)).eval()
        answers[padding] = []
        for lead in (1, 6):
            x = torch.zeros(3, 24, 1, 1024)
            x[:, lead, 0], x[:, 12 + lead] = signal, 1
            answers[padding].append(net.twelve(x))
            assert bool((net.padded(x)[:, 0] == signal).all()) == (padding == "copy")
    assert torch.equal(*answers["copy"])
    assert not torch.allclose(*answers["zeros"], atol=1e-2)


def test_an_unknown_padding_is_refused():
    with pytest.raises(ValueError, match="padding 'mean': choose from zeros, copy"):
        MCMAConfig(padding="mean")
    with pytest.raises(ValueError, match="do not divide 1024"):
        MCMAConfig(filters=(16,) * 12)


def test_the_name_of_a_lead_is_learnt_from_its_shape_whatever_its_gain():
    torch.manual_seed(9)
    net = WhichLead(WhichLeadConfig(filters=(8, 16)))
    optimizer = torch.optim.Adam(net.parameters(), 1e-2)
    batch = batch_of(512, given=("I", "aVR", "V1", "V6"))
    for _ in range(60):
        optimizer.zero_grad()
        net.objective(batch).backward()
        optimizer.step()
    net.eval()
    for lead in ("aVR", "V1", "V6"):
        assert net.name(3 * batch.x[:, LEAD[lead], 0]) == [lead] * 3
