"""Checkpoints: a network comes back as it was, and what is none is told."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from networks import SMALL, batch_of
from safetensors import safe_open
from safetensors.torch import save_file

from edge.errors import InputError, OutputError
from train import checkpoint
from train.models import registry


def saved(path: Path, architecture: str = "unet") -> torch.nn.Module:
    torch.manual_seed(1)
    net = registry.build(architecture, SMALL[architecture])
    checkpoint.save(path, net, {"architecture": architecture, "shape": SMALL[architecture], "step": 7})
    return net


@pytest.mark.parametrize("architecture", sorted(SMALL))
def test_a_network_comes_back_as_it_was(tmp_path: Path, architecture: str):
    net = saved(tmp_path / "net.safetensors", architecture)
    back, config = checkpoint.load(tmp_path / "net.safetensors")
    assert config["step"] == 7
    assert not back.training
    x = batch_of(net.window).x
    assert torch.equal(back.twelve(x), net.eval().twelve(x))


def test_the_configuration_is_in_the_file_for_anyone_to_read(tmp_path: Path):
    saved(tmp_path / "net.safetensors")
    with safe_open(tmp_path / "net.safetensors", "pt") as file:
        assert '"architecture": "unet"' in file.metadata()["config"]


def test_weights_in_channels_last_order_are_kept(tmp_path: Path):
    net = registry.build("unet", SMALL["unet"]).to(memory_format=torch.channels_last)
    checkpoint.save(tmp_path / "net.safetensors", net, {"architecture": "unet", "shape": SMALL["unet"]})
    back, _ = checkpoint.load(tmp_path / "net.safetensors")
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), back.parameters(), strict=True))


def test_what_is_no_checkpoint_is_told(tmp_path: Path):
    path = tmp_path / "net.safetensors"
    with pytest.raises(InputError, match="is not there"):
        checkpoint.load(path)
    path.write_bytes(b"PK something else")
    with pytest.raises(InputError, match="no safetensors file"):
        checkpoint.load(path)
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(InputError, match="holds no configuration"):
        checkpoint.load(path)


def test_a_truncated_checkpoint_is_told(tmp_path: Path):
    path = tmp_path / "net.safetensors"
    saved(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="not all of it is there"):
        checkpoint.load(path)


def test_a_checkpoint_of_an_unknown_network_or_with_other_weights_is_told(tmp_path: Path):
    path = tmp_path / "net.safetensors"
    net = registry.build("unet", SMALL["unet"])
    checkpoint.save(path, net, {"architecture": "resnet", "shape": {}})
    with pytest.raises(InputError, match="no architecture 'resnet'"):
        checkpoint.load(path)
    checkpoint.save(path, net, {"architecture": "mcma", "shape": SMALL["mcma"]})
    with pytest.raises(InputError, match="its weights do not fit the mcma"):
        checkpoint.load(path)


def test_a_place_that_cannot_be_written_is_told_and_what_was_there_stays(tmp_path: Path):
    path = tmp_path / "net.safetensors"
    saved(path)
    before = path.read_bytes()
    (tmp_path / "net.safetensors.part").mkdir()  # as root, a folder in the way stops what no permission does
    with pytest.raises(OutputError, match="cannot be written"):
        saved(path)
    assert path.read_bytes() == before
