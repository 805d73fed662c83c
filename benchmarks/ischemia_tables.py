"""ST, infarction and conduction as Markdown tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Figures = Mapping[str, Any]
Table = Callable[[Sequence[str], Iterable[Sequence[str]]], list[str]]
SETS = {"ptbxl": "PTB-XL fold 9", "ludb": "LUDB"}
LEADS = ("I", "III", "aVF", "V2", "V3", "V4", "V6")  # not measured
WAYS = {"twelve": "twelve measured", "blind": "blind", "three": "the three alone"}
REST = {"rest twelve": "twelve measured", "rest blind": "blind", "rest enrolled": "enrolled"}
CONDITIONS = {
    "mi": "infarction",
    "mi_anteroseptal": "… anteroseptal",
    "mi_anterior": "… anterior",
    "mi_anterolateral": "… anterolateral",
    "mi_inferior": "… inferior",
    "mi_lateral": "… lateral",
    "ischemia": "ischaemia (ST-T)",
    "lbbb": "left bundle branch block",
    "rbbb": "right bundle branch block",
    "avb1": "first-degree AV block",
    "lvh": "left ventricular hypertrophy",
    "normal": "normal",
}
LANDMARKS = {
    "qrs onset, median lead": "QRS onset, the lead in the middle",
    "qrs peak, each lead": "QRS peak, each lead",
    "qrs end, median lead": "QRS end (J), the lead in the middle",
    "p onset, earliest lead": "P onset, earliest lead",
    "t end, median lead": "T end, the lead in the middle",
}
STREAMS = {"patch": "II, V1, V5, blind", "twelve": "twelve measured"}


def levels(figures: Figures, table: Table) -> list[str]:
    """Of ST at J: median and 95th percentile of the error, by lead."""
    head = ["ST at J, error uV: median, 95th percentile", *LEADS, "the 90 % interval holds"]
    rows = []
    for key, title in SETS.items():
        for way, name in (("rest blind", f"{title}, blind"), ("rest enrolled", "… enrolled")):
            of = figures[key]["levels"][way]["j"]
            held = [of[lead]["interval_holds"] for lead in LEADS]
            cells = [f"{of[lead]['median_uv']:.0f}, {of[lead]['p95_uv']:.0f}" for lead in LEADS]
            rows.append([name, *cells, f"{100 * sum(held) / len(held):.0f} %"])
    return table(head, rows)


def auroc(figures: Figures, table: Table) -> list[str]:
    """Of the criteria's scores, with bootstrap 95 % intervals."""
    head = ["PTB-XL fold 9, AUROC (95 %)", "cases", *WAYS.values(), "last 6 s: twelve", "blind", "enrolled"]
    rows = []
    for name, title in CONDITIONS.items():
        of = figures["ptbxl"]["auroc"]
        if name not in of["twelve"]:
            continue
        cells = [_with_interval(of[way].get(name)) for way in WAYS]
        cells += [_plain(of[way].get(name)) for way in REST]
        rows.append([title, str(of["twelve"][name]["cases"]), *cells])
    return table(head, rows)


def landmarks(figures: Figures, table: Table) -> list[str]:
    head = ["LUDB, ours less the cardiologists', ms: mean, standard deviation", "twelve measured", "II, V1, V5, blind"]
    rows = []
    for name, title in LANDMARKS.items():
        of = [figures["ludb"]["landmarks"][way][name] for way in ("twelve", "blind")]
        rows.append([title, *(f"{f['mean_ms']:.1f}, {f['sd_ms']:.1f}" for f in of)])
    return table(head, rows)


def false_alerts(figures: Figures, table: Table) -> list[str]:
    head = ["normal hearts", "hours", "readable", "ST elevation an hour", "ST depression an hour", "infarction an hour"]
    rows = []
    for key, title in STREAMS.items():
        for name, f in figures[key].items():
            cells = [_rate(f["kinds"][kind]) for kind in ("st_elevation", "st_depression", "mi")]
            rows.append([f"{title}, {name}", f"{f['hours']:.1f}", f"{100 * f['read_share']:.0f} %", *cells])
    return table(head, rows)


def _rate(f: Figures) -> str:
    low, high = f["per_hour_95"]
    return f"{f['per_hour']:.2g} ({low:.2g} to {high:.2g})"


def _answered(f: Figures | None) -> bool:
    """Whether most recordings had an answer."""
    return f is not None and 2 * f["unanswered"] < f["cases"] + f["others"]


def _with_interval(f: Figures | None) -> str:
    if f is None or not _answered(f):
        return "-"
    low, high = f["auroc_95"]
    return f"{f['auroc']:.3f} ({low:.2f} to {high:.2f})"


def _plain(f: Figures | None) -> str:
    return "-" if f is None or not _answered(f) else f"{f['auroc']:.3f}"
