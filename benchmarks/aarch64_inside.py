"""What `python -m benchmarks aarch64` runs on both machines: edge, numpy and an engine, nothing else.

    python -m benchmarks.aarch64_inside BUNDLE QUESTIONS.npz ANSWERS.npz

Every variant of the bundle whose engine is there answers the same windows of the network (`windows`, n x 24 x window)
and reconstructs the same short recording (`mv`, n x leads, at 500 Hz) through the whole pipeline.
"""

from __future__ import annotations

import json
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

import edge
from edge.bundle import RATE, Bundle, open_bundle
from edge.bundle_file import Variant
from edge.errors import InputError, Reason

LEADS = ("II", "V1", "V5")  # of the recording


def answers(bundle: Bundle, variant: Variant, windows: Any, mv: Any) -> dict[str, Any]:
    """Leads, log-variances and basis of the windows, and the twelve leads, by what they are."""
    engine = bundle.load(variant)
    several = [[np.array(part) for part in engine.infer(window)] for window in windows]
    leads, log_variance, basis = (np.stack(parts) for parts in zip(*several, strict=True))
    twelve = edge.reconstruct(mv, RATE, LEADS, bundle=bundle, engine=engine)
    origin = np.array([str(o) for o in twelve.origin])
    road = {"road_mv": twelve.mv, "road_sd": twelve.sd, "road_origin": origin}
    return {"leads": leads, "log_variance": log_variance, "basis": basis, **road}


def main(bundle_path: str, questions_path: str, answers_path: str) -> None:
    bundle = open_bundle(Path(bundle_path))
    out: dict[str, Any] = {}
    with np.load(questions_path) as questions:
        windows, mv = questions["windows"], questions["mv"]
    for variant in bundle.variants:
        try:
            told = answers(bundle, variant, windows, mv)
        except InputError as error:
            if error.reason is not Reason.NO_ENGINE:
                raise
            continue
        out |= {f"{variant.name}/{what}": values for what, values in told.items()}
    about = {"machine": platform.machine(), "python": platform.python_version()}
    np.savez(answers_path, about=np.array(json.dumps(about | _versions())), **out)


def _versions() -> dict[str, str]:
    out = {}
    for package in ("numpy", "ai-edge-litert", "onnxruntime"):
        try:
            out[package] = version(package)
        except PackageNotFoundError:
            continue
    return out


if __name__ == "__main__":
    main(*sys.argv[1:])
