"""What a bundle's manifest says of a network, its training and its files."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from edge.bundle import FORMAT, RATE, open_bundle
from edge.dsp.baseline import CUTOFF_HZ
from edge.leads import INDEPENDENT, LEADS
from export.convert import OPSET
from export.deploy import basis_of
from export.gates import Gate
from train.models import registry

ATTRIBUTIONS = {
    "ptbxl": "PTB-XL 1.0.3 (Wagner, Strodthoff, Bousseljot, Samek, Schaeffter 2022, PhysioNet, "
    "https://doi.org/10.13026/kfzx-aw45), CC BY 4.0",
    "cinc2011": "PhysioNet/CinC Challenge 2011, set a (Silva, Moody, Celi 2011, PhysioNet, "
    "https://doi.org/10.13026/1qc5-5q08), ODC-By 1.0",
}
PACKAGES = ("torch", "onnx", "onnxruntime", "litert-torch", "ai-edge-litert", "ai-edge-quantizer")


def manifest(name: str, path: Path, net: nn.Module, config: Mapping[str, Any], data: Path) -> dict[str, Any]:
    """Without variants yet. path: the checkpoint; net: what is exported of it; data: what it is calibrated on."""
    corpora = [part["corpus"] for part in config["data"]]
    return {
        "format": FORMAT,
        "name": name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "licence": "Apache-2.0",
        "signal": {
            "rate": RATE,
            "window": int(net.window),  # type: ignore[arg-type]
            "inputs": LEADS,
            "outputs": INDEPENDENT,
            "basis": basis_of(net),
            "filter": {"kind": "first-order high-pass, causal", "cutoff_hz": CUTOFF_HZ},
            "layout": {"litert": "(1, 1, window, channels)", "onnx": "(1, channels, 1, window)"},
        },
        "network": {
            "architecture": config["architecture"],
            "shape": config["shape"],
            "weights": registry.weights(net),
            "macs": _macs(net),
            "checkpoint_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "trained_on": "; ".join(ATTRIBUTIONS.get(corpus, corpus) for corpus in corpora),
            "split": "PTB-XL strat_fold 1 to 7 to train, 8 to choose and to calibrate; of other sets all to train",
            "recipe": config["recipe"],
            "validation": {**config["validation"], "step": config["step"]},
        },
        "variants": [],
        "calibrated_on": data.name,
        "classifier": None,
        "machine": {
            "platform": platform.platform(),
            "python": platform.python_version(),
            "onnx_opset": OPSET,
            **{package: version(package) for package in PACKAGES},
        },
    }


@torch.no_grad()
def _macs(net: nn.Module) -> int:
    """Multiply-accumulates of one window."""
    with FlopCounterMode(display=False) as counter:
        net(torch.zeros(1, 2 * len(LEADS), 1, int(net.window)))  # type: ignore[arg-type]
    return counter.get_total_flops() // 2


def variant(engine: str, precision: str, path: Path, figures: Sequence[Gate]) -> dict[str, Any]:
    """A model file's entry, with every figure that let it in."""
    return {
        "engine": engine,
        "precision": precision,
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bytes": path.stat().st_size,
        "figures": {gate.name: float(f"{gate.figure:.3g}") for gate in figures},
    }


def write(out: Path, told: Mapping[str, Any]) -> None:
    """Into the bundle's folder `out`; read back at once, as a device would. Raises InputError."""
    (out / "manifest.json").write_text(json.dumps(told, indent=1) + "\n")
    open_bundle(out)


def ridge(net: nn.Module) -> dict[str, list[float]]:
    """How strongly training held each feature of a patient's correction back."""
    log_ridge: torch.Tensor = net.log_ridge  # type: ignore[assignment]
    strengths = [float(f"{v:.4g}") for v in log_ridge.detach().exp().tolist()]
    return {"leads": strengths[: len(INDEPENDENT)], "basis": strengths[len(INDEPENDENT) :]}
