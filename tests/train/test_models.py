"""What every architecture of the registry owes to the training, the evaluation and the device."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from networks import SMALL, batch_of, eight_leads
from torch import nn

from edge.leads import INDEPENDENT, LEADS
from train import recipe, reconstruct
from train.masks import as_mask
from train.models.registry import ARCHITECTURES, build, macs, weights
from train.windows import as_input

PATCH = ("II", "V1", "V5")
every_architecture = pytest.mark.parametrize("name", ARCHITECTURES)


def small(name: str) -> nn.Module:
    torch.manual_seed(3)
    return build(name, SMALL[name])


def test_the_contract_is_tried_on_every_architecture():
    assert set(SMALL) == set(ARCHITECTURES)


@every_architecture
def test_a_window_comes_back_as_twelve_leads(name: str):
    net = small(name).eval()
    x = batch_of(net.window).x
    assert net.twelve(x).shape == (3, 12, net.window)
    assert bool(torch.isfinite(net.twelve(x)).all())


@every_architecture
def test_the_same_window_gives_the_same_answer_twice(name: str):
    net = small(name).eval()
    x = batch_of(net.window).x
    assert torch.equal(net.twelve(x), net.twelve(x))


@every_architecture
def test_leads_that_are_not_given_do_not_change_a_bit_of_a_window(name: str):
    net = small(name).eval()
    eight = eight_leads(net.window)
    mask = as_mask(PATCH).expand(len(eight), -1)
    noisy = eight.clone()
    hidden = [k for k, lead in enumerate(INDEPENDENT) if lead not in PATCH]
    noisy[:, hidden] = 5 * torch.randn(len(eight), len(hidden), net.window, generator=torch.Generator().manual_seed(1))
    x = as_input(noisy, mask)
    absent = [k for k, lead in enumerate(LEADS) if lead not in PATCH]
    assert not x[:, absent].any()
    assert torch.equal(net.twelve(x), net.twelve(as_input(eight, mask)))


@every_architecture
@pytest.mark.parametrize("given", [PATCH, ("I",), ("aVR", "V3")])
def test_leads_that_are_not_given_do_not_change_a_bit_of_a_recording(name: str, given: tuple[str, ...]):
    net = small(name)
    rng = np.random.default_rng(2)
    mv = rng.standard_normal((2 * net.window + 100, 12)).astype(np.float32)
    noisy = mv.copy()
    columns = [LEADS.index(lead) for lead in given]
    hidden = [k for k in range(12) if k not in columns]
    noisy[:, hidden] = 5 * rng.standard_normal((len(mv), len(hidden)))
    expected = reconstruct.twelve(net, mv, given)
    assert reconstruct.twelve(net, noisy, given).tobytes() == expected.tobytes()
    assert expected[:, columns].tobytes() == mv[:, columns].tobytes()


@every_architecture
def test_every_weight_is_reached_by_the_gradient(name: str):
    net = small(name).train()
    net.objective(batch_of(net.window, windows_a_heart=3)).backward()
    unreached = [key for key, p in net.named_parameters() if p.grad is None or not p.grad.any()]
    assert unreached == []


@every_architecture
def test_a_few_steps_on_one_batch_make_the_objective_smaller(name: str):
    net = small(name).train()
    batch = batch_of(net.window, windows_a_heart=2)
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)
    values = []
    for _ in range(8):
        value = net.objective(batch)
        assert bool(torch.isfinite(value))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        values.append(float(value.detach()))
    assert values[-1] < 0.9 * values[0]


@every_architecture
def test_a_network_is_built_again_from_its_settings_as_json_and_its_weights(name: str):
    config = ARCHITECTURES[name].config(**SMALL[name])
    shape = json.loads(json.dumps(dataclasses.asdict(config)))
    first = small(name).eval()
    again = build(name, shape).eval()
    again.load_state_dict(first.state_dict())
    x = batch_of(first.window).x
    assert torch.equal(first.twelve(x), again.twelve(x))
    assert weights(first) == weights(again)
    assert macs(first) == macs(again) > 0


@every_architecture
def test_counting_leaves_the_network_as_it_was(name: str):
    net = small(name).train()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    macs(net)
    assert net.training
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())


def test_an_unknown_architecture_or_setting_is_refused_by_name():
    with pytest.raises(ValueError, match="no architecture 'resnet': choose from unet"):
        build("resnet", {})
    with pytest.raises(ValueError, match="mcma has no colour in its shape: it has filters"):
        build("mcma", {"colour": 3})


@pytest.mark.parametrize("name", ["wearecg", "mcma", "mcma-linear"])
def test_a_peer_s_recipe_can_be_read_and_its_network_built(name: str):
    chosen = recipe.read(Path(recipe.__file__).parent / "configs" / f"{name}.toml")
    assert chosen.architecture == name
    with torch.device("meta"):
        assert build(name, chosen.shape).window in (1000, 1024)
