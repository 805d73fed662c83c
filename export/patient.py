"""python -m export.patient BUNDLE --data CORPUS: teach a bundle what it must know to enrol a patient.

    python -m export.patient edge/bundles/default --data cache/ptbxl

Writes the manifest's `patient`: how sure a correction is, mask by mask, and what tells one heart from another. Hearts
are learnt on folds 1 to 7; the limit and the standard deviations are set on fold 8, as is the factor on a `ridge` that
the training found (without one the runtime's own stands in).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge.bundle import Bundle, open_bundle
from edge.cli.terminal import guarded
from edge.population import Population
from edge.population_study import patient_part
from train.data import corpus

LEARN_FOLDS, HELD_FOLD = range(1, 8), 8
LEARN_STRIDE, HELD_STRIDE = 3, 3  # of their records: 670 hearts, and 105
MONTAGES: tuple[tuple[str, ...], ...] = (
    ("II", "V1", "V5"),
    ("I", "II"),
    ("I", "II", "V2"),
    ("I", "II", "V1", "V5"),
    ("II",),
    ("I",),
)


def patient(bundle: Bundle, data: Path, base: dict[str, Any] | None = None) -> dict[str, Any]:
    """The manifest's `patient` for a bundle on disk, from a prepared PTB-XL."""
    whole = corpus.load(data)
    learnt_from = whole.select(LEARN_FOLDS).every(LEARN_STRIDE)
    held = whole.select([HELD_FOLD]).every(HELD_STRIDE)
    engine = bundle.load(bundle.choose())
    return patient_part(bundle, engine, _records(learnt_from), _records(held), MONTAGES, base)


def _records(part: corpus.Corpus) -> list[npt.NDArray[np.float32]]:
    return [uv.astype(np.float32) * np.float32(1e-3) for uv in part.uv]


def main() -> int:
    """Entry point; returns the exit code."""
    return guarded("export.patient", _main)


def _main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m export.patient", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="a corpus made by `python -m train prepare ptbxl`")
    args = parser.parse_args()
    bundle = open_bundle(args.bundle)
    path = args.bundle / "manifest.json"
    manifest = dict(bundle.manifest)
    kept = {key: value for key, value in (manifest.get("patient") or {}).items() if key == "ridge"}
    manifest["patient"] = patient(bundle, args.data, kept)
    Population.of(manifest, manifest["signal"].get("basis", 0))
    path.write_text(json.dumps(manifest, indent=1) + "\n")
    open_bundle(args.bundle)
    print(f"{path}: {path.stat().st_size} bytes", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
