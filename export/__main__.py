"""python -m export CHECKPOINT --out BUNDLE: make a bundle of a trained network.

    python -m export runs/default/best.safetensors --data cache/ptbxl --out edge/bundles/default
    python -m export runs/default/best.safetensors --data cache/ptbxl --out build/small --variants litert-int8-dynamic
    python -m export --classifier runs/classifier/twelve.safetensors --views cache/views-ptbxl.npz \\
           --out edge/bundles/default

Two float files, TFLite and ONNX, and smaller variants of them. A float file must give the trained network's millivolts,
a smaller one must pass every gate (`export.gates`); one that fails is refused with the figure that failed, and does not
enter the bundle. Fold 8 calibrates the uncertainty, before and after enrolment, and is what the gates read; the ranges
of static INT8 come from folds 1 to 7. A classifier (`python -m train classify`) is added to a bundle that is there; it
was fitted to that bundle's reconstructions, so a bundle that is made anew has none. Exit code 1 where a float file or
a variant asked for by --variants was refused.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from edge import engines
from edge.bundle import open_bundle
from edge.cli.terminal import guarded
from edge.errors import InputError, UsageError
from edge.population import Population
from export import calibration, quantize
from export.convert import to_onnx, to_tflite
from export.deploy import basis_of, deployable
from export.gates import Gate, Reference
from export.manifest import manifest, ridge, variant, write
from export.parity import LIMIT_MV, parity
from export.patient import patient
from export.uncertainty import calibrate
from train import checkpoint
from train.data import corpus

LEARN_FOLDS, HELD_FOLD = range(1, 8), 8
GATE_STRIDE = 3  # of the held records: 105
FLOATS = {"litert": "float32.tflite", "onnx": "float32.onnx"}


@dataclass(frozen=True)
class Small:
    """A way to a smaller file: from the float one of its engine, with calibration windows where it takes any."""

    engine: str
    precision: str
    make: Callable[..., None]
    windows: bool

    @property
    def name(self) -> str:
        return f"{self.engine}-{self.precision}"

    @property
    def file(self) -> str:
        return self.precision + Path(FLOATS[self.engine]).suffix


SMALL = (
    Small("litert", "float16", quantize.float16, False),
    Small("litert", "int8-dynamic", quantize.dynamic, False),
    Small("litert", "int8", quantize.static, True),
    Small("onnx", "int8", quantize.qdq, True),
)


def main() -> int:
    """Entry point; returns the exit code."""
    return guarded("export", _main)


def _main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m export", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path, nargs="?")
    parser.add_argument("--classifier", type=Path, help="a committee to add to the bundle in --out, instead")
    parser.add_argument("--views", type=Path, help="made by python -m train views: fold 8 of it judges the classifier")
    parser.add_argument("--data", type=Path, help="a corpus made by `python -m train prepare ptbxl`")
    parser.add_argument("--out", type=Path, required=True, help="the bundle's folder")
    parser.add_argument("--name", default="default")
    names = ", ".join(small.name for small in SMALL)
    parser.add_argument("--variants", help=f"smaller ones, joined by commas (all of {names}; none: float files only)")
    parser.add_argument("--every", type=int, default=1, help="calibrate by every n-th recording of fold 8 only")
    args = parser.parse_args()
    if (args.checkpoint is None) == (args.classifier is None):
        raise UsageError("a checkpoint and --data are needed, or --classifier and --views")
    if args.classifier is not None:
        return _classifier(args)
    if args.data is None:
        raise UsageError("--data is needed: fold 8 of it calibrates the bundle")
    wanted = _wanted(args.variants)
    if args.every < 1:
        raise UsageError(f"--every {args.every}: 1 or more is expected")
    torch.set_num_threads(1)
    trained, config = checkpoint.load(args.checkpoint)
    net = deployable(trained)
    whole = corpus.load(args.data)
    held = whole.select([HELD_FOLD]).every(args.every)
    args.out.mkdir(parents=True, exist_ok=True)
    told = manifest(args.name, args.checkpoint, net, config, args.data)
    for engine, file in FLOATS.items():
        (to_tflite if engine == "litert" else to_onnx)(net, args.out / file, told["signal"]["window"])
        gate = Gate("parity_mv", parity(net, engine, args.out / file, held), LIMIT_MV)
        if _refused(f"{engine}-float32", args.out / file, [gate]):
            return 1
        told["variants"].append(variant(engine, "float32", args.out / file, [gate]))
    told["uncertainty"] = calibrate(net, held)
    write(args.out, told)
    if basis_of(net):
        told["patient"] = patient(open_bundle(args.out), args.data, {"ridge": ridge(net)})
        Population.of(told, basis_of(net))
        write(args.out, told)
    refused = _add_small(args.out, told, wanted, whole, max(args.every, GATE_STRIDE))
    return 1 if args.variants and refused else 0


def _classifier(args: argparse.Namespace) -> int:
    from export.classifier import add

    if args.views is None:
        raise UsageError("--views is needed: fold 8 of it judges the classifier")
    open_bundle(args.out)  # refused here where there is none
    add(args.classifier, args.views, args.out)
    return 0


def _wanted(text: str | None) -> list[Small]:
    if text is None:
        return list(SMALL)
    names = [name for name in text.split(",") if name != "none"]
    if unknown := sorted(set(names) - {small.name for small in SMALL}):
        have = ", ".join(small.name for small in SMALL)
        raise UsageError(f"--variants {','.join(unknown)}: choose from {have}, or none")
    return [small for small in SMALL if small.name in names]


def _add_small(out: Path, told: dict[str, Any], wanted: list[Small], whole: corpus.Corpus, stride: int) -> list[str]:
    """Makes each wanted variant and lets it into the bundle where every gate does; returns the refused."""
    if not wanted:
        return []
    bundle = open_bundle(out)
    held = whole.select([HELD_FOLD]).every(stride)
    reference = Reference(bundle, bundle.load(bundle.choose("litert", "float32")), list(held.mv()))
    windows = calibration.windows(whole.select(LEARN_FOLDS), bundle.window) if any(s.windows for s in wanted) else None
    refused, trials = [], {}
    for small in wanted:
        path = out / small.file
        small.make(out / FLOATS[small.engine], path, *([windows] if small.windows else []))
        try:
            gates = reference.gates(engines.load(small.engine, path, bundle.window, 1, bundle.basis))
        except InputError as error:
            print(f"refused: {small.name}: {error}", file=sys.stderr)
            gates = []
        if not gates or _refused(small.name, path, gates):
            refused.append(small.name)
            trials[small.name] = {"bytes": path.stat().st_size} | {g.name: float(f"{g.figure:.3g}") for g in gates}
            path.unlink()
        else:
            told["variants"].append(variant(small.engine, small.precision, path, gates))
    told["refused"] = trials
    write(out, told)
    return refused


def _refused(name: str, path: Path, gates: list[Gate]) -> bool:
    failed = [str(gate) for gate in gates if not gate.passed]
    if failed:
        print(f"refused: {name}: {'; '.join(failed)}", file=sys.stderr)
    else:
        figures = json.dumps({gate.name: float(f"{gate.figure:.3g}") for gate in gates})
        print(f"{name}: {path.stat().st_size} bytes, {figures}", flush=True)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
