"""Checkpoints: one safetensors file that holds the weights and, as JSON, what they are the weights of.

The configuration under the metadata's key "config" has "architecture" and "shape", which build the network, and
whatever its maker adds: "recipe", "data", "step", "validation".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialised
from torch import nn

from edge.errors import InputError, Reason
from train import files
from train.models import registry

KEY = "config"


def save(path: Path, net: nn.Module, config: Mapping[str, Any]) -> None:
    """Write `net` and its `config` (at least "architecture" and "shape"), all or nothing. Raises OutputError."""
    if missing := {"architecture", "shape"} - set(config):
        raise ValueError(f"a checkpoint's configuration needs {' and '.join(sorted(missing))}")
    tensors = {name: value.detach().cpu().contiguous().clone() for name, value in net.state_dict().items()}
    files.write(path, serialised(tensors, metadata={KEY: json.dumps(config)}))


def load(path: Path) -> tuple[nn.Module, dict[str, Any]]:
    """The network, in eval mode on the CPU, and its configuration. Raises InputError."""
    config = read_config(path)
    try:
        net = registry.build(config["architecture"], config["shape"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path} holds a network that cannot be built: {_told(error)}") from error
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  no mapping
    try:
        net.load_state_dict(tensors)
    except RuntimeError as error:
        text = f"{path}: its weights do not fit the {config['architecture']} it says it is: train it again"
        raise InputError(text) from error
    return net.eval(), config


def read_config(path: Path) -> dict[str, Any]:
    """A checkpoint's configuration alone. Raises InputError."""
    try:
        with safe_open(path, "pt") as file:
            config = json.loads((file.metadata() or {})[KEY])
    except FileNotFoundError as error:
        raise InputError(
            f"{path} is not there: give a checkpoint, such as runs/default/best.safetensors", Reason.UNREADABLE
        ) from error
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error})", Reason.UNREADABLE) from error
    except SafetensorError as error:
        raise InputError(f"{path} is no safetensors file ({error}), or not all of it is there") from error
    except (KeyError, ValueError) as error:
        raise InputError(f"{path} holds no configuration: it was not written by python -m train fit") from error
    if not isinstance(config, dict):
        raise InputError(f"{path} holds no configuration: it was not written by python -m train fit")
    return config


def _told(error: Exception) -> str:
    return f"no {error} in its configuration" if isinstance(error, KeyError) else str(error)
