"""Ribeiro's network: against Keras' own arithmetic, written out in NumPy, on a small file in Keras' layout."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from published_files import TINY, keras_file

from edge.errors import InputError
from edge.leads import LEAD
from train import labels
from train.evaluate import classifier
from train.references import ribeiro
from train.references.ribeiro import RibeiroConfig, RibeiroNet

Array = np.ndarray


def convolved(x: Array, kernel: Array, stride: int = 1) -> Array:
    """Keras' Conv1D with padding="same" (time x inputs), sample by sample."""
    width = len(kernel)
    length = -(-len(x) // stride)
    missing = max(0, (length - 1) * stride + width - len(x))
    x = np.pad(x, ((missing // 2, missing - missing // 2), (0, 0)))
    return np.stack([np.einsum("ki,kio->o", x[t * stride : t * stride + width], kernel) for t in range(length)])


def normed(x: Array, of: dict[str, Array]) -> Array:
    return of["gamma"] * (x - of["moving_mean"]) / np.sqrt(of["moving_variance"] + 1e-3) + of["beta"]


def keras_says(x: Array, layers: dict[str, dict[str, Array]], config: RibeiroConfig) -> Array:
    """What Keras' graph makes of one recording (time x leads): probabilities of six classes."""
    convs = iter([of["kernel"] for name, of in layers.items() if name.startswith("conv1d")])
    norms = iter([of for name, of in layers.items() if name.startswith("batch")])
    x = np.maximum(normed(convolved(x, next(convs)), next(norms)), 0)
    beside = x
    for _ in config.blocks:
        skip, first, second = next(convs), next(convs), next(convs)
        pooled = beside.reshape(-1, config.stride, beside.shape[1]).max(axis=1)
        inner = np.maximum(normed(convolved(x, first), next(norms)), 0)
        beside = convolved(inner, second, config.stride) + convolved(pooled, skip)
        x = np.maximum(normed(beside, next(norms)), 0)
    dense = layers["dense_1"]
    return 1 / (1 + np.exp(-(x.reshape(-1) @ dense["kernel"] + dense["bias"])))


@pytest.mark.parametrize(("first", "whole"), [(6, True), (0, True), (8, False)])
def test_a_keras_file_gives_what_keras_would_have_said(tmp_path: Path, first: int, whole: bool):
    layers = keras_file(tmp_path / "m.hdf5", first=first, whole=whole)
    net = ribeiro.load(tmp_path / "m.hdf5", TINY)
    x = np.random.default_rng(3).standard_normal((TINY.samples, 12))
    with torch.no_grad():
        said = torch.sigmoid(net(torch.from_numpy(x.T[None]).float()))[0].numpy()
    assert said == pytest.approx(keras_says(x, layers, TINY), abs=1e-5)


def test_it_counts_as_many_numbers_as_keras_does():
    net = RibeiroNet(ribeiro.PUBLISHED)
    counted = [value for name, value in net.state_dict().items() if not name.endswith("num_batches_tracked")]
    assert sum(value.numel() for value in counted) == 6_425_638
    with torch.no_grad():
        assert net(torch.zeros(1, 12, 4096)).shape == (1, 6)


def test_a_recording_is_shown_at_400_hz_in_the_middle_of_4096_samples():
    mv = np.zeros((1, 3500, 12), np.float32)  # 7 s
    mv[:, 1750, LEAD["V5"]] = 1.0
    shown = ribeiro.prepared(mv)
    assert shown.shape == (1, 12, 4096)
    assert int(shown[0, LEAD["V5"]].argmax()) == 648 + 1400  # as the publisher pads 7 s
    assert not shown[0, :, :648].any()
    longer = ribeiro.prepared(np.ones((1, 6000, 12), np.float32))
    assert longer.shape == (1, 12, 4096)
    assert float(longer.min()) > 0.9


def test_its_classes_are_known_as_labels(tmp_path: Path):
    keras_file(tmp_path / "model.hdf5", ribeiro.PUBLISHED)
    judge = classifier.load(f"ribeiro:{tmp_path / 'model.hdf5'}")
    said, features = judge.judge(np.zeros((3, 5000, 12), np.float32))
    assert (said.shape, features) == ((3, 6), None)
    there, known = labels.of([{"scp_codes": {"1AVB": 100, "STACH": 0}}], judge.names)
    assert known.all()
    assert [name for name, yes in zip(judge.names, there[0], strict=True) if yes] == ["1dAVb", "ST"]


def test_another_network_is_refused_with_what_differs(tmp_path: Path):
    keras_file(tmp_path / "m.hdf5", RibeiroConfig(samples=64, first=3, blocks=(4, 6), stride=4, kernel=6))
    with pytest.raises(InputError, match=r"blocks.1.*of \(6, .*where it has \(5, "):
        ribeiro.load(tmp_path / "m.hdf5", TINY)
    keras_file(tmp_path / "n.hdf5", RibeiroConfig(samples=64, first=3, blocks=(4,), stride=4, kernel=6))
    with pytest.raises(InputError, match="has 4 conv1d layers where 7"):
        ribeiro.load(tmp_path / "n.hdf5", TINY)


def test_a_missing_or_damaged_file_says_so(tmp_path: Path):
    with pytest.raises(InputError, match=r"doi.org/10.5281/zenodo.3625017"):
        classifier.load(f"ribeiro:{tmp_path / 'model.hdf5'}")
    (tmp_path / "cut.hdf5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(40))
    with pytest.raises(InputError, match="no whole HDF5 file"):
        classifier.load(f"ribeiro:{tmp_path / 'cut.hdf5'}")
    with h5py.File(tmp_path / "other.hdf5", "w") as file:
        file["tracings"] = np.zeros(3)
    with pytest.raises(InputError, match="0 conv1d layers"):
        classifier.load(f"ribeiro:{tmp_path / 'other.hdf5'}")
