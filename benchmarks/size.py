"""python -m benchmarks size: what a bundle and the packages it needs take on the device.

    python -m benchmarks size

Bytes of every variant, also as a share of the float file of its engine; megabytes of the packages that the device
installs, as they lie here (with what they bring along; tests and headers too).
"""

from __future__ import annotations

import argparse
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import edge
import firmware_bridge
from benchmarks import result
from edge.bundle import open_bundle
from edge.config import DEFAULT_BUNDLE

DEVICE, ONNX = "edge-ecg", "onnxruntime"
NAME = re.compile(r"[A-Za-z0-9._-]+")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE)
    parser.add_argument("--out", type=Path, default=result.RESULTS / "size.json")


def run(args: argparse.Namespace) -> int:
    bundle = open_bundle(args.bundle)
    whole = {v.engine: v.bytes for v in bundle.variants if v.precision == "float32"}
    variants = {
        v.name: {"bytes": v.bytes, "to_float": float(f"{v.bytes / whole[v.engine]:.3g}")} for v in bundle.variants
    }
    packages = {name: _megabytes(name) for name in sorted(_needed(DEVICE))}
    figures: dict[str, Any] = {
        "checkpoint": bundle.identity,
        "variants": variants,
        "manifest_bytes": (args.bundle / "manifest.json").stat().st_size,
        "packages_mb": packages,
        "packages_mb_all": round(sum(packages.values()), 1),
        "with_onnx_mb": round(sum(_megabytes(name) for name in _needed(DEVICE) | _needed(ONNX)), 1),
    }
    for key, value in figures.items():
        print(key, value)
    result.write(args.out, figures, ())
    return 0


def _needed(package: str, seen: frozenset[str] = frozenset()) -> frozenset[str]:
    """A package and all that it cannot be without, without extras; what is not installed is left out."""
    if package in seen:
        return seen
    try:
        requires = distribution(package).requires or []
    except PackageNotFoundError:
        return seen
    seen |= {package}
    for line in requires:
        name = NAME.match(line)
        if name and "extra ==" not in line:
            seen |= _needed(name.group().lower(), seen)
    return seen


def _megabytes(package: str) -> float:
    if package == DEVICE:  # the checkout may be what is installed
        ours = Path(edge.__file__).parent, Path(firmware_bridge.__file__).parent
        paths = [path for folder in ours for path in folder.rglob("*") if "__pycache__" not in path.parts]
    else:
        paths = [Path(str(file.locate())) for file in distribution(package).files or []]
    return round(sum(path.stat().st_size for path in paths if path.is_file()) / 1e6, 1)
