"""Small networks in the layouts of their publishers' files, from a seed."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import torch

from train.references.net1d import Net1D, Net1DConfig
from train.references.ribeiro import RibeiroConfig

TINY = RibeiroConfig(samples=64, first=3, blocks=(4, 5), stride=4, kernel=6)


def net1d_file(path: Path, *, leads: int = 12, classes: int = 150, seed: int = 0) -> Net1D:
    """ECGFounder as published: `state_dict` beside a step and an AUROC that are NumPy scalars."""
    torch.manual_seed(seed)
    net = Net1D(Net1DConfig(leads=leads, classes=classes))
    torch.save({"state_dict": net.state_dict(), "step": np.int64(10_000), "val_auroc": np.float64(0.92)}, path)
    return net.eval()


def keras_file(path: Path, config: RibeiroConfig = TINY, *, first: int = 6, whole: bool = True) -> dict[str, dict]:
    """Random weights as Keras saves Ribeiro's network, its layers numbered from `first`; returns them by layer."""
    rng = np.random.default_rng(5)
    layers: dict[str, dict[str, np.ndarray]] = {}
    number = {"conv1d": first, "batch_normalization": first}

    def named(kind: str) -> str:
        k = number[kind]
        number[kind] += 1
        return f"{kind}_{k}" if k else kind

    def conv(inputs: int, outputs: int, kernel: int) -> None:
        layers[named("conv1d")] = {"kernel": rng.normal(0, 0.3, (kernel, inputs, outputs))}

    def norm(channels: int) -> None:
        layers[named("batch_normalization")] = {
            "gamma": rng.uniform(0.5, 1.5, channels),
            "beta": rng.normal(0, 0.2, channels),
            "moving_mean": rng.normal(0, 0.2, channels),
            "moving_variance": rng.uniform(0.5, 2.0, channels),
        }

    conv(12, config.first, config.kernel)
    norm(config.first)
    for inputs, outputs in zip((config.first, *config.blocks), config.blocks, strict=False):
        conv(inputs, outputs, 1)
        conv(inputs, outputs, config.kernel)
        norm(outputs)
        conv(outputs, outputs, config.kernel)
        norm(outputs)
    last = config.samples // config.stride ** len(config.blocks) * config.blocks[-1]
    layers["dense_1"] = {"kernel": rng.normal(0, 0.3, (last, 6)), "bias": rng.normal(0, 0.1, 6)}
    with h5py.File(path, "w") as file:
        root = file.create_group("model_weights") if whole else file
        names = ["signal", *sorted(layers), "activation_3"]  # the graph's order, not that of their making
        root.attrs["layer_names"] = [name.encode() for name in names]
        for name in names:
            group = root.create_group(name)
            group.attrs["weight_names"] = [f"{name}/{key}:0".encode() for key in layers.get(name, {})]
            for key, value in layers.get(name, {}).items():
                group.create_dataset(f"{name}/{key}:0", data=value.astype(np.float32))
    return layers
