"""python -m benchmarks limit: how fast this machine could be at all, and how near the default network comes.

    python -m benchmarks limit

The peak of an engine is what it reaches on one large convolution after the other (kernel 5, channels 128, 1000
samples: 0.66 GMAC), in float32, dynamic and static INT8; memory's is a copy of 64 MB. A network's floor is the longer
of its MACs at that peak and of its file once through memory. One thread; everything in turns with warm caches, medians;
share: of the peak that the network reaches.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks import result, turns
from benchmarks.latency import call
from edge import engines
from edge.bundle import open_bundle
from edge.config import DEFAULT_BUNDLE
from edge.engines import Engine
from export import quantize
from export.convert import to_onnx, to_tflite

CHANNELS, KERNEL, DEPTH, WINDOW = 128, 5, 8, 1000
COPY_MB = 64


class Convolutions(nn.Module):
    """Nothing but large convolutions, in a bundle's form."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(24, CHANNELS, 1), nn.ReLU()]
        for _ in range(DEPTH):
            layers += [nn.Conv2d(CHANNELS, CHANNELS, (1, KERNEL), padding=(0, KERNEL // 2)), nn.ReLU()]
        self.body = nn.Sequential(*layers)
        self.leads, self.log_variance = nn.Conv2d(CHANNELS, 8, 1), nn.Conv2d(CHANNELS, 8, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = self.body(x)
        return self.leads(y), self.log_variance(y)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--out", type=Path, default=result.RESULTS / "limit.json")


def run(args: argparse.Namespace) -> int:
    torch.set_num_threads(1)
    bundle = open_bundle(args.bundle)
    with tempfile.TemporaryDirectory() as folder:
        peak_macs, peaks = _peaks(Path(folder))
        ours = {v.name: bundle.load(v) for v in bundle.variants}
        calls: list[Callable[[], Any]] = [call(engine, WINDOW) for engine in peaks.values()]
        calls += [call(engine, bundle.window) for engine in ours.values()]
        block = np.ones(COPY_MB << 20, np.uint8)
        target = np.empty_like(block)
        calls.append(lambda: np.copyto(target, block))
        seconds = turns.medians(calls, args.rounds)
    peak = {name: peak_macs / s / 1e9 for name, s in zip(peaks, seconds, strict=False)}
    gb_per_s = 2 * COPY_MB * 1.048576e-3 / seconds[-1]  # read and written
    macs = int(bundle.manifest["network"]["macs"])
    networks = {}
    for variant, s in zip(bundle.variants, seconds[len(peaks) : -1], strict=True):
        best = peak.get(variant.name, peak[f"{variant.engine}-float32"])  # float16 computes in float32
        floor_ms = max(macs / best / 1e6, variant.bytes / gb_per_s / 1e6)
        networks[variant.name] = {
            "ms": float(f"{1000 * s:.4g}"),
            "floor_ms": float(f"{floor_ms:.3g}"),
            "share": float(f"{floor_ms / (1000 * s):.3g}"),
        }
        print(variant.name, networks[variant.name], flush=True)
    figures = {
        "checkpoint": bundle.identity,
        "threads": 1,
        "convolution": {"channels": CHANNELS, "kernel": KERNEL, "layers": DEPTH, "samples": WINDOW, "macs": peak_macs},
        "peak_gmac_per_s": {name: float(f"{value:.3g}") for name, value in peak.items()},
        "memory_gb_per_s": float(f"{gb_per_s:.3g}"),
        "networks": networks,
    }
    print(figures["peak_gmac_per_s"], f"{gb_per_s:.1f} GB/s")
    result.write(args.out, figures, ("ai-edge-litert", "onnxruntime", "numpy"))
    return 0


def _peaks(folder: Path) -> tuple[int, dict[str, Engine]]:
    """MACs of the large network, and it in every engine and precision."""
    torch.manual_seed(0)
    net = Convolutions().eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(torch.zeros(1, 24, 1, WINDOW))
    files = {name: folder / f"{name}.{'onnx' if name.startswith('onnx') else 'tflite'}" for name in PEAKS}
    windows = 0.3 * np.random.default_rng(0).standard_normal((8, 24, WINDOW)).astype(np.float32)
    to_tflite(net, files["litert-float32"], WINDOW)
    to_onnx(net, files["onnx-float32"], WINDOW)
    quantize.dynamic(files["litert-float32"], files["litert-int8-dynamic"])
    quantize.static(files["litert-float32"], files["litert-int8"], windows)
    quantize.qdq(files["onnx-float32"], files["onnx-int8"], windows)
    loaded = {name: engines.load(name.partition("-")[0], path, WINDOW, 1) for name, path in files.items()}
    return counter.get_total_flops() // 2, loaded


PEAKS = ("litert-float32", "litert-int8-dynamic", "litert-int8", "onnx-float32", "onnx-int8")
