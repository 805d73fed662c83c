"""python -m benchmarks latency: one window through our networks and the papers', in the same engines, in one run.

    python -m benchmarks latency --rounds 200

Every variant of the bundle, and MCMA (with a linear head) and WearECG at their papers' sizes, converted by the same
export to float32 and dynamic INT8. Their weights are drawn, not trained: times do not depend on them. One thread; a
window of each in turn, its caches warm; medians, as ms and as ratios: to our float network in the same engine, and the
papers' to ours.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import result, turns
from edge import engines
from edge.bundle import Bundle, open_bundle
from edge.config import DEFAULT_BUNDLE
from edge.engines import Array, Engine
from export import quantize
from export.convert import to_onnx, to_tflite
from export.deploy import deployable
from train.models import registry

PEERS = ("mcma-linear", "wearecg")
FLOAT = {"litert": "litert-float32", "onnx": "onnx-float32"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--work", type=Path, help="folder that keeps the converted networks for a next time")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "latency.json")


def run(args: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    bundle = open_bundle(args.bundle)
    with tempfile.TemporaryDirectory() as folder:
        work = args.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        ready = {**_ours(bundle), **{k: v for peer in PEERS for k, v in _peer(peer, work).items()}}
        middle = turns.medians([call(engine, window) for engine, window, _ in ready.values()], args.rounds)
    ms = dict(zip(ready, 1000 * middle, strict=True))
    networks: dict[str, Any] = {}
    for name, (_, _, macs) in ready.items():
        ours = ms[f"{bundle.name} {FLOAT[name.split()[1].partition('-')[0]]}"]
        networks[name] = {
            "ms": float(f"{ms[name]:.4g}"),
            "to_our_float": float(f"{ms[name] / ours:.3g}"),
            "gmac_per_s": float(f"{macs / ms[name] / 1e6:.3g}"),
            "macs": macs,
        }
        print(f"{name:32s} {ms[name]:9.4f} ms {ms[name] / ours:8.3f} {macs / ms[name] / 1e6:7.1f} GMAC/s", flush=True)
    figures = {"checkpoint": bundle.identity, "threads": 1, "rounds": args.rounds, "networks": networks}
    figures["peers_over_ours"] = _over(ms, bundle)
    print(figures["peers_over_ours"])
    packages = ("ai-edge-litert", "onnxruntime", "torch", "litert-torch", "ai-edge-quantizer")
    result.write(args.out, figures, packages)
    return 0


def _over(ms: dict[str, float], bundle: Bundle) -> dict[str, float]:
    """How many times a paper's float network takes what each of our variants takes, in the same engine."""
    out = {}
    for peer in PEERS:
        for variant in bundle.variants:
            theirs, ours = ms[f"{peer} {FLOAT[variant.engine]}"], ms[f"{bundle.name} {variant.name}"]
            out[f"{peer} / {variant.name}"] = float(f"{theirs / ours:.4g}")
    return out


Ready = dict[str, tuple[Engine, int, int]]  # loaded, samples of a window, MACs of one


def _ours(bundle: Bundle) -> Ready:
    macs = int(bundle.manifest["network"]["macs"])
    return {f"{bundle.name} {v.name}": (bundle.load(v), bundle.window, macs) for v in bundle.variants}


def _peer(name: str, work: Path) -> Ready:
    torch.manual_seed(0)
    net = registry.build(name, {}).eval()
    macs, window = registry.macs(net), int(net.window)  # type: ignore[arg-type]
    ready = deployable(net)
    files = {kind: work / f"{name}-{kind}" for kind in ("float32.tflite", "float32.onnx", "int8-dynamic.tflite")}
    if not files["float32.tflite"].exists():
        to_tflite(ready, files["float32.tflite"], window)
    if not files["float32.onnx"].exists():
        to_onnx(ready, files["float32.onnx"], window)
    if not files["int8-dynamic.tflite"].exists():
        quantize.dynamic(files["float32.tflite"], files["int8-dynamic.tflite"])
    loaded: Ready = {}
    for kind, path in files.items():
        precision, suffix = kind.split(".")
        engine = "onnx" if suffix == "onnx" else "litert"
        loaded[f"{name} {engine}-{precision}"] = (engines.load(engine, path, window, 1), window, macs)
    return loaded


def call(engine: Engine, window: int) -> Callable[[], Any]:
    """What runs one window of an ECG-like signal through `engine`."""
    x = _input(window)
    return lambda: engine.infer(x)


def _input(window: int) -> Array:
    """Leads and masks of II, V1 and V5 with something in them."""
    x = np.zeros((24, window), np.float32)
    rows = [1, 6, 10]
    x[rows] = 0.3 * np.random.default_rng(0).standard_normal((3, window)).cumsum(axis=1).astype(np.float32) / 10
    x[[12 + row for row in rows]] = 1
    return x
