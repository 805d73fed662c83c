"""The weights in a Keras HDF5 file, by the order in which their layers were made, as PyTorch lays them out.

A whole model has them under `model_weights`; a file of weights alone, at its root. Layers are called `conv1d_7` and so
on, numbered as they were made; with how many they begin depends on what was built before in the same run, and their
order in the file on the graph, so only the order of the numbers counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from edge.errors import InputError, UsageError

_NAMED = re.compile(r"(conv1d|batch_normalization|dense)(?:_(\d+))?$")
_NORM = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}
_CONV = {"kernel": "weight", "bias": "bias"}


class Places(NamedTuple):
    """The PyTorch names of the layers of each kind, in the order in which Keras made them."""

    conv1d: list[str]
    batch_normalization: list[str]
    dense: list[str]


def read(path: Path, places: Places) -> Mapping[str, Tensor]:
    """A state dict. Raises InputError where the layers are others; UsageError without h5py."""
    try:
        import h5py
    except ImportError:
        raise UsageError("HDF5 files need the package h5py: pip install h5py") from None
    try:
        with h5py.File(path, "r") as file:
            layers = _layers(file.get("model_weights", file))
    except OSError as error:
        raise InputError(f"{path} is no whole HDF5 file ({error}): copy it again") from None
    out: dict[str, Tensor] = {}
    for kind, names in places._asdict().items():
        found = [weights for _, weights in sorted(layers[kind].items())]
        if len(found) != len(names):
            raise InputError(f"{path} has {len(found)} {kind} layers where {len(names)} are expected: another network")
        for name, weights in zip(names, found, strict=True):
            out |= {f"{name}.{key}": value for key, value in _as_torch(weights, kind).items()}
    return out


def _layers(root: Any) -> dict[str, dict[int, dict[str, np.ndarray]]]:
    """By kind and number, the arrays of each layer by the last part of their names (`kernel`)."""
    import h5py

    layers: dict[str, dict[int, dict[str, np.ndarray]]] = {kind: {} for kind in Places._fields}
    for name, group in root.items():
        named = _NAMED.match(name)
        arrays: dict[str, np.ndarray] = {}
        if named is None or not isinstance(group, h5py.Group):
            continue

        def gather(key: str, value: Any, into: dict[str, np.ndarray] = arrays) -> None:
            if isinstance(value, h5py.Dataset):
                into[key.rpartition("/")[2].partition(":")[0]] = np.asarray(value, np.float32)

        group.visititems(gather)
        if arrays:
            layers[named[1]][int(named[2] or 0)] = arrays
    return layers


def _as_torch(weights: Mapping[str, np.ndarray], kind: str) -> dict[str, Tensor]:
    renamed = _NORM if kind == "batch_normalization" else _CONV
    out = {renamed.get(key, key): torch.from_numpy(value.copy()) for key, value in weights.items()}
    if kind != "batch_normalization" and "weight" in out:  # (time, inputs, outputs); (inputs, outputs)
        out["weight"] = out["weight"].permute(*reversed(range(out["weight"].ndim))).contiguous()
    return out
