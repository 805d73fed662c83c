"""python -m benchmarks enrol: what seconds of a patient's twelve leads are worth, and whether another's are noticed.

    python -m benchmarks enrol --data ../shared/data
    python -m benchmarks enrol --every 4 --montage I+II

Every recording of PTB-XL fold 9 and LUDB is enrolled on its first four seconds, through the device's own road, and
scored on the rest: blind, and with its patient file (a recording that the enrolment refuses stays blind, and counts).
Correlation (PCC) and error over the leads not measured, 0.5 to 40 Hz, first and last second of the rest left out; R and
ST from median beats; coverage is the share of samples inside the 90 % interval, unfiltered.

Misfit: the file is used on the rest of the same recording, on other people's recordings of ten seconds and, where
PTB-XL has them in the fold, on the same person's of another day; `aside` is the share in which the correction was left
out at any time.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import packs, result
from benchmarks.silent import Silent
from edge.blocks import Origin, TwelveLeads
from edge.bundle import RATE, Bundle, open_bundle
from edge.config import DEFAULT_BUNDLE
from edge.dsp.baseline import remove_baseline
from edge.engines import Engine
from edge.enrolment import enrol
from edge.errors import InputError
from edge.leads import LEAD, LEADS
from edge.metrics import agreement
from edge.patient import Patient
from edge.pipeline import Pipeline
from edge.whole import reconstruct
from train.evaluate import features

FOLD = 9
Z90 = 1.645
OTHERS = 5  # people that each file is tried on
Array = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Heart:
    """One recording, and what its enrolment gave."""

    subject: str
    mv: npt.NDArray[np.float32]  # n x 12
    patient: Patient | None
    refused: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=packs.DEFAULT, help="folder of the packed recordings")
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE)
    parser.add_argument("--engine", default="litert")
    parser.add_argument("--montage", default="II+V1+V5", help="measured leads, joined by +")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each recording to enrol on")
    parser.add_argument("--every", type=int, default=1, help="take every n-th recording")
    parser.add_argument("--out", type=Path, default=result.RESULTS / "enrol.json")


def run(args: argparse.Namespace) -> int:
    bundle = open_bundle(args.bundle)
    engine = bundle.load(bundle.choose(args.engine))
    leads = tuple(args.montage.split("+"))
    figures: dict[str, Any] = {
        "bundle": bundle.name,
        "checkpoint": bundle.identity,
        "montage": args.montage,
        "enrolled_on_s": args.seconds,
    }
    for name in ("ptbxl", "ludb"):
        hearts = _hearts(args, name, leads, bundle, engine)
        figures[name] = scores = {
            "records": len(hearts),
            "refused": dict(Counter(heart.refused for heart in hearts if heart.refused)),
            **_scores(hearts, leads, bundle, engine, args.seconds),
            "misfit": _misfit(hearts, leads, bundle, args.seconds),
        }
        for way in ("blind", "enrolled"):
            print(f"{name:6s} {way:9s}", {k: v for k, v in scores[way].items() if not isinstance(v, dict)}, flush=True)
        print(f"{name:6s} misfit   ", scores["misfit"], "refused", scores["refused"], flush=True)
    result.write(args.out, figures, ("numpy", "scipy", "ai-edge-litert"))
    return 0


def _hearts(args: argparse.Namespace, name: str, leads: tuple[str, ...], bundle: Bundle, engine: Engine) -> list[Heart]:
    def wanted(meta: dict[str, Any]) -> bool:
        return name != "ptbxl" or int(meta["strat_fold"]) == FOLD

    found = []
    for record in list(packs.reader(args.data).load(name, keep=wanted))[:: args.every]:
        first = record.mv[: round(args.seconds * RATE)]
        subject = str(record.meta.get("patient_id", record.name))
        try:
            found.append(Heart(subject, record.mv, enrol(first, RATE, LEADS, leads, bundle=bundle, engine=engine)))
        except InputError as error:
            found.append(Heart(subject, record.mv, None, _kind(str(error))))
    return found


def _kind(refusal: str) -> str:
    """Which refusal it is, without the leads and figures it names."""
    for words in ("too noisy", "no signal", "would not help", "whole beats", "usable signal", "contradict"):
        if words in refusal:
            return words
    return "other"


def _scores(
    hearts: list[Heart], leads: tuple[str, ...], bundle: Bundle, engine: Engine, seconds: float
) -> dict[str, Any]:
    first = round(seconds * RATE)
    columns = [LEAD[lead] for lead in leads]
    truth = np.stack([remove_baseline(heart.mv, RATE)[first:] for heart in hearts])
    marked = features.mark(truth)
    true = features.read(truth, marked, leads)
    out: dict[str, Any] = {}
    for way in ("blind", "enrolled"):
        twelve = [
            reconstruct(
                heart.mv[:, columns],
                RATE,
                leads,
                bundle=bundle,
                engine=engine,
                patient=heart.patient if way == "enrolled" else None,
            )
            for heart in hearts
        ]
        rest = [replace(t, mv=t.mv[first:], sd=t.sd[first:]) for t in twelve]
        out[way] = _accuracy(truth, rest, leads)
        read = features.read(np.stack([t.mv for t in rest]), marked, leads)
        out[way] |= _readings(features.summary(true, read, leads))
    return out


def _accuracy(truth: Array, rest: list[TwelveLeads], leads: tuple[str, ...]) -> dict[str, Any]:
    estimate = np.stack([t.mv for t in rest])
    figures = agreement(truth, estimate, RATE)
    missing = [k for k, lead in enumerate(LEADS) if lead not in leads]
    inside = np.abs(estimate - truth) <= Z90 * np.stack([t.sd for t in rest])
    told = np.array([[o is Origin.RECONSTRUCTED for o in t.origin] for t in rest])
    held = np.where(told, inside.mean(axis=1), np.nan)  # records x 12
    reconstructed = [k for k in missing if told[:, k].any()]
    return {
        "pcc": round(float(np.nanmean(np.nanmean(figures.pcc[:, missing], axis=1))), 4),
        "mse_mv2": round(float(figures.mse_mv2[:, missing].mean()), 5),
        "rmse_uv": round(float(figures.rmse_uv[:, missing].mean()), 1),
        "coverage": round(float(np.nanmean(held[:, reconstructed])), 3),
        "coverage_by_lead": {LEADS[k]: round(float(np.nanmean(held[:, k])), 3) for k in reconstructed},
        "pcc_by_lead": {LEADS[k]: round(float(np.nanmean(figures.pcc[:, k])), 4) for k in missing},
        "rmse_uv_by_lead": {LEADS[k]: round(float(figures.rmse_uv[:, k].mean()), 1) for k in missing},
    }


def _readings(summary: dict[str, Any]) -> dict[str, Any]:
    """R's slope and the error of the ST level at J + 60 ms (uV)."""
    st = summary["st60_uv"]
    return {
        "r_slope": round(summary["r_slope"]["missing"], 3),
        "r_slope_by_lead": {k: None if v is None else round(v, 3) for k, v in summary["r_slope"]["by_lead"].items()},
        "st60_uv": {key: round(st["missing"][key], 1) for key in ("median_abs", "p95_abs")},
        "st60_p95_uv_by_lead": {lead: round(entry["p95_abs"], 1) for lead, entry in st["by_lead"].items()},
    }


