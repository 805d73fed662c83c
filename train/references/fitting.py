"""Other people's checkpoints: read without running any code in them, every name and shape checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from edge.errors import InputError, Reason

SHOWN = 4  # differences, in a message


def needed(path: Path, what: str, where: str) -> Path:
    """`path`, which must be a file. Raises InputError that says where `what` can be had."""
    if not path.is_file():
        raise InputError(
            f"{path} is not there: the weights of {what} do not come with this project. Get {where}, "
            "lay the file anywhere, and name that place",
            Reason.UNREADABLE,
        )
    return path


def tensors(path: Path, key: str) -> Mapping[str, Tensor]:
    """The state dict under `key` of a file that torch.save wrote. Raises InputError."""
    # ECGFounder's file holds its step and its AUROC as NumPy scalars beside the weights; nothing else is let in.
    scalar = type(np.float64(0)).__reduce__(np.float64(0))[0]
    allowed: list[Any] = [
        *((scalar, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),
        (np.dtype, "numpy.dtype"),
        *(type(np.dtype(kind)) for kind in (np.float32, np.float64, np.int64)),
    ]
    try:
        with torch.serialization.safe_globals(allowed):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise InputError(f"{path} is no checkpoint that can be read safely ({first})") from error
    found = content.get(key) if isinstance(content, dict) else None
    if not isinstance(found, dict) or not all(isinstance(value, Tensor) for value in found.values()):
        keys = ", ".join(map(str, content)) if isinstance(content, dict) else type(content).__name__
        raise InputError(f"{path} has no weights under {key!r}: it holds {keys[:200]}")
    return {name.removeprefix("module."): value for name, value in found.items()}  # of a network on several GPUs


def fill(net: nn.Module, weights: Mapping[str, Tensor], path: Path, what: str) -> None:
    """Load `weights` into `net`, all of them and nothing but them. Raises InputError that says what does not fit."""
    own = net.state_dict()
    counted = {name for name in own if name.endswith("num_batches_tracked")}  # of no use, and often not saved
    wrong = [f"no {name}" for name in own if name not in weights and name not in counted]
    wrong += [f"{name}, which it has no place for" for name in weights if name not in own]
    wrong += [
        f"{name} of {tuple(weights[name].shape)} where it has {tuple(value.shape)}"
        for name, value in own.items()
        if name in weights and weights[name].shape != value.shape
    ]
    if wrong:
        more = f", and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise InputError(f"{path} is not {what}: {'; '.join(wrong[:SHOWN])}{more}")
    net.load_state_dict(dict(weights), strict=False)
    net.eval().requires_grad_(False)
