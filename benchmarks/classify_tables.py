"""What the classifier tells apart, as Markdown tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Figures = Mapping[str, Any]
Table = Callable[[Sequence[str], Iterable[Sequence[str]]], list[str]]
SETS = {"ptbxl": "PTB-XL fold 9", "ludb": "LUDB"}
COLUMNS = ("true 12", "reconstructed 12", "enrolled 12", "measured 3", "lead I")
CLASSES = {
    "mi": "infarction",
    "mi_anterior": "… anterior",
    "mi_anterolateral": "… anterolateral",
    "mi_anteroseptal": "… anteroseptal",
    "mi_inferior": "… inferior",
    "mi_lateral": "… lateral",
    "ischemia": "ischaemia (ST-T)",
    "lbbb": "left bundle branch block",
    "rbbb": "right bundle branch block",
    "avb1": "first-degree AV block",
    "lvh": "left ventricular hypertrophy",
    "af": "atrial fibrillation or flutter",
    "NORM": "normal (superclass)",
    "MI": "infarction (superclass)",
    "STTC": "ST-T change (superclass)",
    "CD": "conduction (superclass)",
    "HYP": "hypertrophy (superclass)",
}
CONTROL = "measured 3"


def auroc(figures: Figures, table: Table) -> list[str]:
    """Areas, with an interval for the first and for the control; a star where the gain over the control is real."""
    rows = []
    for key, title in SETS.items():
        for name, words in CLASSES.items():
            if name in figures[key]["classes"] and (key == "ptbxl" or name in ("mi", "ischemia", "lvh", "af")):
                of = figures[key]["classes"][name]
                rows.append([f"{title}: {words}", str(of["cases"]), *(_cell(of["columns"], c) for c in COLUMNS)])
        means = figures[key]["mean over regions"]
        rows.append([f"{title}: mean of the territories", "", *(f"{means[c]:.3f}" for c in COLUMNS)])
    return table(["AUROC", "cases", *COLUMNS], rows)


def _cell(columns: Figures, name: str) -> str:
    of = columns[name]
    low, high = of["auroc_95"]
    interval = f" ({low:.2f} to {high:.2f})" if name in ("true 12", CONTROL) else ""
    gain_low, gain_high = of["gain_95"]
    real = "" if name == CONTROL or gain_low <= 0 <= gain_high else " *"
    return f"{of['auroc']:.3f}{interval}{real}"


def cost(figures: Figures, table: Table) -> list[str]:
    rows = [
        [
            name,
            f"{of['ms']:.2g}",
            f"{of['preparing_ms']:.2g}",
            f"{of['reconstruction_ms']:.2g}",
            f"{of['ratio_per_second_of_signal']:.2g}",
            f"{of['share_of_a_core_percent']:.2g} %",
        ]
        for name, of in figures["cost"].items()
        if isinstance(of, Mapping)
    ]
    head = ["classifier", "ms a window of 10 s", "ms preparing it", "ms a reconstructed window", "ratio", "of a core"]
    return table(head, rows)