def _misfit(hearts: list[Heart], leads: tuple[str, ...], bundle: Bundle, seconds: float) -> dict[str, Any]:
    enrolled = [heart for heart in hearts if heart.patient is not None]
    rng = np.random.default_rng(0)
    first = round(seconds * RATE)
    by_subject = defaultdict(list)
    for heart in hearts:
        by_subject[heart.subject].append(heart)
    own, others, other_day, soon = [], [], [], []
    for heart in enrolled:
        own.append(_aside_s(heart, heart.mv[first:], leads, bundle))
        pool = [other for other in hearts if other.subject != heart.subject]
        for k in rng.choice(len(pool), min(OTHERS, len(pool)), replace=False):
            others.append(_aside_s(heart, pool[k].mv, leads, bundle))
            if others[-1] is not None:
                soon.append(others[-1])
        other_day += [_aside_s(heart, day.mv, leads, bundle) for day in by_subject[heart.subject] if day is not heart]
    return {
        "own": _share(own),
        "others": _share(others),
        "own_other_day": _share(other_day),
        "noticed_after_s": round(float(np.median(soon)), 2) if soon else None,
    }


def _aside_s(heart: Heart, mv: Array, leads: tuple[str, ...], bundle: Bundle) -> float | None:
    """When, in a recording (n x 12), the correction of `heart` was left out (s), or None."""
    pipeline = Pipeline(leads, RATE, bundle=bundle, engine=Silent(bundle), patient=heart.patient)
    chosen = np.ascontiguousarray(mv[:, [LEAD[lead] for lead in leads]], np.float32)
    assert pipeline.watch is not None, "the bundle knows no hearts apart: python -m export.patient teaches it"
    for at in range(0, len(chosen), 50):
        pipeline.push(chosen[at : at + 50])
        if not pipeline.watch.fits:
            return at / RATE
    pipeline.flush()
    return None if pipeline.watch.fits else len(chosen) / RATE


def _share(times: list[float | None]) -> dict[str, float | int | None]:
    aside = [t is not None for t in times]
    return {"tried": len(times), "aside": round(float(np.mean(aside)), 4) if times else None}
