"""python -m benchmarks leads: which leads tell the most about the others, by the one network that takes any of them.

    python -m benchmarks leads --data ../shared/data
    python -m benchmarks leads --search 3 --every 4

Correlation (PCC) and error (mV2) over the leads not measured, 0.5 to 40 Hz, first and last second left out, on PTB-XL
fold 9 and LUDB; for single leads also over all twelve, the way MCMA's Table 5 counts (Chen et al. 2024, PTB-XL, their
own split and band). The best subset of a size is searched on fold 8 and scored on the others.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import packs, result
from edge.bundle import Bundle, open_bundle
from edge.config import DEFAULT_BUNDLE
from edge.dsp.baseline import remove_baseline
from edge.engines import Engine
from edge.leads import LEAD, LEADS, TWELVE_FROM_EIGHT
from edge.metrics import agreement
from edge.montage import Montage
from edge.projection import Projection

RATE = 500.0
SEARCH_FOLD, SCORE_FOLD = 8, 9
SUBSETS = (
    ("I", "II"), ("II", "V1"), ("II", "V2"), ("II", "V5"), ("V1", "V5"),
    ("II", "V1", "V5"), ("I", "II", "V1"), ("I", "II", "V2"), ("I", "II", "V3"), ("I", "II", "V4"), ("I", "V1", "V5"),
    ("II", "V2", "V5"), ("I", "II", "V1", "V5"), ("I", "II", "V2", "V5"), ("I", "II", "V1", "V3", "V5"),
)  # fmt: skip
MCMA_TABLE_5 = {
    "I": 0.7916, "II": 0.8212, "III": 0.8222, "aVR": 0.7881, "aVL": 0.8206, "aVF": 0.8305,
    "V1": 0.7310, "V2": 0.7518, "V3": 0.7631, "V4": 0.7793, "V5": 0.7838, "V6": 0.7793,
}  # fmt: skip
Array = npt.NDArray[np.floating]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=packs.DEFAULT, help="folder of the packed recordings")
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE)
    parser.add_argument("--engine", default="litert")
    parser.add_argument("--search", type=int, default=3, help="size of the subset to search for; 0: none")
    parser.add_argument("--every", type=int, default=3, help="search on every n-th recording of fold 8")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "leads.json")


def run(args: argparse.Namespace) -> int:
    bundle = open_bundle(args.bundle)
    engine = bundle.load(bundle.choose(args.engine))
    subsets: list[tuple[str, ...]] = [*((lead,) for lead in LEADS), *SUBSETS]
    figures: dict[str, Any] = {"bundle": bundle.name, "checkpoint": bundle.manifest["network"]["checkpoint_sha256"]}
    if args.search:
        ranked = _search(_records(args.data, "ptbxl", SEARCH_FOLD)[:: args.every], bundle, engine, args.search)
        figures["search"] = {"fold": SEARCH_FOLD, "size": args.search, "pcc": dict(ranked[:10])}
        best = tuple(ranked[0][0].split("+"))
        print(f"the best {args.search}: {ranked[0][0]} ({ranked[0][1]} on fold {SEARCH_FOLD})", flush=True)
        subsets += [best] if best not in subsets else []
    for name, fold in (("ptbxl", SCORE_FOLD), ("ludb", None)):
        records = _records(args.data, name, fold)
        truth = np.stack([np.asarray(mv, np.float64) for mv in records])
        figures[name] = {}
        for given in subsets:
            scores = _score(truth, _reconstructed(records, given, bundle, engine), given)
            if len(given) == 1:
                scores["mcma_pcc_all"] = MCMA_TABLE_5[given[0]]
            figures[name]["+".join(given)] = scores
            print(f"{name:6s} {'+'.join(given):15s} {scores}", flush=True)
    result.write(args.out, figures, ("numpy", "scipy", "ai-edge-litert", "onnxruntime"))
    return 0


def _search(records: list[Array], bundle: Bundle, engine: Engine, size: int) -> list[tuple[str, float]]:
    """Subsets of `size` leads none of which follows from the others, best PCC of the missing ones first."""
    truth = np.stack([np.asarray(mv, np.float64) for mv in records])
    ranked = []
    for given in itertools.combinations(LEADS, size):
        if np.linalg.matrix_rank(TWELVE_FROM_EIGHT[[LEAD[lead] for lead in given]]) == size:
            scores = _score(truth, _reconstructed(records, given, bundle, engine), given)
            ranked.append(("+".join(given), scores["pcc"]))
    return sorted(ranked, key=lambda entry: -entry[1])


def _records(folder: Path, name: str, fold: int | None) -> list[Array]:
    load = packs.reader(folder).load
    return [r.mv for r in load(name, keep=lambda meta: fold is None or int(meta["strat_fold"]) == fold)]


def _reconstructed(records: list[Array], given: Sequence[str], bundle: Bundle, engine: Engine) -> Array:
    """All twelve leads of every recording (records x samples x 12, mV), as the device would, without its road."""
    montage = Montage.of_leads(given)
    projection, columns, n = Projection(montage), [LEAD[lead] for lead in given], bundle.window
    known = list(montage.given(np.ones(len(given), bool)))
    correlation = bundle.correlation(known)
    taper = np.hanning(n + 1)[:-1, None] + 1e-3
    out = []
    for mv in records:
        measured = remove_baseline(np.asarray(mv[:, columns], np.float32), RATE)
        samples = len(measured)
        total, weight = np.zeros((samples, 16)), np.zeros((samples, 1))
        blank = np.zeros((samples, 8)), np.ones((samples, 8)), np.eye(8)
        exact, _ = projection.apply(*blank, measured.astype(np.float64), (True,) * len(given))
        x = np.zeros((24, samples), np.float32)
        for lead in known:
            x[LEAD[lead]], x[12 + LEAD[lead]] = exact[:, LEAD[lead]], 1
        for start in [*range(0, samples - n, n // 2), samples - n]:
            leads, log_variance, *_ = engine.infer(x[:, start : start + n])
            total[start : start + n] += taper * np.concatenate([leads, np.exp(log_variance)]).T
            weight[start : start + n] += taper
        total /= weight
        twelve, _ = projection.apply(
            total[:, :8], total[:, 8:], correlation, measured.astype(np.float64), (True,) * len(given)
        )
        out.append(twelve)
    return np.stack(out)


def _score(truth: Array, estimate: Array, given: Sequence[str]) -> dict[str, float]:
    figures = agreement(truth, estimate, RATE)
    missing = [k for k, lead in enumerate(LEADS) if lead not in given]
    with np.errstate(invalid="ignore"):
        return {
            "pcc": round(float(np.nanmean(np.nanmean(figures.pcc[:, missing], 1))), 4),
            "mse_mv2": round(float(figures.mse_mv2[:, missing].mean()), 5),
            "pcc_all": round(float(np.nanmean(np.nanmean(figures.pcc, 1))), 4),
        }
