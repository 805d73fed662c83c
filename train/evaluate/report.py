"""One JSON that holds every figure, and one Markdown page that shows those one compares."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from edge.bundle import RATE
from edge.leads import LEADS
from train.evaluate import calibration, diagnosis, features, frechet, heart_rate, signal_level
from train.evaluate.scoring import Gathered, Protocol, Row

Labels = tuple[diagnosis.Flags, diagnosis.Flags]
DIGITS = 6  # significant, in the JSON
NOTES = (
    "Every figure is a mean over recordings of the mean over leads. PCC: Pearson correlation; flat true leads are left "
    "out and counted, flat estimates earn 0. R slope: regression slope, with intercept, of reconstructed on true R "
    "amplitude over recordings, mean over leads. Errors: median / 95th percentile of the absolute error (bias), over "
    "all leads not measured. R, S, ST (J+60 ms) and axis are read between landmarks of the true leads; QRS and QT, on "
    "landmarks found anew on the reconstructed leads, each lead by itself and all of them together."
)


def build(
    table: Sequence[Row],
    true: Gathered,
    alone: Gathered,
    protocol: Protocol,
    labels: Labels,
    about: Mapping[str, Any],
) -> dict[str, Any]:
    """All figures as plain JSON types; `labels`: what is there, and where that is known (records x classes each)."""
    given = protocol.given
    records = len(true.level("features")["axis_deg"])
    usable = int(np.isfinite(true.level("features")["r_uv"][:, 0]).sum())
    whole: dict[str, Any] = {
        **about,
        "leads": list(given),
        "records": records,
        "enrol_s": protocol.enrol_samples / RATE,
        "bands": _BANDS,
        "truth": {"records_with_landmarks": usable} | _shared(true, protocol, labels),
        "measured_alone": _shared(alone, protocol, labels) | _distance(true, alone),
        "models": {},
    }
    halves = true.level("encoder").get("features")
    if halves is not None:
        whole["truth"]["frechet_between_halves"] = frechet.distance(halves[::2], halves[1::2])
    if protocol.classifier:
        whole["classifier"] = protocol.classifier.described
    for row in table:
        whole["models"][row.name] = _model(row, true, protocol, given, records, labels)
    return _rounded(whole)


_BANDS = {
    signal_level.FILTERED: "both band-passed (Butterworth of order 2, forwards and backwards), first and last second "
    "left out; the truth as recorded",
    signal_level.UNFILTERED: "the device's causal high-pass at 0.05 Hz on the truth, and nothing else",
}


def _model(
    row: Row, true: Gathered, protocol: Protocol, given: Sequence[str], records: int, labels: Labels
) -> dict[str, Any]:
    level = row.gathered.level
    out: dict[str, Any] = {
        "kind": row.reconstructor.kind,
        "source": dict(row.reconstructor.source),
        "enrolled": row.enrolled,
        "refused": row.refused,
        "leaks": row.leaks,
        "ms_a_record": 1000 * row.seconds / records,
        "signal": {band: signal_level.summary(level(band), given) for band in signal_level.BANDS},
        "features": features.summary(true.level("features"), level("features"), given),
    }
    if inside := level("calibration"):
        out["calibration"] = calibration.summary(inside["inside"])
    return out | _shared(row.gathered, protocol, labels) | _distance(true, row.gathered)


def _shared(gathered: Gathered, protocol: Protocol, labels: Labels) -> dict[str, Any]:
    """What is told of the truth as of a reconstruction."""
    out: dict[str, Any] = {}
    if rates := gathered.level("heart rate"):
        out["heart_rate"] = heart_rate.summary(rates["rates"])
    judged = gathered.level("diagnosis")
    there, known = labels
    if judged and known.any() and protocol.classifier:
        names, thresholds = protocol.classifier.names, protocol.classifier.thresholds
        out["diagnosis"] = diagnosis.summary(there, judged["probabilities"], thresholds, names, known)
    return out


def _distance(true: Gathered, other: Gathered) -> dict[str, Any]:
    a, b = (gathered.level("encoder").get("features") for gathered in (true, other))
    return {} if a is None or b is None else {"frechet": frechet.distance(a, b)}


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _rounded(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(v) for v in value]
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value


def as_json(report: Mapping[str, Any]) -> str:
    return json.dumps(report, indent=1) + "\n"


def as_markdown(report: Mapping[str, Any]) -> str:
    """The rows side by side."""
    given, models = report["leads"], report["models"]
    enrol = f", the first {report['enrol_s']:g} s for enrolment and not scored" if report["enrol_s"] else ""
    flat = next(iter(models.values()))["signal"][signal_level.FILTERED]["flat_truth"] if models else 0
    parts = [
        f"# {'+'.join(given)} to twelve leads",
        f"{report['records']} records of {report['data']}{enrol}; {flat} flat leads among the true ones; landmarks in "
        f"{report['truth']['records_with_landmarks']} records.",
        _refused(models),
        _signal(models),
        _features(models),
        _hearts(report),
        _diagnosis(report),
        _by_lead(models, given),
        NOTES,
        "\n".join(f"- {band}: {words}." for band, words in report["bands"].items()),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _refused(models: Mapping[str, Any]) -> str:
    told = [f"{name} {model['refused']}" for name, model in models.items() if model["refused"]]
    return f"Recordings whose enrolment was refused, scored blind: {'; '.join(told)}." if told else ""


def _table(title: str, head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    marks = ["---", *("---:" for _ in head[1:])]
    return "\n".join([f"## {title}", "", *("| " + " | ".join(line) + " |" for line in (head, marks, *lines))])


def _number(value: float | int | None, form: str = ".1f") -> str:
    return "–" if value is None else format(value, form)


def _signal(models: Mapping[str, Any]) -> str:
    groups = ("missing", "missing_chest", "all")
    out = []
    for band in signal_level.BANDS:
        lines = []
        for name, model in models.items():
            of = model["signal"][band]
            figures = [_number(of[group]["pcc"] if group in of else None, ".4f") for group in groups]
            main = of.get("missing", of["all"])
            figures += [_number(main["mse_mv2"], ".5f"), _number(main["mae_uv"]), _number(main["rmse_uv"])]
            coverage = model.get("calibration", {}).get("coverage_90")
            shown = [str(of["flat_estimate"]), _number(coverage, ".3f"), "LEAKS" if model["leaks"] else "none"]
            lines.append([name, *figures, *shown])
        head = ["model", "PCC missing", "PCC missing chest", "PCC all 12", "MSE mV²", "MAE µV", "RMSE µV"]
        out.append(_table(f"Signal, {band}", [*head, "flat estimates", "90 % interval holds", "leak"], lines))
    return "\n\n".join(out)


def _features(models: Mapping[str, Any]) -> str:
    columns = (
        *(("r_uv", "R µV"), ("s_uv", "S µV"), ("st60_uv", "ST µV"), ("qrs_ms", "QRS ms"), ("qt_ms", "QT ms")),
        *(("qrs_together_ms", "QRS together"), ("qt_together_ms", "QT together"), ("axis_deg", "axis °")),
    )
    lines = []
    for name, model in models.items():
        of = model["features"]
        lines.append(
            [name, _number(of["r_slope"]["missing"], ".2f"), *(_error(of[key]["missing"]) for key, _ in columns)]
        )
    return _table("What a cardiologist measures: errors", ["model", "R slope", *(title for _, title in columns)], lines)


def _error(of: Mapping[str, Any]) -> str:
    if of["median_abs"] is None:
        return "–"
    lost = f", {of['lost']} lost" if of["lost"] else ""
    return f"{of['median_abs']:.0f} / {of['p95_abs']:.0f} ({of['bias']:+.0f}{lost})"


def _hearts(report: Mapping[str, Any]) -> str:
    everyone = {"true twelve leads": report["truth"], **report["models"]}
    lines = []
    for name, of in everyone.items():
        if "heart_rate" in of:
            rate = of["heart_rate"]
            cv = None if rate["cv"] is None else 100 * rate["cv"]
            lines.append([name, *map(_number, (rate["sd_per_min"], cv, rate["range_per_min"])), str(rate["silent"])])
    head = ["leads", "SD /min", "CV %", "range /min", "leads without a rate"]
    return _table("Mean heart rate over leads", head, lines) if lines else ""


def _diagnosis(report: Mapping[str, Any]) -> str:
    everyone = {
        "true twelve leads": report["truth"],
        "measured leads alone": report["measured_alone"],
        **report["models"],
    }
    if not any("diagnosis" in of or "frechet" in of for of in everyone.values()):
        return ""
    lines = []
    for name, of in everyone.items():
        found = of.get("diagnosis", {"mean": {}, "by_class": {}})
        means = [_number(found["mean"].get(figure), ".3f") for figure in diagnosis.FIGURES]
        distance = of.get("frechet", 0.0 if name == "true twelve leads" else None)
        lines.append([name, _number(distance, ".3g"), *means])
    head = ["leads", "Fréchet distance", "precision", "recall", "specificity", "F1", "AUROC"]
    return "\n\n".join([_table("Distribution and diagnosis", head, lines), *_by_class(everyone)])


def _by_class(everyone: Mapping[str, Any]) -> list[str]:
    """As the WearECG paper's Table 2 has it: a class a line."""
    judged = {name: of["diagnosis"]["by_class"] for name, of in everyone.items() if "diagnosis" in of}
    if not judged:
        return []
    classes = next(iter(judged.values()))
    lines = [
        [name, str(found["positives"]), *(_number(of[name]["auroc"], ".3f") for of in judged.values())]
        for name, found in classes.items()
        if found["auroc"] is not None
    ]
    return [_table("AUROC by class", ["class", "records with it", *judged], lines)] if lines else []


