"""python -m export CHECKPOINT --out BUNDLE: make a bundle of a trained network.

    python -m export runs/default/best.pt --data cache/ptbxl --out edge/bundles/default

The data calibrate the uncertainty and prove parity, on fold 8, which the network was not trained on.
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
from edge.dsp.baseline import CUTOFF_HZ
from edge.leads import INDEPENDENT, LEADS
from export.convert import OPSET, folded, to_onnx, to_tflite
from export.parity import LIMIT_MV, parity
from export.uncertainty import calibrate
from train.data import corpus

WINDOW = 1000
HELD_FOLD = 8
CALIBRATION_STRIDE = 3  # of its records: a hundred hearts are enough for quantiles over half a million samples
ATTRIBUTION = (
    "PTB-XL 1.0.3 (Wagner, Strodthoff, Bousseljot, Samek, Schaeffter 2022, PhysioNet, "
    "https://doi.org/10.13026/kfzx-aw45), CC BY 4.0"
)


def main() -> int:
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
    net = folded(args.checkpoint)
    held = corpus.load(args.data).select([HELD_FOLD])
    files = {"litert": args.out / "float32.tflite", "onnx": args.out / "float32.onnx"}
    to_tflite(net, files["litert"], WINDOW)
    to_onnx(net, files["onnx"], WINDOW)
    variants = []
    for engine, path in files.items():
        off_mv = parity(net, engine, path, held, WINDOW)
        print(f"{path}: {path.stat().st_size} bytes, within {off_mv:.1e} mV of the trained network")
        if off_mv > LIMIT_MV:
            print(f"refused: the limit is {LIMIT_MV:g} mV", file=sys.stderr)
            return 1
        variants.append(_variant(engine, path, off_mv))
    manifest = _manifest(args.name, args.checkpoint, net, variants) | {
        "uncertainty": calibrate(net, held.every(CALIBRATION_STRIDE))
    }
    (args.out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    open_bundle(args.out)
    return 0


def _variant(engine: str, path: Path, off_mv: float) -> dict[str, Any]:
    return {
        "engine": engine,
        "precision": "float32",
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "bytes": path.stat().st_size,
        "figures": {"parity_mv": float(f"{off_mv:.2e}")},
    }


def _manifest(name: str, checkpoint: Path, net: torch.nn.Module, variants: list[dict[str, Any]]) -> dict[str, Any]:
    saved = torch.load(checkpoint, weights_only=True)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(torch.zeros(1, 24, 1, WINDOW))
    return {
        "format": FORMAT,
        "name": name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "licence": "Apache-2.0",
        "signal": {
            "rate": RATE,
            "window": WINDOW,
            "inputs": LEADS,
            "outputs": INDEPENDENT,
            "filter": {"kind": "first-order high-pass, causal", "cutoff_hz": CUTOFF_HZ},
            "layout": {"litert": "(1, 1, window, channels)", "onnx": "(1, channels, 1, window)"},
        },
        "network": {
            "architecture": "any-lead U-Net",
            "shape": saved["shape"],
            "weights": sum(p.numel() for p in net.parameters()),
            "macs": counter.get_total_flops() // 2,
            "checkpoint_sha256": hashlib.sha256(checkpoint.read_bytes()).hexdigest(),
            "trained_on": ATTRIBUTION,
            "split": "PTB-XL strat_fold 1 to 7 to train, 8 to stop and to calibrate the uncertainty",
            "fit": saved["fit"],
            "validation": {"pcc": saved["pcc"], "step": saved["step"]},
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
