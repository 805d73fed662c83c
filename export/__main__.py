"""python -m export CHECKPOINT --out BUNDLE: make a bundle of a trained network.

    python -m export runs/default/best.safetensors --data cache/ptbxl --out edge/bundles/default

The data calibrate the uncertainty, before and after enrolment, and prove parity, on fold 8, which the network was not
trained on.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from edge.bundle import FORMAT, RATE, open_bundle
from edge.cli.terminal import guarded
from edge.dsp.baseline import CUTOFF_HZ
from edge.leads import INDEPENDENT, LEADS
from edge.population import Population
from export.convert import OPSET, folded, to_onnx, to_tflite
from export.parity import LIMIT_MV, parity
from export.patient import patient
from export.uncertainty import calibrate
from train import checkpoint
from train.data import corpus

HELD_FOLD = 8
ATTRIBUTIONS = {
    "ptbxl": "PTB-XL 1.0.3 (Wagner, Strodthoff, Bousseljot, Samek, Schaeffter 2022, PhysioNet, "
    "https://doi.org/10.13026/kfzx-aw45), CC BY 4.0",
    "cinc2011": "PhysioNet/CinC Challenge 2011, set a (Silva, Moody, Celi 2011, PhysioNet, "
    "https://doi.org/10.13026/1qc5-5q08), ODC-By 1.0",
}


def main() -> int:
    """Entry point; returns the exit code."""
    return guarded("export", _main)


def _main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m export", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="a corpus made by `python -m train prepare ptbxl`")
    parser.add_argument("--out", type=Path, required=True, help="the bundle's folder")
    parser.add_argument("--name", default="default")
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    trained, config = checkpoint.load(args.checkpoint)
    net = folded(trained)
    held = corpus.load(args.data).select([HELD_FOLD])
    files = {"litert": args.out / "float32.tflite", "onnx": args.out / "float32.onnx"}
    to_tflite(net, files["litert"], net.window)
    to_onnx(net, files["onnx"], net.window)
    variants = []
    for engine, path in files.items():
        off_mv = parity(net, engine, path, held)
        print(f"{path}: {path.stat().st_size} bytes, within {off_mv:.1e} mV of the trained network", flush=True)
        if off_mv > LIMIT_MV:
            print(f"refused: the limit is {LIMIT_MV:g} mV", file=sys.stderr)
            return 1
        variants.append(_variant(engine, path, off_mv))
    manifest = _manifest(args.name, args.checkpoint, net, config, variants)
    manifest["uncertainty"] = calibrate(net, held)
    _write(args.out, manifest)
    if net.config.basis:
        manifest["patient"] = patient(open_bundle(args.out), args.data, {"ridge": _ridge(net)})
        Population.of(manifest, net.config.basis)
        _write(args.out, manifest)
    return 0


def _write(out: Path, manifest: dict[str, Any]) -> None:
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    open_bundle(out)


def _ridge(net: torch.nn.Module) -> dict[str, list[float]]:
    """How strongly training held each feature of a patient's correction back."""
    strengths = [float(f"{v:.4g}") for v in net.log_ridge.detach().exp().tolist()]
    return {"leads": strengths[: len(INDEPENDENT)], "basis": strengths[len(INDEPENDENT) :]}


def _variant(engine: str, path: Path, off_mv: float) -> dict[str, Any]:
    return {
        "engine": engine,
        "precision": "float32",
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bytes": path.stat().st_size,
        "figures": {"parity_mv": float(f"{off_mv:.2e}")},
    }


def _manifest(
    name: str, path: Path, net: torch.nn.Module, config: dict[str, Any], variants: list[dict[str, Any]]
) -> dict[str, Any]:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(torch.zeros(1, 24, 1, net.window))
    corpora = [part["corpus"] for part in config["data"]]
    return {
        "format": FORMAT,
        "name": name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "licence": "Apache-2.0",
        "signal": {
            "rate": RATE,
            "window": net.window,
            "inputs": LEADS,
            "outputs": INDEPENDENT,
            "basis": net.config.basis,
            "filter": {"kind": "first-order high-pass, causal", "cutoff_hz": CUTOFF_HZ},
            "layout": {"litert": "(1, 1, window, channels)", "onnx": "(1, channels, 1, window)"},
        },
        "network": {
            "architecture": config["architecture"],
            "shape": config["shape"],
            "weights": sum(p.numel() for p in net.parameters()),
            "macs": counter.get_total_flops() // 2,
            "checkpoint_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "trained_on": "; ".join(ATTRIBUTIONS.get(corpus, corpus) for corpus in corpora),
            "split": "PTB-XL strat_fold 1 to 7 to train, 8 to choose and to calibrate; of other sets all to train",
            "recipe": config["recipe"],
            "validation": {**config["validation"], "step": config["step"]},
        },
        "variants": variants,
        "classifier": None,
        "machine": {
            "platform": platform.platform(),
            "python": platform.python_version(),
            "onnx_opset": OPSET,
            **{p: version(p) for p in ("torch", "onnx", "onnxruntime", "litert-torch", "ai-edge-litert")},
        },
    }


if __name__ == "__main__":
    sys.exit(main())
