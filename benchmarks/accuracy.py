"""python -m benchmarks accuracy: how near the shipped bundle's leads come to true ones, on recordings it never saw.

    python -m benchmarks accuracy --data ../shared/data
    python -m benchmarks accuracy --masks II+V1+V5 I+II --every 4

PTB-XL fold 9 and LUDB, whole 10 s recordings through `edge.reconstruct`. Correlation (PCC) and error (mV2, uV) are over
the leads not measured, 0.5 to 40 Hz, first and last second left out; coverage is the share of a reconstructed
lead's samples inside its 90 % interval. The main mask also through every other variant of the bundle, beside the float
network that the rest is from.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import packs, result
from edge.blocks import Origin
from edge.bundle import RATE, Bundle, open_bundle
from edge.config import DEFAULT_BUNDLE
from edge.dsp.baseline import remove_baseline
from edge.engines import Engine
from edge.leads import LEAD, LEADS
from edge.metrics import agreement
from edge.whole import reconstruct

FOLD = 9
Z90 = 1.645
MAIN = "II+V1+V5"
OTHERS = ("I", "II", "V1", "V5", "I+II", "II+V1", "II+V5", "I+II+V2", "I+II+V3", "I+II+V1+V5")
CHEST = [LEAD[f"V{k}"] for k in range(1, 7)]
Array = npt.NDArray[np.float32]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=packs.DEFAULT, help="folder of the packed recordings")
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE)
    parser.add_argument("--engine", default="litert")
    parser.add_argument("--masks", nargs="*", default=[MAIN, *OTHERS], help="measured leads, joined by +")
    parser.add_argument("--every", type=int, default=1, help="take every n-th recording; the main mask takes all")
    parser.add_argument(
        "--predictions", type=Path, help="folder for the main mask's leads as NPZ (mv: records x 12 x samples)"
    )
    parser.add_argument("--out", type=Path, default=result.RESULTS / "accuracy.json")


def run(args: argparse.Namespace) -> int:
    bundle = open_bundle(args.bundle)
    engine = bundle.load(bundle.choose(args.engine))
    figures: dict[str, Any] = {"bundle": bundle.name, "checkpoint": bundle.identity, "variants": {}}
    for name in ("ptbxl", "ludb"):
        records = list(_records(args.data, name))
        figures[name] = {}
        figures["variants"][name] = _variants(records, bundle) if MAIN in args.masks else {}
        print(f"{name:6s} {json.dumps(figures['variants'][name])}", flush=True)
        for mask in args.masks:
            taken = records if mask == MAIN else records[:: args.every]
            predictions = args.predictions / f"{name}.npz" if args.predictions and mask == MAIN else None
            figures[name][mask] = scores = _score(taken, tuple(mask.split("+")), bundle, engine, predictions)
            print(f"{name:6s} {mask:12s} {json.dumps({k: v for k, v in scores.items() if k != 'by_lead'})}", flush=True)
    result.write(args.out, figures, ("numpy", "scipy", "ai-edge-litert", "onnxruntime"))
    return 0


def _variants(records: list[Array], bundle: Bundle) -> dict[str, dict[str, float | None]]:
    """The main mask through every variant."""
    out = {}
    for variant in bundle.variants:
        scores = _score(records, tuple(MAIN.split("+")), bundle, bundle.load(variant), None)
        out[variant.name] = {key: scores[key] for key in ("pcc", "mse_mv2", "coverage")}
    return out


def _records(folder: Path, name: str) -> Iterator[Array]:
    for record in packs.reader(folder).load(name, keep=lambda meta: name != "ptbxl" or int(meta["strat_fold"]) == FOLD):
        yield record.mv


def _score(
    records: list[Array], given: tuple[str, ...], bundle: Bundle, engine: Engine, predictions: Path | None
) -> dict[str, Any]:
    columns = [LEAD[lead] for lead in given]
    estimates, inside = [], []
    for mv in records:
        twelve = reconstruct(mv[:, columns], RATE, given, bundle=bundle, engine=engine)
        estimates.append(twelve.mv)
        held = (np.abs(twelve.mv - remove_baseline(mv, RATE)) <= Z90 * twelve.sd).mean(axis=0)
        reconstructed = np.array([origin is Origin.RECONSTRUCTED for origin in twelve.origin])
        inside.append(np.where(reconstructed, held, np.nan))
    truth, estimate = np.stack(records), np.stack(estimates)
    if predictions:
        predictions.parent.mkdir(parents=True, exist_ok=True)
        np.savez(predictions, mv=estimate.transpose(0, 2, 1))
    figures = agreement(truth, estimate, RATE)
    missing = [k for k, lead in enumerate(LEADS) if lead not in given]
    by_lead = {
        lead: {
            "pcc": _mean(figures.pcc[:, k]),
            "rmse_uv": round(float(figures.rmse_uv[:, k].mean()), 1),
            "coverage": _share([i[k] for i in inside]),
        }
        for k, lead in enumerate(LEADS)
        if k in missing
    }
    return {
        "records": len(records),
        "pcc": _mean(figures.pcc[:, missing]),
        "pcc_chest": _mean(figures.pcc[:, [k for k in missing if k in CHEST]]),
        "mse_mv2": round(float(figures.mse_mv2[:, missing].mean()), 5),
        "rmse_uv": round(float(figures.rmse_uv[:, missing].mean()), 1),
        "coverage": _share([i[missing] for i in inside]),
        "by_lead": by_lead,
    }


def _share(held: list[npt.NDArray[np.float64]]) -> float | None:
    """None for leads that are no estimates."""
    return None if np.isnan(held).all() else round(float(np.nanmean(held)), 3)


def _mean(pcc: npt.NDArray[np.float64]) -> float:
    """Over leads, then over records, as the ruler has it."""
    by_record = np.nanmean(pcc, axis=-1) if pcc.ndim == 2 else pcc
    return round(float(np.nanmean(by_record)), 4)