def _by_lead(models: Mapping[str, Any], given: Sequence[str]) -> str:
    missing = [lead for lead in LEADS if lead not in given]

    def table(title: str, value: Callable[[Mapping[str, Any], str], str]) -> str:
        lines = [[name, *(value(model, lead) for lead in missing)] for name, model in models.items()]
        return _table(f"By lead: {title}", ["model", *missing], lines)

    band = signal_level.FILTERED
    out = [
        table("PCC, 0.5-40 Hz", lambda m, lead: _number(m["signal"][band]["by_lead"][lead]["pcc"], ".3f")),
        table("RMSE µV, 0.5-40 Hz", lambda m, lead: _number(m["signal"][band]["by_lead"][lead]["rmse_uv"], ".0f")),
        table("R slope", lambda m, lead: _number(m["features"]["r_slope"]["by_lead"][lead], ".2f")),
        table("ST (J+60 ms) error µV", lambda m, lead: _error(m["features"]["st60_uv"]["by_lead"][lead])),
    ]
    if any("calibration" in model for model in models.values()):
        out.append(
            table(
                "share inside the 90 % interval",
                lambda m, lead: _number(m.get("calibration", {"by_lead": {}})["by_lead"].get(lead), ".3f"),
            )
        )
    return "\n\n".join(out)
